"""The page of all differences between one region and open-source Redis, each with its reason.

    python -m tests.commands.differences > docs/differences.md

What is refused comes from the program, and what is compared otherwise from the families; only what
no comparison can see is written here.
"""

import sys

from crdb.commands.refused import CAUSES
from tests.commands.families import FAMILIES

HEAD = """\
# Where one region differs from open-source Redis

One region alone answers as the real server does: random requests of every command, right ones and
crooked ones, are answered alike, errors included, but for what stands here. Written by
`python -m tests.commands.differences`; do not edit. What happens between regions is on
[another page](conflicts.md).
"""

OR = "\\|"
"""In a table of Markdown a bare one ends the cell."""

BEYOND_COMPARISON = {
    "SCAN and its relatives": "go in the order of CRC-32 and keep no state; COUNT is exact",
    "KEYS, SMEMBERS and what else has no order": "come in another order than the server's",
    "GET of a HyperLogLog": "is always the dense form: a server keeps small ones sparse",
    "a stream without entries and groups": "does not exist, as in the product",
    "XADD": "takes no full ids unless the database says so: the product's default, `strict`",
    "the deadline of a hash's field": "is removed by its owner's next tick, not on a read",
    "OBJECT FREQ and IDLETIME": "answer as if the key had just been used",
    "EVAL": "has no `struct`, `cmsgpack` and `redis.acl_check_cmd`, and 20 million steps",
    "COMMAND": "has no tips and key specifications; DOCS has summary, group and arity",
    "JSON": "is held against recorded replies of the real module; `tests/commands/redisjson.jsonl` "
    "names the few that differ, and why",
}


def page() -> str:
    """The whole page."""
    refused = [
        f"| {', '.join(f'`{name}`' for name in names_of(lines))} | {cause} |"
        for cause, lines in CAUSES.items()
    ]
    requests = [
        f"| {name} | `{pattern.decode().replace('|', OR)}` | {why} |"
        for name, family in FAMILIES.items()
        for pattern, why in family.differences.items()
    ]
    others = [f"| {what} | {how} |" for what, how in BEYOND_COMPARISON.items()]
    return "\n".join(
        [
            HEAD,
            "## Refused by name\n\n| command | why |\n|---|---|",
            *refused,
            "\n## Requests that are refused, or answered otherwise\n",
            "As regular expressions, in upper case.\n\n| family | request | why |\n|---|---|---|",
            *requests,
            "\n## What a comparison of replies does not show\n\n| | |\n|---|---|",
            *others,
            "",
        ]
    )


def names_of(lines: str) -> list[str]:
    """The commands of one cause, as people write them."""
    named = [line.split()[0] for line in lines.splitlines() if line.strip()]
    return [name.replace("|", " ").upper() for name in named]


if __name__ == "__main__":
    sys.stdout.write(page())
