"""Mutants: deadlines, and who removes what has expired."""

from tests.mutants import Mutant

MUTANTS = [
    Mutant(
        "only the owner removes, before the grace is over",
        "expirer.py",
        "return not link.doubted",
        "return True",
        "crdb/test_expiry.py::test_the_owner_removes_and_others_only_stop_reading",
    ),
    Mutant(
        "an owner removes the deadline of a dead key",
        "expirer.py",
        "if ghost.expiry.owner == self._region:",
        "if False:",
        "crdb/test_expiry.py::test_an_orphaned_deadline_finds_its_owner",
    ),
    Mutant(
        "an owner that answers keeps its key",
        "expirer.py",
        "link.doubted = at_us == deadline_us or link.heard_at_us >= asked_us",
        "link.doubted = at_us == deadline_us",
        "crdb/test_expiry.py::test_an_owner_that_answers_keeps_its_key",
    ),
    Mutant(
        "others see to a deadline whose owner is gone",
        "expirer.py",
        "elif key not in self._foundlings:",
        "elif False:",
        "crdb/test_expiry.py::test_a_deadline_whose_owner_is_gone_is_removed_by_others",
        bug=15,
    ),
    Mutant(
        "keys expire one by one",
        "expirer.py",
        "transaction.begin(now_us, Session(), no_dice)\n"
        "                if transaction.remove(key):",
        "if transaction.remove(key):",
        "crdb/test_expiry.py::test_keys_expire_one_by_one",
    ),
]
