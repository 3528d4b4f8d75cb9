"""What a design is: where the claim on a payment is kept, and what to do when that is out of reach.

All else is the same for every design and lies in `sim.workloads`: users, payers, the provider, lost
replies, payers that die. A payer holds a claim by its token:

    SET payment:idem:W17 "West Europe#4 in-flight" NX EX 60   OK: granted; nil: something is there,
    GET payment:idem:W17                                      and this is what
    SET payment:idem:W17 "West Europe#4 done" EX 86400        after the capture

The first is short-lived, so that the claim of a payer that died strands nobody for a day; whoever
finds somebody else's waits, and after it has run out claims anew, knowing that it must ask the
provider before it captures.
"""

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from enum import Enum
from typing import Any, ClassVar, NamedTuple

import msgspec

from crdb import registry
from crdb.command import Reply
from crdb.errors import CommandError
from sim.client import Client
from sim.failover import HealthProbe
from sim.region import Region
from sim.units import decode


class Standing(Enum):
    """What a store says to a payer that claims."""

    MINE = "mine"
    TAKEN = "taken by somebody who is not done"
    DONE = "done"


class Refused(Exception):
    """A definite no to the user: nobody may decide this payment now."""


class NotNow(Exception):
    """The store answered, but not with a decision; worth another try."""


def ask(client: Client, store: Region, *request: bytes) -> Generator[Any, Any, Any]:
    """Call a store; returns its reply. Raises `NotNow` for an error, and `sim.client.Unknown`."""
    reply = yield from client.call(store, *request)
    if isinstance(reply, CommandError):
        raise NotNow(str(reply))
    return reply


class Payment(NamedTuple):
    """One payment, as its user submits it."""

    id: str
    place: str
    """Where the user is."""

    @property
    def key(self) -> bytes:
        return f"payment:idem:{self.id}".encode()


class Terms(NamedTuple):
    """How long claims last, in seconds."""

    in_flight_s: int
    done_s: int


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of a design that has none."""


Claiming = Generator[Any, Any, Standing]
Looking = Generator[Any, Any, Standing | None]
Steps = Generator[Any, Any, None]


class Design(ABC):
    """One idempotency design in one world."""

    name: ClassVar[str]
    provider_dedupes: ClassVar[bool] = False
    """Whether it relies on the provider to capture an id only once."""
    claims_last: ClassVar[bool] = False
    """Whether a claim never runs out. Who finds somebody else's then asks the provider whether the
    payment was captured, since nobody else may ever capture it."""
    regions_needed: ClassVar[int | None] = None
    """How many regions it is for; None for any number."""
    settings_type: ClassVar[type[Settings]] = Settings

    def __init__(self, world: Any, terms: Terms, settings: Any) -> None:
        """Take up residence in a world that has not begun to run."""
        self.world = world
        self.terms = terms
        self.settings = settings
        self._probes: dict[tuple[str, str], HealthProbe] = {}
        """By place and what is probed from there."""

    def healthy(self, place: str, name: str) -> bool:
        """Whether a place's probe reaches what has this name; true of what it does not probe."""
        probe = self._probes.get((place, name))
        return probe is None or probe.healthy

    @abstractmethod
    def stores(self, payment: Payment, place: str) -> Sequence[Region]:
        """Return who may decide, best first, for a payer at `place`.

        A payer that gets no reply may go to the next. May raise `Refused`.
        """

    def claim(self, client: Client, store: Region, payment: Payment, token: str) -> Claiming:
        """Claim the payment; raises `Unknown` without reply, and `NotNow`."""
        seconds = b"%d" % self.terms.in_flight_s
        value = f"{token} in-flight".encode()
        reply = yield from ask(client, store, b"SET", payment.key, value, b"NX", b"EX", seconds)
        if reply is not None:
            return Standing.MINE
        held = yield from self.look(client, store, payment, token)
        if held is None:
            raise NotNow("what was there has run out meanwhile")
        return held

    def look(self, client: Client, store: Region, payment: Payment, token: str) -> Looking:
        """Look who holds the payment; None if nobody does. Raises as `claim` does."""
        reply = yield from client.call(store, b"GET", payment.key)
        return None if reply is None else standing(reply, token)

    def finish(self, client: Client, store: Region, payment: Payment, token: str) -> Steps:
        """Mark the payment done where it was claimed; raises `Unknown` and `NotNow`."""
        seconds = b"%d" % self.terms.done_s
        value = f"{token} done".encode()
        yield from ask(client, store, b"SET", payment.key, value, b"EX", seconds)

    def unreachable(self, payment: Payment, place: str) -> Refused | None:
        """Return what to tell a user whom no store has served for a while; None: try on."""
        return None


def standing(found: Reply, token: str) -> Standing:
    """Return what it means to find this under a payment's key; an error raises `NotNow`.

    >>> standing(b"West Europe#4 in-flight", "East US#7"), standing(b"East US#7 done", "East US#7")
    (<Standing.TAKEN: 'taken by somebody who is not done'>, <Standing.DONE: 'done'>)
    """
    if isinstance(found, CommandError):
        raise NotNow(str(found))
    assert isinstance(found, bytes)
    owner, _, state = found.decode().rpartition(" ")
    if state == "done":
        return Standing.DONE
    # Our own claim, whose first reply was lost: we never captured on it, so go on.
    return Standing.MINE if owner == token else Standing.TAKEN


def designs() -> dict[str, type[Design]]:
    """Return every design by name."""
    found = registry.classes("sim.protocols", Design)  # type: ignore[type-abstract]
    return {design.name: design for design in found if design is not Design}


def settings_of(name: str, table: dict[str, Any]) -> Any:
    """Return a design's settings from a scenario; ValueError for what it does not know."""
    if name not in designs():
        raise ValueError(f"no protocol {name!r}; there are {', '.join(designs())}")
    try:
        return msgspec.convert(table, designs()[name].settings_type, dec_hook=decode)
    except msgspec.ValidationError as error:
        raise ValueError(f"{name}: {error}") from None
