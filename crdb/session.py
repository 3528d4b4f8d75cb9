"""A session: what one client connection carries from command to command."""

Request = list[bytes] | tuple[bytes, ...]


class Session:
    """MULTI and WATCH state of one connection."""

    __slots__ = ("dirty", "failed", "queue", "watched")

    def __init__(self) -> None:
        self.queue: list[Request] | None = None
        """Commands since MULTI, None outside of it."""
        self.failed = False
        """A command was refused while queueing: EXEC will refuse them all."""
        self.watched: dict[bytes, bool] = {}
        """Watched keys, and whether the key was already past its deadline."""
        self.dirty = False
        """A watched key has changed."""
