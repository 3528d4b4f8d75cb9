"""Replays: a counterexample as a small file, and the very same run from it again.

The file names the program, by module and by file, and holds its schedule, its arguments (as Python
literals), the error's name and the fingerprint. It is JSON that can be read, and edited.
"""

import ast
import importlib
import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from sim.testing.play import Played, Program, play
from sim.testing.schedule import read, written
from sim.words import refusal


class NoReplay(ValueError):
    """The file, or the program that it names, cannot be used; one line says why."""


class AnotherRun(NoReplay):
    """It can, but something else came of it."""


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file holds."""

    module: str
    file: str
    """Of the program: relative to the folder where it was run, if it is below."""
    name: str
    """Of the decorated function in its module."""
    schedule: dict[str, Any]
    arguments: dict[str, str]
    """Beside the world, as Python literals."""
    error: str
    fingerprint: str


def replay_of(played: Played) -> Replay:
    """What there is to keep of a run. Raises `NoReplay` for an argument that is no literal."""
    main = played.program.main
    code = Path(main.__code__.co_filename)
    if code.is_relative_to(Path.cwd()):
        code = code.relative_to(Path.cwd())
    return Replay(
        module=main.__module__,
        file=str(code),
        name=main.__qualname__,
        schedule=written(played.schedule),
        arguments=_literals(played.arguments),
        error="" if played.error is None else type(played.error).__name__,
        fingerprint=played.fingerprint,
    )


def keep(replay: Replay, path: Path) -> None:
    """Write the file."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(replay), indent=2) + b"\n")


def load(path: Path) -> Replay:
    """Read the file. Raises `NoReplay`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Replay)
    except OSError as error:
        raise NoReplay(f"{path}: {(error.strerror or str(error)).lower()}") from None
    except msgspec.MsgspecError as error:
        hint = "expected a file that sim.testing wrote, runs/testing/NAME/replay.json"
        raise NoReplay(f"{path}: {refusal(str(error))}; {hint}") from None


def again(kept: Replay, program: Program | None = None) -> Played:
    """Run it again. Without a program, the one that it names. Raises `NoReplay`, and `AnotherRun`
    if not the same came of it."""
    try:
        schedule = read(kept.schedule)
        schedule.world()  # Raises now for one that there cannot be.
        arguments = {name: ast.literal_eval(text) for name, text in kept.arguments.items()}
    except (ValueError, SyntaxError) as error:
        raise NoReplay(f"schedule or arguments: {refusal(str(error))}") from None
    played = play(program or program_of(kept), schedule, arguments)
    if played.fingerprint != kept.fingerprint:
        raise AnotherRun(
            f"another run: fingerprint {played.fingerprint}, not {kept.fingerprint}; has the code "
            "changed, or a version of what it uses?"
        )
    return played


def program_of(replay: Replay) -> Program:
    """Find the program that a replay names. Raises `NoReplay`."""
    found: Any = _module(replay)
    for name in replay.name.split("."):
        found = getattr(found, name, None)
    program = getattr(found, "program", None)
    if not isinstance(program, Program):
        raise NoReplay(
            f"{replay.file}: expected {replay.name} there, decorated with under_faults; if it was "
            "typed into a notebook or a shell, use sim.testing.replay(FILE, FUNCTION) there"
        )
    return program


def _module(replay: Replay) -> Any:
    """Import it under its name, as a package's modules need, or else from its file."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        if replay.module != "__main__":
            module = importlib.import_module(replay.module)
            if Path(module.__file__ or "").resolve() == Path(replay.file).resolve():
                return module
    except ModuleNotFoundError as error:
        if not replay.module.startswith(error.name or "\0"):
            raise
    spec = importlib.util.spec_from_file_location("sim_testing_replayed", replay.file)
    if spec is None or spec.loader is None or not Path(replay.file).is_file():
        raise NoReplay(f"{replay.file}: no such file of Python; replay from where it was run")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _literals(arguments: Mapping[str, Any]) -> dict[str, str]:
    texts = {name: repr(value) for name, value in arguments.items()}
    for name, text in texts.items():
        try:
            same = ast.literal_eval(text) == arguments[name]
        except (ValueError, SyntaxError):
            same = False
        if not same:
            raise NoReplay(f"the argument {name} is no Python literal, which a file could hold")
    return texts
