"""Commands that concern more than one slot range: what each range is asked, and the joint reply.

Keys of MGET, EXISTS and TOUCH may be anywhere under the Enterprise policy. DBSIZE, KEYS, SCAN and
RANDOMKEY concern all ranges that the endpoint stands for: a shard's under the OSS policy, the
database's under the other. A cursor of SCAN carries the range that it has come to.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from crdb.command import Command, Reply
from crdb.decimals import parse_int
from crdb.errors import CommandError
from crdb.session import Request, Session
from crdb.slots import SLOTS
from sim.slot_range import SlotRange

FAN_OUT = {"mget", "exists", "touch"}

PAST_ALL = 1 << 63
"""A cursor behind which no key stands."""


class Task(NamedTuple):
    """What one range is asked."""

    place: SlotRange
    request: Request
    keys: tuple[int, ...] = ()
    """Which keys of the whole request these are, by number."""


def by_key(request: Request, range_of: Callable[[bytes], SlotRange]) -> list[Task]:
    """One task for each range that has keys of a command that names nothing else."""
    numbers: dict[int, list[int]] = {}
    places = [range_of(key) for key in request[1:]]
    for number, place in enumerate(places):
        numbers.setdefault(place.index, []).append(number)
    return [
        Task(
            places[held[0]],
            [request[0], *(request[number + 1] for number in held)],
            tuple(held),
        )
        for held in numbers.values()
    ]


NOTHING: dict[str, Reply] = {"dbsize": 0, "keys": [], "scan": [b"0", []], "randomkey": None}
"""Commands that concern all keys, and what they answer where there are no ranges."""


def over_all(found: Command, request: Request, ranges: Sequence[SlotRange]) -> list[Task] | None:
    """The tasks of a command that concerns all keys; None if it concerns none."""
    if found.name not in NOTHING:
        return None
    if found.name in ("dbsize", "keys"):
        return [Task(each, request) for each in ranges]
    if found.name == "scan" and ranges:
        return [_piece(request, ranges)]
    if ranges:
        sizes = [len(each.replica.keyspace.keys) for each in ranges]
        return [Task(ranges[_chosen(sizes, ranges[0].draw(max(1, sum(sizes))))], request)]
    return []


def served(session: Session, found: Command, request: Request, tasks: list[Task]) -> Reply:
    """Run all of the tasks here and now."""
    replies = [task.place.execute(session, task.request) for task in tasks]
    return joined(found, request, tasks, replies)


def joined(found: Command, request: Request, tasks: list[Task], replies: list[Any]) -> Reply:
    """One reply of all."""
    if not tasks:
        return NOTHING[found.name]
    errors = [each for each in replies if isinstance(each, CommandError)]
    if errors:
        return errors[0]
    if found.name in ("dbsize", "exists", "touch"):
        return int(sum(replies))
    if found.name == "keys":
        return [key for part in replies for key in part]
    if found.name == "mget" and tasks[0].keys:
        values: list[Reply] = [None] * (len(request) - 1)
        for task, part in zip(tasks, replies, strict=True):
            for number, value in zip(task.keys, part, strict=True):
                values[number] = value
        return values
    if found.name == "scan":
        return _onward(tasks[0], replies[0])
    reply: Reply = replies[0]
    return reply


def _chosen(sizes: list[int], number: int) -> int:
    """Which of some heaps the element of that number is in, counted through all."""
    for index, size in enumerate(sizes):
        if number < size:
            return index
        number -= size
    return 0


def _piece(request: Request, ranges: Sequence[SlotRange]) -> Task:
    """SCAN one range: the one that the cursor names, or the next that is here."""
    cursor = parse_int(request[1])
    if cursor is None or cursor < 0:
        return Task(ranges[0], request)  # It will be refused.
    inner, index = divmod(cursor, SLOTS)
    indices = [each.index for each in ranges]
    following = [each for each in indices if each >= index]
    if not following:
        return Task(ranges[0], [request[0], b"%d" % PAST_ALL, *request[2:]], (-1,))
    if following[0] != index:
        inner = 0
    place = ranges[indices.index(following[0])]
    after = indices[indices.index(following[0]) + 1 :]
    return Task(place, [request[0], b"%d" % inner, *request[2:]], (after[0] if after else -1,))


def _onward(task: Task, reply: Any) -> Reply:
    """The reply to SCAN with a cursor that says which range comes next."""
    inner, keys = int(reply[0]), reply[1]
    if inner:
        return [b"%d" % (inner * SLOTS + task.place.index), keys]
    (following,) = task.keys or (-1,)
    return [b"%d" % max(0, following), keys]
