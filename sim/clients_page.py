"""The page of clients: what each experiment on a cluster under load comes to, written by running.

    python -m sim.clients_page > docs/clients.md        a minute

The texts are those of the scenarios; the figures are those of one seed.
"""

from collections.abc import Iterator, Sequence

from sim.claims import SEED
from sim.metrics import Row
from sim.metrics.load import TABLE
from sim.run import Run, run
from sim.scenario import load

EXPERIMENTS = ("scale-out", "maintenance", "retries", "hot-key")

INTRODUCTION = """\
# Clients of a cluster under load

Most outages that Redis is blamed for are a client's. Each experiment is a scenario; its application
asks at a rate, whatever becomes of its requests, so latency counts from when a request was due.
An error is one that the application sees, after all its client's attempts. Everything takes about a
hundred times as long as on a real shard, so that few requests are a load.
Written by `python -m sim.clients_page`; do not edit."""

HEADING = (
    "| variant | requests | errors | p50, ms | p99, ms | p99.9, ms | mean, ms "
    "| longest without success, ms |",
    "|---|---|---|---|---|---|---|---|",
)

KNOWN = """\
## What the real client does here

`redis-py` and `kept-open` are the unmodified `RedisCluster` of redis-py 8.1, and their errors are
its own. All three show in these runs, the same for the same seed:

- An ASK to a node that has no slots yet, and so is in no table, is an `AttributeError`: redis-py
  issue 4015, for which pull request 4214 is open. It lasts until the first range has arrived.
- With `reinitialize_steps` at its default, every fifth MOVED closes all connections of the client.
  What other tasks have asked on them ends in `ConnectionError`, and the calls and questions with
  which all of them begin anew are the load of the next seconds. 0 avoids it (`kept-open`).
- ASKING and the command that it is for are sent one after the other, each on the connection of
  the node that has been free for longest. Where two are free, these are two. The target then says
  MOVED and the source ASK, in turn, until `ClusterError: TTL exhausted`.

None of them concerns `Redis` behind a proxy (`proxy`), where nobody is redirected."""


def row(found: Row) -> str:
    errors = found["failed"] + found["unanswered"]
    times = ["p50", "p99", "p99.9", "mean"]
    shown = " | ".join(f"{found[f'latency_ms_{each}']:.1f}" for each in times)
    silence = f"{found['silence_ms_max']:.0f}"
    return f"| {found['variant']} | {found['requests']:,} | {errors:,} | {shown} | {silence} |"


def section(result: Run) -> Iterator[str]:
    """The lines about one scenario."""
    scenario = result.scenario
    yield f"## {scenario.title}"
    yield ""
    yield " ".join(scenario.about.split())
    yield ""
    for each in scenario.variants:
        yield f"- `{each.name}`: {each.about}"
    yield ""
    yield from HEADING
    yield from map(row, result.tables[TABLE])
    yield ""
    yield f"Again: `crdb run {scenario.name} --seed {SEED}`."


def page(names: Sequence[str] = EXPERIMENTS) -> str:
    """All of it, as Markdown."""
    parts = [INTRODUCTION, *("\n".join(section(run(load(name), SEED))) for name in names), KNOWN]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - the page is this program's output
