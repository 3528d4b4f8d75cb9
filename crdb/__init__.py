"""An active-active Redis without clock, dice or I/O: values in, values out."""
