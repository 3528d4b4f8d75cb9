"""Mutants: commands."""

from tests.mutants import Mutant

MUTANTS = [
    Mutant(
        "a scan does not part the names of one place",
        "commands/_scans.py",
        "chosen = {name: at for name, at in places.items() if at <= last}",
        "chosen = {name: places[name] for name in in_order(places)[:count]}",
        "commands/test_scanning.py::test_the_names_of_one_place_are_not_parted",
    ),
    Mutant(
        "a copy takes the place of what was there",
        "commands/_copies.py",
        "txn.remove(key)",
        "pass",
        "commands/test_sets_algebra.py::test_a_source_may_be_the_target",
    ),
    Mutant(
        "a copy without a deadline says so",
        "commands/_copies.py",
        "    txn.expire_at(key, deadline_ms)",
        "    if deadline_ms: txn.expire_at(key, deadline_ms)",
        "commands/test_keys.py::test_a_copy_without_a_deadline_beats_one_that_it_did_not_see",
    ),
    Mutant(
        "a sum is copied as a value",
        "commands/strings.py",
        'return BOTTOM.assign(string.value() or b"", txn.stamp(), txn.take(String.DOTS))',
        "return BOTTOM.increment(string.integer() or 0, txn.take(String.DOTS))",
        "commands/test_keys.py::test_a_sum_that_two_regions_move_at_once_counts_once",
    ),
]
