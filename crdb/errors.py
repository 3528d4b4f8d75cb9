"""Error replies, with the texts of Redis."""

_LINE_ENDS = bytes.maketrans(b"\r\n", b"  ")


class CommandError(Exception):
    """An error reply: its text is what the client gets after the ``-``."""

    def __repr__(self) -> str:
        return f"({self})"


class WrongType(CommandError):
    """The key holds a value of another type than the command is for."""


def wrong_type() -> WrongType:
    return WrongType("WRONGTYPE Operation against a key holding the wrong kind of value")


def syntax() -> CommandError:
    return CommandError("ERR syntax error")


def not_an_integer() -> CommandError:
    return CommandError("ERR value is not an integer or out of range")


def not_a_float() -> CommandError:
    return CommandError("ERR value is not a valid float")


def wrong_number_of_arguments(name: str) -> CommandError:
    return CommandError(f"ERR wrong number of arguments for '{name}' command")


def quoting(text: bytes) -> CommandError:
    """An error that quotes its request. It has to fit in one line, so line ends become spaces.

    >>> quoting(b"ERR Unsupported option a\\nb\\n")
    (ERR Unsupported option a b)
    """
    return CommandError(text.rstrip(b"\r\n").translate(_LINE_ENDS).decode(errors="replace"))


def quoted(word: bytes, length_max: int | None = None) -> bytes:
    """A word as the server's format strings show it: they end at the first NUL."""
    return word.partition(b"\0")[0][:length_max]


def stale() -> CommandError:
    """The text is ours: the product refuses writes, and no page says how."""
    return CommandError("ERR this region was restored and is not up to date yet: no writes")
