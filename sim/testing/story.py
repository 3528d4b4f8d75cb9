"""The story of a run in words: what failed, and what happened when.

>>> from sim.testing.schedule import Schedule
>>> from sim.testing.play import Program, play
>>> async def fails(world):
...     raise LookupError("no such order")
>>> print(story(play(Program(fails), Schedule(("West Europe", "East US")), {})))
fails: LookupError: no such order
  raise LookupError("no such order")
no faults, no operations, seed 0
<BLANKLINE>
  0:00.000  the program ends with LookupError
  0:00.000  the work is over, and everything is healed
"""

from collections.abc import Iterator
from textwrap import indent
from traceback import extract_tb
from typing import Any

from sim.history import Happening
from sim.testing.play import Played
from sim.testing.said import asked, outcome, settings
from sim.units import clock, human
from sim.words import plain

LINES_MAX = 60
"""Of a longer story, as of a program that tries again for ever, the middle is left out."""

KEYS_MAX = 8

Line = tuple[int, str]


def story(played: Played) -> str:
    """Tell a run: its error in a line or two, then what happened."""
    lines = [f"  {clock(at_us)}  {text}" for at_us, text in sorted(_lines(played), key=_time)]
    if len(lines) > LINES_MAX:
        half = LINES_MAX // 2
        left_out = f"  … {len(lines) - 2 * half} lines more …"
        lines = [*lines[:half], left_out, *lines[-half:]]
    lines += [f"  {line}" for line in held(played.history.readings)]
    return "\n".join([headline(played), _sizes(played), "", *lines])


def headline(played: Played) -> str:
    """The program's name, what failed, and where."""
    error = played.error
    if error is None:
        return f"{played.program.name}: holds"
    what = type(error).__name__
    said = str(error).strip()
    if isinstance(error, AssertionError):
        said = said.partition("\n")[0]  # pytest goes on for long.
    told = [f"{played.program.name}: {what}{': ' if said else ''}{said}"]
    told += [indent(line, "  ") for line in _place(error, played.program.main.__code__.co_filename)]
    return "\n".join(told)


def _place(error: BaseException, file: str) -> Iterator[str]:
    """The line of the user's file that failed, if it can still be read."""
    frames = [frame for frame in extract_tb(error.__traceback__) if frame.filename == file]
    if frames and frames[-1].line:
        yield frames[-1].line


def _sizes(played: Played) -> str:
    faults, operations = len(played.schedule.faults), len(played.history.ops)
    sizes = [_counted(faults, "fault"), _counted(operations, "operation")]
    sizes += [f"seed {played.schedule.seed}"]
    sizes += [f"{name} = {value!r}" for name, value in played.arguments.items() if name != "self"]
    return ", ".join(sizes)


def _lines(played: Played) -> Iterator[Line]:
    history = played.history
    yield from _happenings(played)
    made_at = {each.detail["process"]: each.place for each in history.of_kind("client")}
    for op in history.ops:
        here = made_at[op.process]
        whom = "" if here == op.place else f" asks {op.place}"
        yield op.invoked_us, f"client {op.process} in {here}{whom}: {asked(op)} → {outcome(op)}"
    for lag in history.lags:
        yield lag.at_us, f"{lag.target} learns what {lag.source} wrote {human(lag.lag_us)} before"


def _happenings(played: Played) -> Iterator[Line]:
    over = False
    for each in played.history.happenings:
        if each.kind == "phase" and each.what == "heal":
            over = True
            yield each.at_us, "the work is over, and everything is healed"
        elif each.kind == "phase" and each.what == "not quiet":
            yield each.at_us, "the regions have not converged"
        elif each.kind == "fault":
            yield each.at_us, f"{each.what} begins: {each.place}{_how(played, each)}"
        elif each.kind == "heal" and not over:
            yield each.at_us, f"{each.what} is over: {each.place}"
        elif each.kind == "error":
            yield each.at_us, f"the program ends with {each.what}"
        elif each.kind == "phase" and each.what == "final reads":
            yield each.at_us, "the final reads begin"


def _how(played: Played, happening: Happening) -> str:
    told = settings(played.schedule.faults[happening.detail["number"] - 1])
    return f" ({told})" if told else ""


def _counted(count: int, noun: str) -> str:
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"


def _time(line: Line) -> int:
    return line[0]


def held(readings: dict[str, dict[str, Any]]) -> Iterator[str]:
    """What the regions held in the end, one line a key.

    >>> berlin = {"claim": {"value": "berlin"}}
    >>> list(held({"West Europe": berlin, "East US": berlin}))
    ["in the end claim holds 'berlin' in every region"]
    """
    keys = sorted({key for reading in readings.values() for key in reading})
    for key in keys[:KEYS_MAX]:
        values = [
            repr(plain(reading[key]["value"])) if key in reading else "nothing"
            for reading in readings.values()
        ]
        if len(set(values)) == 1:
            yield f"in the end {key} holds {values[0]} in every region"
        else:
            pairs = zip(values, readings, strict=True)
            each = ", ".join(f"{value} in {region}" for value, region in pairs)
            yield f"in the end {key} holds {each}"
    if len(keys) > KEYS_MAX:
        yield f"and so on for {len(keys) - KEYS_MAX} keys more"
