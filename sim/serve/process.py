"""The process that all regions of a server run in: what memory it holds."""

import resource
import sys


def memory_bytes() -> tuple[int, int]:
    """What the process holds, and the most that it ever held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak *= 1 if sys.platform == "darwin" else 1024
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * resource.getpagesize(), peak
    except OSError:
        return peak, peak


def human(size: int) -> str:
    """A size as Redis shows it.

    >>> human(0), human(2003168)
    ('0B', '1.91M')
    """
    for unit, power in (("G", 30), ("M", 20), ("K", 10)):
        if size >= 1 << power:
            return f"{size / (1 << power):.2f}{unit}"
    return f"{size}B"
