"""The data types under test, a file each: operations, meaning, and how big it may get.

`calls` draws an operation, `run` asks a state for its delta. `spec` is the meaning: a pure function
of the operations that have been applied and of what the author of each had seen, with no dots, no
merges and no order of arrival. `bound` is how many dots and records a state may hold at most, by
the number of authors and of members, however long the history.

A new type brings one file with a `CASE` here; the laws, specs and bounds of `tests/crdb` find it.
"""

from crdb import registry
from tests.cases._case import MEMBERS as MEMBERS
from tests.cases._case import Case as Case

CASES: dict[str, Case] = {
    module.__name__.rpartition(".")[2]: module.CASE for module in registry.members("tests.cases")
}
