"""Mutants: what JSON documents hold together."""

from tests.mutants import Mutant

MUTANTS = [
    Mutant(
        "what is set inside a removed node dies with it",
        "crdts/json.py",
        "        if self._is_dead(parent):\n            self._note(dot, node)",
        "        if False:\n            self._note(dot, node)",
        "commands/test_json.py::test_a_field_set_in_what_is_removed_or_replaced_at_once_dies",
        bug=22,
    ),
    Mutant(
        "what was in a node goes when its removal comes, though the removal had not seen it",
        "crdts/json.py",
        "            self.shadows.pop(node, None)\n            self._bury(node)",
        "            self.shadows.pop(node, None)",
        "crdb/test_spec.py::test_all_sites_hold_the_same[json]",
    ),
    Mutant(
        "what died with its parent is remembered: more may arrive under it",
        "crdts/json.py",
        "        if self._is_dead(parent) and not self._is_dead(node):",
        "        if False:",
        "commands/test_json.py::test_a_field_set_in_what_is_removed_or_replaced_at_once_dies",
    ),
    Mutant(
        "of two assignments the smaller region's shows",
        "crdts/json.py",
        "key=lambda dot: (-stamps.region(self.nodes[dot][2]), dot))",
        "key=lambda dot: (stamps.region(self.nodes[dot][2]), dot))",
        "commands/test_json.py::test_the_published_tables[update, update]",
    ),
    Mutant(
        "an assignment covers all that is in what it replaces",
        "crdts/json.py",
        "                waiting += self._children(node)",
        "                pass",
        "crdb/test_spec.py::test_spec[json]",
    ),
    Mutant(
        "an author's increments are one sum, that replaces his last",
        "crdts/json.py",
        "OF_INCREMENTS, total)}, covers=before)",
        "OF_INCREMENTS, total)})",
        "crdb/test_spec.py::test_spec[json]",
    ),
    Mutant(
        "a stable removal is forgotten",
        "crdts/json.py",
        "            if actor_of(removal) == actor_of(dot) and removal <= dot:",
        "            if False:",
        "commands/test_json.py::test_appending_and_popping_leave_no_trace",
    ),
    Mutant(
        "a shadow goes with what it died in, however deep",
        "crdts/json.py",
        "while gone := [dot for dot, of in self.shadows.items() if not self._is_dead(of)]:",
        "if gone := [dot for dot, of in self.shadows.items() if not self._is_dead(of)]:",
        "commands/test_json.py::test_nothing_stays_of_what_died_deep_in_a_replaced_document",
    ),
    Mutant(
        "an element keeps its place while its removal is known",
        "crdts/json.py",
        "True if dot in self.nodes or dot in self._graves else None",
        "True if dot in self.nodes else None",
        "commands/test_json.py::test_conflicts_that_no_page_speaks_of",
    ),
    Mutant(
        "JSON.CLEAR removes what is in an object, and leaves the object",
        "commands/documents.py",
        "            remove(txn, key, document, inner)\n",
        "            replace(txn, key, document, node, {})\n",
        "commands/test_json.py::test_the_published_tables[update, clear]",
    ),
    Mutant(
        "an integer is no double in another guise",
        "commands/documents_arrays.py",
        "    return json.dumps(value, sort_keys=True)",
        "    return value",
        "commands/test_json.py::test_an_integer_a_double_and_a_boolean_are_three_values",
    ),
]
