"""A host: whoever holds the connections of a region's clients, and knows what no replica knows.

Who is connected, who may come in, how long a command took, what the process is set to. Commands
about such things are in the table like all others, and are answered by the host of the session that
asks. A session without a host, as in a simulated world, is refused them.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from crdb.session import Session


class Host(Protocol):
    """What a session may ask of whoever holds its connection."""

    commands: Mapping[str, Callable[..., Any]]
    """Name, as ``client|list``, -> what answers: given the transaction and the words behind the
    command's first, it returns a reply or raises `CommandError`."""

    def admit(self, session: Session, user: bytes | None, password: bytes) -> None:
        """Let a session in; no user is the default one. Raises `CommandError`."""
