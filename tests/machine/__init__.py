"""The types in the machine of `tests/crdb/test_machine.py`, a file each."""

from crdb import registry
from tests.machine._kind import Kind as Kind

KINDS: dict[str, Kind] = {
    module.__name__.rpartition(".")[2]: module.KIND for module in registry.members("tests.machine")
}
