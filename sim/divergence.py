"""Divergence: where two runs part, and why.

The first difference is the earliest in simulated time, whichever list of the history it is in:
what came later usually follows from it. Its cause is looked for in the settings, then in the seed,
then in the versions; if all of these are the same, the program itself is not.

>>> differences({"regions": ["a", "b"], "client": {"timeout": "1s"}}, {"regions": ["a", "c"]})
['regions.1: "b" | "c"', 'client: {"timeout":"1s"} | (not set)']
"""

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

import msgspec

from sim.kept import Kept, TrialPrint, versions
from sim.run import Progress, play, whole
from sim.units import clock

Record = dict[str, Any]

CONTEXT_RECORDS = 3
SHOWN_CHARACTERS = 200
_ABSENT = object()
_END = float("inf")


class Divergence(NamedTuple):
    """The first place where two runs differ, with what each has there."""

    trial: str
    causes: list[str]
    before: list[str]
    """The last records that both have."""
    left: str
    right: str


def diff(left: Kept, right: Kept) -> Divergence | None:
    """The first divergence of two kept runs; None if they have one fingerprint.

    Raises `BadRun` for a history that cannot be read.
    """
    if left.prints.fingerprint == right.prints.fingerprint:
        return None
    causes = differences(left.settings, right.settings, "settings")
    causes += differences(left.prints.seed, right.prints.seed, "seed")
    causes = causes or _versions(left.versions, right.versions)
    theirs = {each.title: each for each in right.prints.trials}
    for trial in left.prints.trials:
        other = theirs.pop(trial.title, None)
        if other is None:
            return Divergence(trial.title, causes, [], "has this trial", "has no such trial")
        if other.fingerprint != trial.fingerprint:
            return _first(trial.title, causes, left.records(trial), right.records(other))
    if theirs:
        extra = next(iter(theirs))
        return Divergence(extra, causes, [], "has no such trial", "has this trial")
    return _whole(left.prints.fingerprint, right.prints.fingerprint)


def replay(kept: Kept, progress: Progress | None = None) -> Divergence | None:
    """Run a kept run again, up to the first trial that comes out otherwise.

    The kept run is the left one. Raises `BadRun` for a folder that cannot be read.
    """
    causes = _versions(kept.versions, versions())
    trials = {each.title: each for each in kept.prints.trials}
    prints = []
    for printed in play(kept.scenario(), kept.prints.seed, progress):
        before: TrialPrint | None = trials.pop(printed.title, None)
        if before is None:
            return Divergence(printed.title, causes, [], "has no such trial", "has this trial")
        if before.fingerprint != printed.fingerprint:
            now = msgspec.json.Decoder(Record).decode_lines(printed.trial.history.jsonl())
            return _first(printed.title, causes, kept.records(before), now)
        prints.append((printed.title, printed.fingerprint))
    if trials:
        extra = next(iter(trials))
        return Divergence(extra, causes, [], "has this trial", "has no such trial")
    now_whole = whole(prints)
    if now_whole != kept.prints.fingerprint:
        return _whole(kept.prints.fingerprint, now_whole)
    return None


def differences(left: Any, right: Any, path: str = "") -> list[str]:
    """Name every place in which two tables differ, with both values."""
    if left == right:
        return []
    if isinstance(left, list) and isinstance(right, list):
        left, right = dict(enumerate(left)), dict(enumerate(right))
    if not (isinstance(left, dict) and isinstance(right, dict)):
        return [f"{path}: {_value(left)} | {_value(right)}"]
    return [
        line
        for key in dict.fromkeys([*left, *right])
        for line in differences(
            left.get(key, _ABSENT), right.get(key, _ABSENT), f"{path}.{key}" if path else str(key)
        )
    ]


def _versions(left: dict[str, str], right: dict[str, str]) -> list[str]:
    same = "settings, seed and versions are the same: the program itself is not"
    return differences(left, right, "versions") or [same]


def _whole(left: str, right: str) -> Divergence:
    """Of two runs whose trials are the same, each and all."""
    cause = "fingerprint.json was changed: the trials are the same, and give one fingerprint"
    return Divergence("the run as a whole", [cause], [], left, right)


def _first(
    trial: str, causes: list[str], left: Sequence[Record] | None, right: Sequence[Record] | None
) -> Divergence:
    if left is None or right is None:
        return Divergence(trial, causes, [], _kept(left), _kept(right))
    before: list[str] = []
    for one, two in zip_longest(_in_time(left), _in_time(right)):
        if one != two:
            return Divergence(trial, causes, before, _shown(one), _shown(two))
        before = [*before[1 - CONTEXT_RECORDS :], _shown(one)]
    return Divergence(
        trial, causes, before, "goes on in the same way", "but its packets took other ways"
    )


def _kept(records: Sequence[Record] | None) -> str:
    return "its history was not kept" if records is None else "its history cannot be compared"


def _in_time(records: Iterable[Record]) -> list[Record]:
    """All records in order of time, the final readings one a key, last."""
    flat: list[Record] = []
    for record in records:
        if record["record"] != "readings":
            flat.append(record)
            continue
        flat += [
            {"record": "reading", "region": region, "key": key, "held": held}
            for region, keys in record["readings"].items()
            for key, held in sorted(keys.items())
        ]
    return sorted(flat, key=_time)


def _time(record: Record) -> float:
    time_us: float | None = record.get("completed_us", record.get("at_us"))
    return _END if time_us is None else time_us


def _shown(record: Record | None) -> str:
    """One line of a record, the time first."""
    if record is None:
        return "has ended"
    rest = {key: value for key, value in record.items() if key != "record"}
    time_us = _time(record)
    at = "at the end" if time_us == _END else clock(int(time_us))
    line = f"{at} {record['record']} {msgspec.json.encode(rest).decode()}"
    return line if len(line) <= SHOWN_CHARACTERS else line[: SHOWN_CHARACTERS - 1] + "…"


def _value(value: Any) -> str:
    return "(not set)" if value is _ABSENT else msgspec.json.encode(value).decode()
