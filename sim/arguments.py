"""Arguments of the command line that several commands share, and how their words are read."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Annotated

import typer

from sim.words import did_you_mean

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing of progress on stderr.")]
RunFolder = Annotated[Path, typer.Argument(help="A folder that `crdb run` wrote.")]
KeptRun = Annotated[
    Path, typer.Argument(help="A folder that `crdb run` wrote, or a file that sim.testing wrote.")
]
ScenarioName = Annotated[str, typer.Argument(help="A shipped name, or the path of a TOML file.")]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Replace a setting, as client.timeout=2s."),
]
Out = Annotated[Path, typer.Option(help="The run is kept below this folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def one_of(names: Collection[str]) -> Callable[[str | None], str | None]:
    """Reads a word that must be one of these, or none at all; others are typer's error.

    >>> one_of(["sets", "lists"])("lists")
    'lists'
    """

    def read(name: str | None) -> str | None:
        if name is None or name in names:
            return name
        hint = did_you_mean(name, names) or f"expected one of {', '.join(names)}"
        raise typer.BadParameter(f"{name!r}; {hint}")

    return read


def seeds_of(text: str) -> list[int]:
    """The seeds of a sweep: a number of them from 0 on, or the first and the last.

    >>> seeds_of("3"), seeds_of("7-9")
    ([0, 1, 2], [7, 8, 9])
    """
    first, dash, last = text.partition("-")
    if not (first.isdecimal() and (not dash or last.isdecimal())):
        raise typer.BadParameter(f"--seeds {text!r}; expected a number of seeds, or FIRST-LAST")
    found = list(range(int(first), int(last) + 1) if dash else range(int(first)))
    if not found:
        raise typer.BadParameter(f"--seeds {text!r}; expected one seed or more")
    return found
