"""A mix of command lines with blanks, each with its weight: no line may be one that never runs."""

from collections.abc import Callable, Iterable, Mapping
from string import Formatter

from crdb import registry
from crdb.command import lookup
from crdb.errors import CommandError


def check(
    mix: Mapping[str, int], blanks: Iterable[str], fill: Callable[[str], tuple[bytes, ...]]
) -> None:
    """Raises ValueError for lines and weights that cannot be meant."""
    if not mix or min(mix.values()) < 1:
        raise ValueError("mix: expected command lines with weights of 1 or more")
    registry.members("crdb.commands")
    shown = ", ".join(f"{{{each}}}" for each in blanks)
    for line in mix:
        for _, blank, _, _ in Formatter().parse(line):
            if blank is not None and blank not in blanks:
                raise ValueError(f"mix: {line!r} has a blank {{{blank}}}; the blanks are {shown}")
        try:
            lookup(fill(line) or (b"",))
        except CommandError as error:
            raise ValueError(f"mix: {line!r}: {error}") from None
