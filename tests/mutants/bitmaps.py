"""Mutants: bitmaps and bit fields."""

from tests.mutants import Mutant

TESTS = "commands/test_bitmaps.py"

MUTANTS = [
    Mutant(
        "behind a string without an end there are zeros",
        "commands/bitmaps.py",
        "return beyond if not wanted and len(words) < 2 and beyond > first else -1",
        "return beyond if not wanted else -1",
        f"{TESTS}::test_counts_and_places",
    ),
    Mutant(
        "a range ends in the middle of a byte",
        "commands/bitmaps.py",
        '"big") >> -beyond % 8',
        '"big")',
        f"{TESTS}::test_counts_and_places",
    ),
    Mutant(
        "a bit that is as it should be is not written",
        "commands/bitmaps.py",
        "if found is None or whole != found:",
        "if True:",
        f"{TESTS}::test_what_changes_nothing_is_not_written",
    ),
    Mutant(
        "a field that is full stays so",
        "commands/bitfields.py",
        "else min(max(value, least), most)",
        "else self.wrapped(value)",
        f"{TESTS}::test_fields",
    ),
    Mutant(
        "a field leaves its neighbours alone",
        "commands/bitfields.py",
        "& ~(mask << self._shift)",
        "& 0",
        f"{TESTS}::test_fields",
    ),
]
