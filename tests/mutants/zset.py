"""Mutants: sorted sets."""

from tests.mutants import Mutant

MUTANTS = [
    Mutant(
        "an assigned score takes the increments that it saw away",
        "crdts/zset.py",
        "StringDelta(register, held.counter.clear(dot + 1))",
        "StringDelta(register, CounterDelta())",
        "crdb/test_spec.py::test_spec[zset]",
    ),
    Mutant(
        "a removal leaves the increments that it did not see",
        "crdts/zset.py",
        "residue = string.merge(factors(change, covers), seen)",
        "residue = string.merge(factors(change, covers), seen) if mine else DONE",
        "commands/test_zsets.py::test_an_increment_that_a_removal_did_not_see_is_the_new_score",
    ),
    Mutant(
        "the order follows the scores",
        "crdts/zset.py",
        "            self._reorder(member, before, self.score(member))",
        "            pass",
        "crdb/test_zset.py::test_the_order_is_that_of_the_scores_whatever_is_merged",
    ),
    Mutant(
        "a member that is one assignment again is held as one",
        "crdts/zset.py",
        "if string.counter.empty() and register is not None and register.losers is None:",
        "if False:",
        "crdb/test_zset.py::test_a_member_that_is_one_assignment_is_held_as_one",
    ),
    Mutant(
        "every member has a reset of its own",
        "crdts/zset.py",
        "held.clear(dot + number)",
        "held.clear(dot)",
        "commands/test_zsets.py::test_of_resets_that_came_in_one_removal_each_ends_by_itself",
    ),
    Mutant(
        "a score is the exact sum, rounded once",
        "crdts/zset.py",
        "exact = Fraction(base) + total\n",
        "exact = Fraction(sum((float(p.amount) for p in string.counter.parts.values()), base))\n",
        "crdb/test_zset.py::test_a_score_is_rounded_once_whatever_the_order",
    ),
    Mutant(
        "a sum of doubles is shipped as the difference that it makes",
        "commands/zsets.py",
        "return Fraction(after) - Fraction(before)",
        "return Fraction(after - before)",
        "commands/test_zsets.py::test_sums_are_those_of_doubles",
    ),
    Mutant(
        "a pop takes only what it saw",
        "commands/zsets_pops.py",
        "    remove(txn, key, [member for _, member in entries])",
        "    txn.remove(key)",
        "commands/test_zsets.py::test_two_regions_may_pop_one_member",
    ),
    Mutant(
        "a place on the last meridian is in a column of its own",
        "commands/_geohash.py",
        "(self.column + east) % size if east else self.column",
        "(self.column + east) % size",
        "commands/test_geos.py::test_the_last_meridian_is_where_the_server_looks_for_it",
    ),
]
