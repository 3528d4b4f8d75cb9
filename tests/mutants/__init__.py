"""A ledger of one-line mutants: each breaks one idea, and names the test that must notice.

Laws alone do not notice most of these. A line that changed in the program has to be changed here
too, and a mutant whose test no longer fails says that the test has gone soft.
"""

from typing import NamedTuple

from crdb import registry


class Mutant(NamedTuple):
    idea: str
    """What the mutant breaks."""
    file: str
    """Below `top`."""
    old: str
    """Occurs exactly once in the file."""
    new: str
    killer: str
    """The test that fails, below tests."""
    bug: int = 0
    """Which of those in docs/bugs.md it brings back; 0 for none."""
    top: str = "crdb"
    """Or sim."""


def ledger() -> list[Mutant]:
    """All mutants of this folder, file by file."""
    return [mutant for room in registry.members("tests.mutants") for mutant in room.MUTANTS]
