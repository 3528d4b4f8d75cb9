"""The page of all conflicts, and one type's part of it."""

from collections import Counter
from collections.abc import Iterable

from sim.conflicts._stories import Pair, Story, outcome, stories

DOCUMENTATION = "https://redis.io/docs/latest/operate/rs/databases/active-active/"

STANDING = {
    "published": "Redis' documentation states it or shows it in a table",
    "inferred": "it follows from what is published",
    "ours": "nothing is published; of what one could do, this loses least",
}

HEAD = """\
# What two regions read after writing at once

For each type every two operations, run in two regions that could not hear each other, and what both
regions read once they had. Written by `python -m sim.conflicts`, which runs all of them; do not
edit. Where an outcome depends on which clock was later, or on which region has the smaller id, all
ways were run and each is given. `crdb conflicts TYPE` shows a part of this page.

| | |
|---|---|
"""


Met = tuple[str, str, str, str]
"""(one region, the other, what both read, who says so)."""


def rows(story: Story, pairs: Iterable[Pair] | None = None) -> list[Met]:
    """A row for each pair, by default all of the story.

    Raises ValueError for an operation that is refused.
    """
    return [
        (*pair, outcome(story, *pair), story.standing(pair))
        for pair in (story.pairs() if pairs is None else pairs)
    ]


def page() -> str:
    """The whole page."""
    parts, counts, rules = [], Counter[str](), []
    for title, story in stories().items():
        table = rows(story)
        counts.update(row[3] for row in table)
        rules.append(f"| [{title}](#{title}) | {story.rule} |")
        lines = [f"| `{one}` | `{other}` | {read} | {who} |" for one, other, read, who in table]
        begin = ", ".join(f"`{line}`" for line in story.begin) or "nothing"
        parts.append(
            f"## {title}\n\n"
            f"{story.rule} Both begin with {begin}, and read with `{story.read}`.\n"
            f"Source: <{DOCUMENTATION}{story.source}/>\n\n"
            "| one region | the other | both read | |\n|---|---|---|---|\n" + "\n".join(lines)
        )
    legend = [f"| {name} ({counts[name]} pairs) | {text} |" for name, text in STANDING.items()]
    index = "| type | rule |\n|---|---|\n" + "\n".join(rules)
    return HEAD + "\n".join(legend) + f"\n\n{index}\n\n" + "\n\n".join(parts) + "\n"
