"""The command ``crdb``: list, run, replay, diff, conformance.

Exit status: 0 what the scenario expects holds; 1 it does not; 2 bad input, told in one line.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from crdb import registry
from crdb.command import TABLE
from sim import conformance as vectors
from sim.checkers import checkers
from sim.protocols import designs
from sim.run import Result, diff, folder_of, replay, run
from sim.scenario import BadScenario, changed, load, shipped

app = typer.Typer(
    name="crdb",
    help="An active-active Redis that you can break on purpose.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console()
notes = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


@contextmanager
def one_line() -> Iterator[None]:
    """Tell bad input in one line and leave with status 2."""
    try:
        yield
    except (BadScenario, vectors.NotVectors) as error:
        typer.echo(f"crdb: {error}", err=True)
        raise typer.Exit(2) from None


@contextmanager
def progress(quiet: bool) -> Iterator[Any]:
    """Say on a terminal what is being run."""
    if quiet or not notes.is_terminal:
        yield len
        return
    with notes.status("starting") as status:
        yield status.update


@app.command("list")
def list_() -> None:
    """Show the scenarios, data types, commands, faults, checkers and protocols."""
    listing = {
        "scenarios": [f"{name}: {load(name).title}" for name in shipped()],
        "faults": _members("sim.faults"),
        "checkers": sorted(checkers()),
        "protocols": sorted(designs()),
        "workloads": _members("sim.workloads"),
        "commands": sorted({entry.name for entry in TABLE.values()}),
    }
    for title, names in listing.items():
        console.print(f"[bold]{title}[/bold]")
        separator = "\n  " if title == "scenarios" else ", "
        console.print("  " + separator.join(names), highlight=False)


def _members(package: str) -> list[str]:
    modules = registry.members(package)
    return [module.__name__.rpartition(".")[2].replace("_", "-") for module in modules]


@app.command("run")
def run_(
    scenario: Annotated[str, typer.Argument(help="A shipped scenario, or a TOML file.")],
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same run.")] = 1,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Change a setting: client.timeout=2s")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where runs are kept.")] = Path("runs"),
    as_json: Json = False,
) -> None:
    """Run a scenario: its tables and verdicts here, its histories and figures in --out."""
    with one_line():
        chosen = changed(load(scenario), settings or [])
        folder = folder_of(chosen, seed, out)
        with progress(as_json) as say:
            result = run(chosen, seed, folder, say)
    if as_json:
        typer.echo(msgspec.json.encode(result).decode())
    else:
        show(result)
        console.print(f"kept in {folder}", highlight=False)
    raise typer.Exit(0 if result.holds else 1)


def show(result: Result) -> None:
    """Print tables and verdicts."""
    main = {"payments": result.tables["payments"]} if "payments" in result.tables else result.tables
    for title, rows in main.items():
        table = Table(title=f"{title}, seed {result.seed}")
        for column in rows[0]:
            table.add_column(
                column.replace("_", " "), justify="left" if column in _TEXTS else "right"
            )
        for row in rows:
            table.add_row(*(str(value) for value in row.values()))
        console.print(table)
    for each in result.verdicts:
        if each.verdict != "valid":
            mark = "as expected" if each.expected else "NOT expected"
            where = f"{each.variant} {each.protocol}".strip()
            console.print(f"{where}: {each.checker} {each.verdict}, {mark}", highlight=False)
            for line in each.evidence[:1]:
                console.print(f"  {line}", highlight=False)
    console.print(f"fingerprint {result.fingerprint}", highlight=False)


_TEXTS = ("variant", "design")
_HEADS = {
    "duplicates": "twice",
    "never_captured": "never",
    "charged_unanswered": "unanswered",
    "availability_incident": "available",
    "latency_ms_p50": "p50 ms",
    "latency_ms_p99": "p99 ms",
}


@app.command("replay")
def replay_(
    run_dir: Annotated[Path, typer.Argument(help="A folder that `crdb run` left.")],
) -> None:
    """Run a kept run again: the same fingerprint, or what differs."""
    with one_line(), progress(False) as say:
        before, now = replay(run_dir, say)
    if before.fingerprint == now.fingerprint:
        console.print(f"same fingerprint {now.fingerprint}", highlight=False)
        return
    console.print(f"was {before.fingerprint}, is {now.fingerprint}", highlight=False)
    raise typer.Exit(1)


@app.command("diff")
def diff_(
    one: Annotated[Path, typer.Argument(help="A folder that `crdb run` left.")],
    two: Annotated[Path, typer.Argument(help="Another one.")],
) -> None:
    """Find the first record in which two runs differ."""
    with one_line():
        found = diff(one, two)
    console.print(found or "no difference", highlight=False)
    raise typer.Exit(1 if found else 0)


@app.command("conformance")
def conformance_(
    files: Annotated[list[Path], typer.Argument(help="Files of timed vectors.")],
) -> None:
    """Run timed test vectors; ends with 'N passed, M failed'."""
    results: list[vectors.Result] = []
    for path in files:
        with one_line():
            results += [vectors.run(vector) for vector in vectors.load(path)]
    for result in results:
        if result.outcome != "passed":
            typer.echo(f"{result.outcome} {result.name}: {'; '.join(result.reasons)}")
    typer.echo(vectors.summary(results))
    raise typer.Exit(any(result.outcome == "failed" for result in results))


def main() -> None:
    app()
