"""Mutants: dumps."""

from tests.mutants import Mutant

MUTANTS = [
    Mutant(
        "a length says in how many bytes it is",
        "commands/_dumps.py",
        "return (number | 1 << 14).to_bytes(2, ",
        "return number.to_bytes(2, ",
        "commands/test_dumping.py::test_the_real_server_restores_what_is_dumped",
    ),
    Mutant(
        "equal sets are equal dumps",
        "commands/sets.py",
        "names = sorted(found.members)\n    return dumped",
        "names = list(found.members)\n    return dumped",
        "commands/test_dumping.py::test_what_is_not_there_is_nil_and_equal_values_are_equal_dumps",
    ),
]
