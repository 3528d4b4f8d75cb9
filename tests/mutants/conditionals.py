"""Mutants: conditions, and what is refused."""

from tests.mutants import Mutant

TESTS = "commands/test_conditionals.py"

MUTANTS = [
    Mutant(
        "a missing key equals nothing",
        "commands/strings.py",
        "return exists and old == self.equal",
        "return not exists or old == self.equal",
        f"{TESTS}::test_a_value_decides",
    ),
    Mutant(
        "values are no keys",
        "commands/conditionals.py",
        "return counted(1)(doubled)[::2]",
        "return counted(1)(doubled)",
        f"{TESTS}::test_the_keys_of_msetex_stand_between_values",
    ),
    Mutant(
        "all keys decide for all",
        "commands/conditionals.py",
        "if not all(options.holds(",
        "if not any(options.holds(",
        f"{TESTS}::test_msetex",
    ),
    Mutant(
        "a run is as long as it can be",
        "commands/subsequences.py",
        "if found and found[-1][0] == (i + 1, j + 1):",
        "if False:",
        "commands/test_subsequences.py::test_what_two_strings_have_in_common",
    ),
]
