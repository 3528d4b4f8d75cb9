"""The style of the house as a test: a room stays small, says what it is, and has an honest name."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROGRAM = sorted(file for top in ("crdb", "sim") for file in (ROOT / top).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50

BANNED_NAMES = {
    "common": "the idea that the users share",
    "handler": "the verb that it does",
    "helper": "the thing that it makes or knows",
    "manager": "what it owns",
    "misc": "one room an idea",
    "util": "the idea of its functions",
}

# The brackets keep these patterns from finding themselves.
UNFINISHED = re.compile(r"\b(TO[D]O|FIX[M]E|X[X]X)\b")
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def place(file: Path, line: int = 1) -> str:
    return f"{file.relative_to(ROOT)}:{line}"


def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def test_a_file_is_at_most_400_lines() -> None:
    long = [
        f"{place(file)} {length}"
        for file in PROGRAM + TESTS
        if (length := len(file.read_text(encoding="utf-8").splitlines())) > FILE_LINES_MAX
    ]
    assert not long, "split by idea, not by length"


def test_a_function_is_at_most_50_lines() -> None:
    long = [
        f"{place(file, node.lineno)} {node.name}"
        for file in PROGRAM
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= FUNCTION_LINES_MAX
    ]
    assert not long


def test_a_module_says_what_it_is() -> None:
    silent = [place(file) for file in PROGRAM + TESTS if not ast.get_docstring(parsed(file))]
    assert not silent


def test_nothing_is_left_unfinished() -> None:
    marks = [
        place(file, number)
        for file in PROGRAM + TESTS
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        if UNFINISHED.search(line)
    ]
    assert not marks


def names(file: Path) -> Iterator[tuple[str, str]]:
    """The names a file brings, with their places: its own, its folder's and its classes'."""
    yield file.stem, place(file)
    yield file.parent.name, place(file)
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.ClassDef):
            yield node.name, place(file, node.lineno)


def banned(name: str) -> str | None:
    """The banned word in a snake_case or CamelCase name, or None."""
    words = [word.lower().removesuffix("s") for word in WORD.findall(name)]
    return next((word for word in words if word in BANNED_NAMES), None)


def test_a_name_says_what_is_inside() -> None:
    found = {
        f"{where}: {name}; name instead {BANNED_NAMES[word]}"
        for file in PROGRAM + TESTS
        for name, where in names(file)
        if (word := banned(name))
    }
    assert not found


@pytest.mark.parametrize(
    ("name", "word"),
    [("LockManager", "manager"), ("string_utils", "util"), ("command", None), ("commonly", None)],
)
def test_banned_words_are_found_whole(name: str, word: str | None) -> None:
    assert banned(name) == word


def imported(file: Path) -> Iterator[str]:
    """The packages that a file imports, wherever in it."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def test_what_the_program_imports_is_what_it_asks_to_be_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    optional = [
        each for extra in ("client", "scripts", "serve", "testing") for each in extras[extra]
    ]
    asked = {re.split(r"[<>=!~ ]", each)[0] for each in [*project["dependencies"], *optional]}
    used = {name for file in PROGRAM for name in imported(file)}
    assert used - sys.stdlib_module_names - {"crdb", "sim"} == asked


def test_every_folder_of_tests_is_a_package() -> None:
    # Without it tests/sim would stand before the real sim on sys.path.
    bare = {
        str(file.parent.relative_to(ROOT))
        for file in TESTS
        if not (file.parent / "__init__.py").exists()
    }
    assert not bare
