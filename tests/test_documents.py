"""What the documents tell a reader to type exists: make targets and crdb commands."""

import re
from pathlib import Path

import pytest

from sim import cli

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "ARCHITECTURE.md"]

# At the start of a line of a code block, or as code within a sentence.
COMMAND = re.compile(r"(?:^ *(?:\$ )?|`)(make|crdb) ([a-z]+)", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)


def typed_after(tool: str) -> set[str]:
    """The words that the documents tell a reader to type after `make` or `crdb`."""
    code = [part for file in DOCUMENTS for part in FENCED.findall(file.read_text(encoding="utf-8"))]
    return {word for part in code for name, word in COMMAND.findall(part) if name == tool}


def test_every_make_target_exists() -> None:
    targets = typed_after("make")
    assert {"demo", "test"} <= targets
    assert targets <= set(TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))


def test_every_crdb_command_exists(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = typed_after("crdb")
    assert "run" in commands
    for command in sorted(commands):
        monkeypatch.setattr("sys.argv", ["crdb", command, "--help"])
        with pytest.raises(SystemExit) as left:
            cli.main()
        assert left.value.code == 0, f"crdb {command}: {capsys.readouterr().err}"
