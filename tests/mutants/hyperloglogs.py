"""Mutants: HyperLogLogs."""

from tests.mutants import Mutant

TESTS = "commands/test_hyperloglogs.py"

MUTANTS = [
    Mutant(
        "a deletion takes the adds that it did not see",
        "crdts/hyperloglog.py",
        "return any(self.seen.get(actor, 0) < seq for actor, seq in deletions.items())",
        "return False",
        f"{TESTS}::test_a_deletion_wins_over_a_key_that_it_had_not_seen",
    ),
    Mutant(
        "an add that saw the deletion lives",
        "crdts/hyperloglog.py",
        "return Spots(dot, dot, dict(seen), raised)",
        "return Spots(dot, dot, {}, raised)",
        f"{TESTS}::test_an_add_after_the_deletion_lives_though_it_arrives_first",
    ),
    Mutant(
        "the record of a deletion is waited for",
        "crdts/hyperloglog.py",
        "return Residue(residue.missed + missed, whole.deletions)",
        "return Residue(residue.missed + missed)",
        f"{TESTS}::test_a_deletion_wins_over",
    ),
    Mutant(
        "what died where the deletion is forgotten dies here",
        "crdts/hyperloglog.py",
        "(part.last in gone or part.birth in gone)",
        "False",
        f"{TESTS}::test_a_restored_region_does_not_bring_the_dead_back",
    ),
    Mutant(
        "an author's later part takes the place of the earlier",
        "crdts/hyperloglog.py",
        "elif mine is None or mine.birth < delta.birth:",
        "elif mine is None:",
        "crdb/test_spec.py::test_spec[hyperloglog]",
    ),
    Mutant(
        "SET takes the adds that it saw away",
        "crdts/hyperloglog.py",
        "deletions = (dot + 1,) if self.parts else ()",
        "deletions = ()",
        "crdb/test_spec.py::test_spec[hyperloglog]",
    ),
    Mutant(
        "an estimate ends with what it is of",
        "crdts/hyperloglog.py",
        "        self.counted = None\n        if type",
        "        if type",
        f"{TESTS}::test_an_add_after_the_deletion_lives_though_it_arrives_first",
    ),
    Mutant(
        "a copy has seen the removal of what was in its place",
        "commands/_copies.py",
        "return (COPIES[type(state)](txn, state) for state in entry.values() if state.alive())",
        "return iter([COPIES[type(s)](txn, s) for s in entry.values() if s.alive()])",
        f"{TESTS}::test_a_copy_lives_where_another_was",
    ),
]
