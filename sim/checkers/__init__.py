"""The checkers, one file each: one claim about a history, judged with evidence.

A checker has a ``NAME`` and ``check(history) -> Verdict``. It reads the history only, so it can be
tested on histories written by hand. *Invalid* comes with lines that a person can check; *unknown*
says that the history does not tell.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from crdb import registry
from sim.history import History

EVIDENCE_LINES_MAX = 12


class Verdict(msgspec.Struct, frozen=True):
    """What a checker found."""

    checker: str
    verdict: Literal["valid", "invalid", "unknown"]
    evidence: list[str] = []


def verdict(checker: str, wrong: Sequence[str], right: str) -> Verdict:
    """Return invalid with what is wrong, or else valid with what was seen.

    >>> verdict("counting", ["1 + 1 = 3"], "4 sums").verdict
    'invalid'
    """
    if not wrong:
        return Verdict(checker, "valid", [right])
    evidence = list(wrong[:EVIDENCE_LINES_MAX])
    if len(wrong) > EVIDENCE_LINES_MAX:
        evidence.append(f"… and {len(wrong) - EVIDENCE_LINES_MAX} more")
    return Verdict(checker, "invalid", evidence)


def checkers() -> dict[str, Callable[[History], Verdict]]:
    """Return every checker by name."""
    return {module.NAME: module.check for module in registry.members("sim.checkers")}


def judge(checker: str, history: History) -> Verdict:
    """Let a checker judge; raises KeyError for an unknown one. One that crashes says unknown."""
    check = checkers()[checker]
    try:
        return check(history)
    except Exception as error:
        return Verdict(checker, "unknown", [f"the checker crashed: {error!r}"])
