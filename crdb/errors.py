"""Error replies, with the texts of Redis."""


class CommandError(Exception):
    """An error reply: its text is what the client gets after the ``-``."""

    def __repr__(self) -> str:
        return f"({self})"


def wrong_type() -> CommandError:
    return CommandError("WRONGTYPE Operation against a key holding the wrong kind of value")


def syntax() -> CommandError:
    return CommandError("ERR syntax error")


def not_an_integer() -> CommandError:
    return CommandError("ERR value is not an integer or out of range")


def not_a_float() -> CommandError:
    return CommandError("ERR value is not a valid float")
