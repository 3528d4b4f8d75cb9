"""Mutants: hashes, and the deadlines of their fields."""

from tests.mutants import Mutant

MUTANTS = [
    Mutant(
        "an assignment replaces what the field had",
        "crdts/hash.py",
        "            covers = mine.dot\n        elif",
        "            covers = None\n        elif",
        "crdb/test_laws.py::test_law[hash-now]",
    ),
    Mutant(
        "a removal takes only what it saw",
        "crdts/hash.py",
        "usual = covers == dot_of(mine) and name not in self.ghosts",
        "usual = name not in self.ghosts",
        "crdb/test_spec.py::test_spec[hash]",
    ),
    Mutant(
        "an HDEL of a missing field says nothing",
        "commands/hashes.py",
        "    if present:\n        remove(txn, key, found, sorted(present))",
        "    if names:\n        remove(txn, key, found, names)",
        "commands/test_hashes.py::test_hdel_of_a_missing_field_leaves_nothing",
        bug=13,
    ),
    Mutant(
        "a deadline ends only assignments that it saw",
        "crdts/field.py",
        "if not ended.issuperset(register.dots()):",
        "if False:",
        "crdb/test_field_expiry.py::test_an_hset_beats_a_deadline_that_it_did_not_see",
    ),
    Mutant(
        "others ask the owner of a field's deadline before they remove it",
        "expirer.py",
        "if self._may_remove(expiry, found.ends_ms(name) * 1000, at_us):",
        "if True:",
        "crdb/test_field_expiry.py::test_an_owner_that_answers_keeps_its_field",
    ),
    Mutant(
        "a deadline whose field is gone goes too",
        "crdts/field.py",
        "        if not self.string.alive():\n            return 0",
        "        if not self.string.alive():\n            return FOREVER",
        "crdb/test_field_expiry.py::test_a_deadline_whose_field_is_gone_goes_too",
    ),
    Mutant(
        "an assignment in place of what has gone takes its deadline away",
        "crdts/hash.py",
        "if isinstance(mine, Field) or name in self.ghosts:\n                fields[name] = delta",
        "if isinstance(mine, Field):\n                fields[name] = delta",
        "crdb/test_hash.py::test_what_is_left_of_a_field_goes_with_a_new_one",
    ),
    Mutant(
        "all stable records go, not just the one that is named",
        "crdts/hash.py",
        "actor_of(old) == actor_of(dot) and old <= dot",
        "old == dot",
        "crdb/test_hash_floors.py::test_nothing_is_left_of_what_was_removed_once_all_have_seen_it",
    ),
    Mutant(
        "fields that are the same on both sides are left out of a resync",
        "crdts/hash.py",
        "if mine.dot not in seen:",
        "if True:",
        "crdb/test_hash_floors.py::test_resync_ships_only_fields_that_differ",
    ),
    Mutant(
        "outdated deadlines of fields leave the heap",
        "keyspace.py",
        "            self._forget_endings()",
        "            pass",
        "crdb/test_field_expiry.py::test_one_field_timed_over_and_over_does_not_fill_the_heap",
    ),
]
