"""What the documents tell a reader to type exists: make targets and crdb commands."""

import re
from pathlib import Path

import pytest

from sim import cli

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "docs" / "bugs.md"]

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


def test_every_test_that_a_document_names_exists() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in DOCUMENTS)
    named = set(re.findall(r"`(test_\w+)`", text))
    assert len(named) > 10
    code = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    assert named <= set(re.findall(r"^def (test_\w+)", code, re.MULTILINE))


def test_every_module_stands_on_a_floor_of_the_architecture() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    floors = text.partition("## Floors")[2].partition("\n## ")[0]
    shown = set(re.findall(r"\w+", floors))
    modules = {
        file.stem if file.stem != "__init__" else file.parent.name
        for top in ("crdb", "sim")
        for file in (ROOT / top).rglob("*.py")
        if file.parent.name == top or file.stem == "__init__"
    }
    assert modules - {"__main__"} <= shown
