"""The command `crdb`: list, run, replay, diff, conformance.

Exit status: 0 what the scenario expects holds; 1 it does not; 2 bad input, which is told in one
line on stderr that names the cause and the cure. Progress goes to stderr: a line for each trial
that is over, and on a terminal a bar.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sim import conformance as vectors
from sim import divergence
from sim.kept import BadRun, folder_of, keep, prepare, read, versions
from sim.listing import SECTIONS
from sim.run import Progress as Say
from sim.run import check_names, only, run
from sim.scenario import BadScenario, changed, load
from sim.shown import show_divergence, show_names, show_run
from sim.words import did_you_mean

HOLDS, FAILS, BAD_INPUT = 0, 1, 2
WIDTH_ELSEWHERE = 140
"""Columns of a pipe or file: wide enough that no table is folded."""

app = typer.Typer(
    name="crdb",
    epilog="Try: crdb run payments, then crdb replay on the folder that it names.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


# Newer typers carry a click of their own, so the class is named through typer, whichever it is.
UsageError: Any = typer.BadParameter.__base__


def _section(name: str | None) -> str | None:
    """A section of the list, or nothing. Raises typer's error for one that is not there."""
    if name is None or name in SECTIONS:
        return name
    hint = did_you_mean(name, SECTIONS) or f"expected one of {', '.join(SECTIONS)}"
    raise typer.BadParameter(f"{name!r}; {hint}")


Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing of progress on stderr.")]
RunFolder = Annotated[Path, typer.Argument(help="A folder that `crdb run` wrote.")]


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"crdb-sim {versions()['crdb-sim']}")
        raise typer.Exit


@app.callback()
def _crdb(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_show_version,
            is_eager=True,
            help="Show the version, and leave.",
        ),
    ] = False,
) -> None:
    """An active-active Redis that you can break on purpose: same seed, same run."""


@app.command("list", epilog="Example: crdb list faults")
def list_(
    section: Annotated[
        str | None,
        typer.Argument(
            callback=_section,
            metavar="SECTION",
            help=f"Only this, with a line for each name: {', '.join(SECTIONS)}.",
        ),
    ] = None,
) -> None:
    """Show what can be run and named."""
    console = _console()
    for name, found in SECTIONS.items():
        if section in (None, name):
            show_names(console, name, list(found()), lines=bool(section) or name == "scenarios")


@app.command(
    "run",
    epilog="Examples: crdb run payments --seed 7;  "
    "crdb run payments --variant partition --protocol set-nx;  "
    "crdb run three-cities --set client.timeout=2s --set sync.delay=WAN;  crdb run my.toml --json",
)
def run_(
    scenario: Annotated[str, typer.Argument(help="A shipped name, or the path of a TOML file.")],
    seed: Annotated[int, typer.Option(min=0, help="Of all dice.")] = 0,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace a setting, as client.timeout=2s."),
    ] = None,
    variants: Annotated[
        list[str] | None,
        typer.Option("--variant", metavar="NAME", help="Run this variant only; may be repeated."),
    ] = None,
    protocols: Annotated[
        list[str] | None,
        typer.Option("--protocol", metavar="NAME", help="Run this protocol only; may be repeated."),
    ] = None,
    out: Annotated[Path, typer.Option(help="The run is kept below this folder.")] = Path("runs"),
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
    quiet: Quiet = False,
) -> int:
    """Run a scenario: judged, measured, drawn and kept."""
    chosen = changed(load(scenario), settings or ())
    chosen = only(chosen, variants or (), protocols or ())
    check_names(chosen, scenario)
    folder = folder_of(chosen, seed, out)
    prepare(folder)
    with _progress(quiet) as say:
        result = run(chosen, seed, say)
    pictures = keep(result, folder)
    if as_json:
        typer.echo(msgspec.json.encode(result.report()).decode())
    else:
        show_run(_console(), result, pictures, folder)
    return HOLDS if result.holds else FAILS


@app.command("replay", epilog="Example: crdb replay runs/payments/0-1a2b3c4d")
def replay_(run_dir: RunFolder, quiet: Quiet = False) -> int:
    """Run a kept run again, and say where it parts."""
    kept = read(run_dir)
    with _progress(quiet) as say:
        found = divergence.replay(kept, say)
    if found is None:
        note = "" if kept.whole() else " (histories were not kept: compared by fingerprints only)"
        typer.echo(f"same fingerprint: {kept.prints.fingerprint}{note}")
        return HOLDS
    show_divergence(_console(), found, "kept", "now")
    return FAILS


@app.command("diff", epilog="Example: crdb diff runs/payments/0-1a2b3c4d runs/payments/1-1a2b3c4d")
def diff_(one: RunFolder, two: RunFolder) -> int:
    """Find where two kept runs part, and why."""
    left, right = read(one), read(two)
    found = divergence.diff(left, right)
    if found is None:
        typer.echo(f"same fingerprint: {left.prints.fingerprint}")
        for line in divergence.differences(left.settings, right.settings, "settings"):
            typer.echo(f"which this did not change: {line}")
        return HOLDS
    show_divergence(_console(), found, "first", "second")
    return FAILS


@app.command(
    "conformance",
    epilog="Example: crdb conformance tests/conformance/active_active.json  "
    "(docs/vectors.md says how to write one)",
)
def conformance_(
    files: Annotated[list[Path], typer.Argument(help="JSON files of timed vectors.")],
) -> int:
    """Run timed test vectors on bare replicas."""
    results = [
        vectors.run(vector) for vector in [each for file in files for each in vectors.load(file)]
    ]
    for result in results:
        if result.outcome != "passed":
            typer.echo(f"{result.outcome} {result.name}: {'; '.join(result.reasons)}")
    typer.echo(vectors.summary(results))
    return FAILS if any(result.outcome == "failed" for result in results) else HOLDS


def main() -> None:
    """Run the command line of this process, and leave with its exit status."""
    sys.exit(status_of(sys.argv[1:]))


def status_of(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit status."""
    command = typer.main.get_command(app)
    try:
        status: int | None = command.main(
            list(arguments) or ["--help"], prog_name="crdb", standalone_mode=False
        )
    except (BadScenario, BadRun, vectors.NotVectors) as error:
        return _refuse(str(error))
    except UsageError as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "crdb"
        return _refuse(f"{error.format_message()} See `{path} --help`.")
    return status or HOLDS


def _refuse(line: str) -> int:
    typer.echo("crdb: " + " ".join(line.split()), err=True)
    return BAD_INPUT


def _console() -> Console:
    """Standard output; numbers and paths are not coloured, and nothing is folded in a pipe."""
    width = None if sys.stdout.isatty() else WIDTH_ELSEWHERE
    return Console(width=width, highlight=False)


@contextmanager
def _progress(quiet: bool) -> Iterator[Say | None]:
    """Say on stderr which trials are over, and on a terminal which one is running."""
    if quiet:
        yield None
        return
    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(
        *columns,
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    running = ""

    def over() -> None:
        if running:
            console.print(running, markup=False, soft_wrap=True)

    with bar:
        task = bar.add_task("", total=None)

        def say(name: str, done: int, total: int) -> None:
            nonlocal running
            over()
            running = f"{done + 1}/{total} {name}"
            bar.update(task, description=name, completed=done, total=total)

        yield say
    over()
