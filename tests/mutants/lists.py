"""Mutants: what lists hold together, and the order of their elements."""

from tests.mutants import Mutant

MUTANTS = [
    Mutant(
        "an insert comes before those that it saw at its place",
        "crdts/sequence.py",
        "return stamp(clock_us(order) + 1, region)",
        "return stamp(1, region)",
        "commands/test_lists.py::test_an_insert_comes_before_those_that_it_saw_at_its_place",
        bug=24,
    ),
    Mutant(
        "what is behind a concurrent element stays behind it",
        "crdts/sequence.py",
        "elif at.parent.order <= anchor.order:",
        "elif at.parent is not anchor:",
        "crdb/test_spec.py::test_spec[list]",
    ),
    Mutant(
        "what is behind a forgotten element keeps its place",
        "crdts/sequence.py",
        "kids[0].top = element.key",
        "kids[0].top = None",
        "commands/test_lists.py::"
        "test_a_place_that_some_have_forgotten_and_others_not_is_the_same_for_all",
    ),
    Mutant(
        "a forgotten element stays where branches part",
        "crdts/sequence.py",
        "if len(kids) > (parent is not None):",
        "if kids:",
        "commands/test_lists.py::test_what_is_behind_a_forgotten_element_keeps_its_place",
    ),
    Mutant(
        "a removed element is kept until everybody knows its place",
        "crdts/list.py",
        "if awaited == removal and known and stable.get(actor_of(name), 0) < name:",
        "if False:",
        "commands/test_lists.py::test_a_removal_is_kept_until_everybody_has_the_place_too",
    ),
    Mutant(
        "an insert sees the places that are left of a list that is gone",
        "commands/lists.py",
        "return next((state for state in states if isinstance(state, List)), BOTTOM)",
        "return BOTTOM",
        "commands/test_lists.py::"
        "test_what_is_pushed_after_all_was_removed_comes_before_what_was_added_unseen",
    ),
    Mutant(
        "a removal takes only the values that it saw",
        "crdts/list.py",
        "kept = [write for write in (*held.values, *new) if write[0] not in gone]",
        "kept = [] if gone else [*held.values, *new]",
        "commands/test_lists.py::test_an_lset_that_a_pop_did_not_see_keeps_the_element",
    ),
    Mutant(
        "under steady traffic the latest record is not waited for",
        "stability.py",
        "waiting[key] = first, max(seq_of(record), latest)",
        "waiting[key] = (max(seq_of(record), latest),) * 2",
        "commands/test_lists.py::test_a_queue_under_steady_traffic_does_not_grow",
    ),
]
