"""The command `crdb`: list, new, run, replay, diff, export, sweep,
conflicts, conformance, serve.

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

from sim import conflicts, divergence, swept
from sim import conformance as vectors
from sim.arguments import (
    AsJson,
    KeptRun,
    Out,
    Quiet,
    RunFolder,
    ScenarioName,
    Sets,
    one_of,
    seeds_of,
)
from sim.export import FORMS, export
from sim.kept import BadRun, folder_of, keep, prepare, read, versions
from sim.listing import SECTIONS
from sim.reference import starter
from sim.run import Progress as Say
from sim.run import check_names, only, run
from sim.scenario import NAME, BadScenario, changed, load
from sim.serve.command import serve_
from sim.shown import (
    show_conflicts,
    show_divergence,
    show_exports,
    show_names,
    show_run,
    show_sweep,
)
from sim.sweep import sweep, varied_of
from sim.workers import NoWorkers, cluster, processes

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
            callback=one_of(SECTIONS),
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
    scenario: ScenarioName,
    seed: Annotated[int, typer.Option(min=0, help="Of all dice.")] = 0,
    settings: Sets = None,
    variants: Annotated[
        list[str] | None,
        typer.Option("--variant", metavar="NAME", help="Run this variant only; may be repeated."),
    ] = None,
    protocols: Annotated[
        list[str] | None,
        typer.Option("--protocol", metavar="NAME", help="Run this protocol only; may be repeated."),
    ] = None,
    out: Out = Path("runs"),
    as_json: AsJson = False,
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


@app.command(
    "sweep",
    epilog="Examples: crdb sweep payments --seeds 20 --set protocols=['set-nx'];  "
    "crdb sweep three-cities --seeds 100-199 --vary client.timeout=1s,2s --vary workload.keys=1,4",
)
def sweep_(
    scenario: ScenarioName,
    seeds: Annotated[str, typer.Option(metavar="N", help="So many from 0 on, or FIRST-LAST.")],
    varied: Annotated[
        list[str] | None,
        typer.Option("--vary", metavar="KEY=A,B,C", help="A setting that takes each value."),
    ] = None,
    settings: Sets = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; by default one for each core.")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Of a dask.distributed cluster instead.")
    ] = None,
    out: Out = Path("runs"),
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Run many seeds under settings that vary: rates with 95 % confidence intervals."""
    if workers and scheduler:
        raise typer.BadParameter("--workers and --scheduler: expected one of them")
    chosen = changed(load(scenario), settings or ())
    values, numbers = varied_of(varied or ()), seeds_of(seeds)
    folder = swept.folder_of(chosen, numbers, values, out)
    prepare(folder)
    with _progress(quiet, lines=False) as say:
        crew = cluster(scheduler) if scheduler else processes(workers)
        found = sweep(chosen, numbers, values, crew, say)
    pictures = swept.keep(found, chosen, folder)
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        show_sweep(_console(), found, pictures, folder)
    return HOLDS if found.holds else FAILS


@app.command("export", epilog="Example: crdb export runs/payments/0-1a2b3c4d --format jepsen")
def export_(
    run_dir: RunFolder,
    form: Annotated[
        str,
        typer.Option(
            "--format", callback=one_of(FORMS), metavar="FORM", help=", ".join(FORMS) + "."
        ),
    ] = "jsonl",
    out: Annotated[
        Path | None, typer.Option(help="Written below this folder; by default RUN_DIR/export.")
    ] = None,
) -> None:
    """Write the histories of a kept run for other people's checkers."""
    folder = out or run_dir / "export"
    kept = read(run_dir)
    prepare(folder)
    show_exports(_console(), export(kept, form, folder))


@app.command("new", epilog="Example: crdb new my-scenario, then crdb run my-scenario.toml")
def new_(
    name: Annotated[str, typer.Argument(help="Of the scenario, and of NAME.toml, written here.")],
) -> None:
    """Write a scenario to start from, with every setting explained."""
    path = Path(f"{name}.toml")
    if not NAME.fullmatch(name):
        raise typer.BadParameter(f"{name!r}; expected letters, digits and any of _ . -")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(starter(name))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise typer.BadParameter(f"{path}: {reason}; choose another NAME") from None
    typer.echo(f"written: {path}; run it with: crdb run {path}")


@app.command(
    "replay",
    epilog="Examples: crdb replay runs/payments/0-1a2b3c4d;  "
    "crdb replay runs/testing/test_claims/replay.json",
)
def replay_(run_dir: KeptRun, quiet: Quiet = False) -> int:
    """Run a kept run again, and say where it parts."""
    if run_dir.is_file():
        return _replay_program(run_dir)
    kept = read(run_dir)
    with _progress(quiet) as say:
        found = divergence.replay(kept, say)
    if found is None:
        note = "" if kept.whole() else " (histories were not kept: compared by fingerprints only)"
        typer.echo(f"same fingerprint: {kept.prints.fingerprint}{note}")
        return HOLDS
    show_divergence(_console(), found, "kept", "now")
    return FAILS


def _replay_program(file: Path) -> int:
    """Run a program under test again, as `sim.testing` has kept it."""
    try:
        from sim import testing
    except ModuleNotFoundError as error:
        raise BadRun(f"{file}: {error.name} is missing: pip install '.[testing]'") from None
    try:
        found = testing.replay(file)
    except testing.AnotherRun as parted:
        typer.echo(parted)
        return FAILS
    except testing.NoReplay as refused:
        raise BadRun(str(refused)) from None
    typer.echo(f"{found.story}\n\n{found.diagram}\n\nsame fingerprint: {found.fingerprint}")
    return HOLDS


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
    "conflicts",
    epilog='Examples: crdb conflicts set;  crdb conflicts set "SADD k x" "DEL k"',
)
def conflicts_(
    kind: Annotated[
        str,
        typer.Argument(
            callback=one_of(conflicts.stories()),
            metavar="TYPE",
            help=f"One of {', '.join(conflicts.stories())}.",
        ),
    ],
    pair: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ONE OTHER]", help="Two commands of your own on the key `k`."),
    ] = None,
) -> None:
    """Show what two regions read after two operations ran at once, for each pair of a type."""
    story = conflicts.stories()[kind]
    if pair is not None and len(pair) != 2:
        raise typer.BadParameter(f"{len(pair)} command; expected two, each in quotes")
    try:
        rows = conflicts.rows(story, [(pair[0], pair[1])] if pair else None)
    except ValueError as refused:
        raise typer.BadParameter(str(refused)) from None
    show_conflicts(_console(), story, rows)


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


app.command("serve", epilog="Example: crdb serve three-cities --speed 10")(serve_)


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
    except (BadScenario, BadRun, NoWorkers, vectors.NotVectors) as error:
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
def _progress(quiet: bool, lines: bool = True) -> Iterator[Say | None]:
    """Say on stderr which trials are over, and on a terminal which one is running.

    Without ``lines`` there is only the bar: a sweep has too many trials for a line each.
    """
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
        if running and lines:
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
