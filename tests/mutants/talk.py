"""Mutants: what the server says of itself, and what clients say to each other."""

from tests.mutants import Mutant

MUTANTS = [
    Mutant(
        "keys without a fixed place can be moved",
        "commands/command_table.py",
        "return sorted(shown if found.also is None else shown",
        "return sorted(shown if found.also is not None else shown",
        "commands/test_command_table.py::test_arity_flags_and_keys_are_those_of_the_real_server",
    ),
    Mutant(
        "a command with second words is found by them",
        "command.py",
        "if found is None or (first in PAIRS and len(request) > found.words_max):",
        "if found is None:",
        "commands/test_command_table.py"
        "::test_every_command_is_counted_once_and_listed_with_its_second_words",
    ),
]
