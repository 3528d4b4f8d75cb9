"""Mutants: states and messages as bytes."""

from tests.mutants import Mutant

MUTANTS = [
    Mutant(
        "the bytes of a set do not tell the order of its adds",
        "persistence/columns.py",
        "return sorted(mapping.items(), key=lambda item: (first_dot(item[1]), item[0]))",
        "return list(mapping.items())",
        "crdb/test_format.py::test_equal_states_are_equal_bytes[orset]",
        bug=21,
    ),
    Mutant(
        "damaged bytes are noticed",
        "persistence/format.py",
        'if crc32(body).to_bytes(CHECKSUM_BYTES, "little") != checksum:',
        "if False:",
        "crdb/test_format.py::test_a_flipped_bit_is_noticed_wherever_it_is",
    ),
    Mutant(
        "dots in a row cost nothing each",
        "persistence/integers.py",
        "steps = [values[0], *map(sub, values[1:], values)]",
        "steps = list(values)",
        "crdb/test_floors.py::test_a_fresh_set_has_a_tenth_of_a_byte_of_metadata_a_member",
    ),
]
