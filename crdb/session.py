"""A session: what one client connection carries from command to command."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crdb.host import Host

Request = list[bytes] | tuple[bytes, ...]


class Watcher:
    """Somebody who is to be told when one of some keys changes."""

    __slots__ = ("dirty", "watched")

    def __init__(self) -> None:
        self.watched: dict[bytes, bool] = {}
        """Watched keys, and whether the key was already past its deadline."""
        self.dirty = False
        """A watched key has changed."""


class Session(Watcher):
    """MULTI and WATCH state of one connection, and what it listens to."""

    __slots__ = (
        "address",
        "asking",
        "closing",
        "failed",
        "host",
        "library",
        "name",
        "number",
        "protocol",
        "queue",
        "readonly",
        "subscriptions",
        "user",
    )

    def __init__(self, host: "Host | None" = None) -> None:
        super().__init__()
        self.host = host
        """Whoever holds the connection, if it has more to say than a replica."""
        self.user = b"default"
        self.queue: list[Request] | None = None
        """Commands since MULTI, None outside of it."""
        self.failed = False
        """A command was refused while queueing: EXEC will refuse them all."""
        self.protocol = 2
        """Version of the protocol: in 2, who listens may do little else."""
        self.subscriptions: dict[str, dict[bytes, None]] = {}
        """Kind (see `crdb.pubsub`) -> names; kinds without any are left out."""
        self.number = 1
        """The connection's; whoever holds it gives out another to each."""
        self.address = b""
        """Where the client is, as host and port."""
        self.name = b""
        """What the client calls itself."""
        self.library: dict[bytes, bytes] = {}
        """What the client's library says of itself: name and version."""
        self.closing = False
        """The client has said goodbye: the connection is to be closed after the reply."""
        self.asking = False
        """The next command may be for a slot that is on its way here: ASKING."""
        self.readonly = False
        """A replica may answer, even if it is late: READONLY."""


class Waiter(Watcher):
    """A blocked client: its request runs again when one of its keys changes.

    As a reply it says that there is none yet.
    """

    __slots__ = ("deadline_us", "request", "session")

    def __init__(self, session: Session, request: Request, deadline_us: int | None) -> None:
        super().__init__()
        self.session = session
        self.request = request
        self.deadline_us = deadline_us
        """When it gets nil instead, on the region's clock; None for never."""

    def __repr__(self) -> str:
        return f"Waiter({self.request!r})"
