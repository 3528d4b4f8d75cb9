"""Counterexamples: a run in which something failed, to be read, seen and run again."""

from functools import cached_property
from pathlib import Path

from sim.lab import Drawing
from sim.plots import save
from sim.testing import picture
from sim.testing.play import Played
from sim.testing.replays import NoReplay, keep, replay_of
from sim.testing.story import headline, story

FOLDER = Path("runs") / "testing"
"""Below it each program has a folder of its own, named after it."""

TYPED = ("__main__", "builtins")
"""Where functions are that were typed into a shell, a notebook or an example of a docstring."""


class Counterexample:
    """What was found, and what it is told with. Shows itself as its story and, in a notebook, as
    its picture too."""

    def __init__(self, played: Played, folder: Path = FOLDER) -> None:
        self.played = played
        self._folder = folder / played.program.name

    @property
    def error(self) -> BaseException | None:
        """What was raised."""
        return self.played.error

    @property
    def fingerprint(self) -> str:
        """Of the run."""
        return self.played.fingerprint

    @property
    def story(self) -> str:
        """What happened when, in words."""
        return story(self.played)

    @property
    def diagram(self) -> str:
        """The same as a space-time diagram, in letters."""
        return picture.text(self.played)

    @cached_property
    def picture(self) -> Path:
        """The diagram as a PNG file, drawn now."""
        path = self._folder / "spacetime.png"
        save(picture.figure(self.played), path, headline(self.played).splitlines()[0])
        return path

    @cached_property
    def replay(self) -> Path:
        """The file that holds the run, written now. Raises `NoReplay` if it cannot be kept."""
        kept = replay_of(self.played)
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / "replay.json"
        keep(kept, path)
        return path

    @property
    def command(self) -> str:
        """What runs it again. Writes the file. Raises `NoReplay`."""
        main = self.played.program.main
        file = Path(main.__code__.co_filename)
        if main.__module__ in TYPED or "<locals>" in main.__qualname__ or not file.is_file():
            return f'sim.testing.replay("{self.replay}", {main.__name__})'
        return f"crdb replay {self.replay}"

    @property
    def report(self) -> str:
        """All of this. Writes the picture, and the file if it can be kept."""
        try:
            again = self.command
        except NoReplay as error:
            again = f"not kept: {error}"
        files = f"picture: {self.picture}\nreplay:  {again}"
        return f"{self.story}\n\n{self.diagram}\n\n{files}"

    def __repr__(self) -> str:
        return self.story

    def _repr_png_(self) -> bytes:
        return Drawing(picture.figure(self.played))._repr_png_()


class Reported:
    """Reports when it is asked for its text, and not before."""

    def __init__(self, found: Counterexample) -> None:
        self._found = found

    def __repr__(self) -> str:
        return self._found.report
