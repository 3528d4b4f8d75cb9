"""Values to bytes and back: what is sent, and what is kept.

`format` is the door: a delta, a state or a message in, bytes with a checksum out. `columns` derives
the layout from the fields that a class declares, so a data type brings no codec of its own;
`integers` writes the numbers. No file is opened here: whoever has one writes the bytes.
"""
