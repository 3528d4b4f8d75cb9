"""Export: a kept history in the forms that other people's checkers read.

An operation becomes two events, in the order in which they happened: ``invoke``, and ``ok``,
``fail`` or ``info`` (nobody knows whether it took place). Where two events have the same time,
invocations come first, so that an export never claims an order that the history does not.

- ``jepsen``: EDN, one map a line, with Jepsen's keys ``:process :type :f :value :time :index``,
  time in nanoseconds, and the region as ``:node``. A client that got no reply goes on under a new
  process number, as Jepsen has it. ``SET k v`` is ``:write [k v]``, ``GET k`` is ``:read [k v]``,
  and ``SET k v NX`` is ``:cas [k [nil v]]``: what a register of `knossos.model`, one a key, can
  check. Other commands keep their name, their words and, as ``:reply``, their reply. Deadlines are
  not in that model; those of SET are told as ``:options``. Faults are ``:info`` of ``:nemesis``.
- ``porcupine``: the log that the key-value model in Porcupine's own `porcupine_test.go`
  (`parseKvLog`) reads: lines ``{:process 1, :type :invoke, :f :put, :key "k", :value "v"}`` with
  ``get``, ``put`` and ``append``. That model knows nothing else, so only keys with nothing but GET,
  APPEND and plain SET are in it; `crdb export` says how much is left out. No value is "". What got
  no reply has no second line; a GET without one is left out, as it says nothing.
- ``jsonl``: the events of ``jepsen`` as JSON objects, without the renaming to reads and writes.

All regions are one database in an export: that a register of several regions is not linearizable
is what a checker will find.

Sources: docs of io.jepsen/history 0.1; anishathalye/porcupine, porcupine_test.go.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from sim.history import FAIL, INFO, Op
from sim.kept import BadRun, Kept

Record = dict[str, Any]
NANOSECONDS = 1_000
QUEUED = "QUEUED"
"""What MULTI makes of a command's reply."""


class Event(NamedTuple):
    """One end of an operation."""

    at_us: int
    type: str
    process: int
    op: Op


class Exported(NamedTuple):
    """A file that was written."""

    path: Path
    events: int
    left_out: int
    """Operations that the form has no words for."""


def export(kept: Kept, form: str, out: Path) -> list[Exported]:
    """Write one file a trial: ``out``/<variant>/<protocol or "history">.<jsonl, edn or txt>.

    Raises `BadRun` for a history that was not kept or cannot be read, and KeyError for a form that
    nobody knows.
    """
    ending, lines_of = FORMS[form]
    written = []
    for trial in kept.prints.trials:
        records = kept.records(trial)
        if records is None:
            raise BadRun(f"{kept.folder}: the history of {trial.variant} was not kept")
        path = out / trial.variant / f"{trial.protocol or 'history'}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines, left_out = lines_of(records)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        written.append(Exported(path, len(lines), left_out))
    return written


# ── events ──────────────────────────────────────────────────────────────────────────────────────


def ops_of(records: Iterable[Record]) -> list[Op]:
    """Return the operations of a kept history; words and replies are text."""
    return [msgspec.convert(each, Op) for each in records if each["record"] == "op"]


def events(ops: Sequence[Op]) -> list[Event]:
    """Return both ends of each operation in order.

    >>> from sim.history import OK
    >>> first = Op(1, "East US", "GET", ("k",), 10, 20, OK, "v")
    >>> second = Op(1, "East US", "GET", ("k",), 20, 30, INFO)
    >>> other = Op(2, "East US", "GET", ("k",), 20, 25, OK, "v")
    >>> last = Op(1, "East US", "GET", ("k",), 31, 35, OK, "v")
    >>> [(each.at_us, each.type, each.process) for each in events([first, second, other, last])]
    [(10, 'invoke', 1), (20, 'invoke', 2), (20, 'ok', 1), (20, 'invoke', 1), (25, 'ok', 2), \
(30, 'info', 1), (31, 'invoke', 4), (35, 'ok', 4)]
    """
    span = max((op.process for op in ops), default=0) + 1
    by_process: dict[int, list[Op]] = {}
    for op in sorted(ops, key=lambda op: op.invoked_us):
        by_process.setdefault(op.process, []).append(op)
    ranked = [each for mine in by_process.values() for each in _of_process(mine, span)]
    return [event for _, _, event in sorted(ranked, key=lambda each: each[:2])]


def _of_process(ops: Sequence[Op], span: int) -> Iterator[tuple[tuple[int, int], int, Event]]:
    """Yield the events of one process, each with its place among those of the same time."""
    process, last_us, rank = ops[0].process, -1, 0
    for op in ops:
        ends = [(op.invoked_us, "invoke"), (op.completed_us, str(op.outcome))]
        for phase, (at_us, kind) in enumerate(ends):
            if at_us is None:
                continue
            rank = rank + 1 if at_us == last_us else phase
            last_us = at_us
            yield (at_us, rank), ops[0].process, Event(at_us, kind, process, op)
        if op.outcome is INFO:
            process += span


# ── Jepsen, JSON lines ──────────────────────────────────────────────────────────────────────────


class Keyword(str):
    """A word that EDN writes with a colon."""


def jepsen(records: Sequence[Record]) -> tuple[list[str], int]:
    """Return Jepsen's history, a line an event, and how many operations are left out: none."""
    lines = [
        {"process": event.process, "type": Keyword(event.type)} | _said(event) | _where(event)
        for event in events(ops_of(records))
    ]
    return [edn(line) for line in _indexed(lines, _nemesis(records))], 0


def jsonl(records: Sequence[Record]) -> tuple[list[str], int]:
    """Return the events as JSON objects, and how many operations are left out: none."""
    lines = []
    for event in events(ops_of(records)):
        value: Record = {"value": list(event.op.args)}
        if event.type != "invoke":
            value["error" if event.op.outcome is FAIL else "reply"] = event.op.value
        heading = {"process": event.process, "type": event.type, "f": event.op.name.lower()}
        lines.append(heading | value | _where(event))
    told = _indexed(lines, _nemesis(records))
    # JSON knows no keywords: they are texts.
    return [msgspec.json.encode(each, enc_hook=str).decode() for each in told], 0


def _said(event: Event) -> Record:
    """Return ``:f`` and ``:value``, with what was read where there was a reply."""
    op, ended = event.op, event.type == "ok"
    # What is queued takes place with EXEC, and not now.
    words, name = list(op.args), op.name.upper() if op.value != QUEUED else ""
    refused = {"error": op.value} if event.type == "fail" else {}
    if name == "GET" and len(words) == 1:
        return {"f": Keyword("read"), "value": [words[0], op.value if ended else None]} | refused
    if name == "SET" and len(words) >= 2:
        options = {word.upper() for word in words[2:]}
        # With GET the reply does not tell whether the condition held.
        if "GET" not in options:
            return _written(words, options, ended and op.value is None) | refused
    said: Record = {"f": Keyword(op.name.lower()), "value": words}
    return said | refused | ({"reply": op.value} if ended else {})


def _written(words: list[Any], options: set[str], nil: bool) -> Record:
    """Return what a SET says; nil is Redis' answer when its condition did not hold."""
    key, value, *rest = words
    said: Record = {"f": Keyword("write"), "value": [key, value]}
    if "NX" in options:
        said = {"f": Keyword("cas"), "value": [key, [None, value]]}
    if rest:
        said["options"] = rest
    return said | ({"type": Keyword("fail")} if nil else {})


def _where(event: Event) -> Record:
    return {"time": event.at_us * NANOSECONDS, "node": event.op.place}


def _nemesis(records: Iterable[Record]) -> list[Record]:
    """Return the faults as Jepsen tells them: nobody knows exactly when they struck."""
    return [
        {
            "process": Keyword("nemesis"),
            "type": Keyword("info"),
            "f": Keyword(("start-" if each["kind"] == "fault" else "stop-") + each["what"]),
            "value": each["place"],
            "time": each["at_us"] * NANOSECONDS,
        }
        for each in records
        if each["record"] == "happening" and each["kind"] in ("fault", "heal")
    ]


def _indexed(lines: list[Record], more: list[Record]) -> list[Record]:
    """Return both in order of time, numbered from 0."""
    ordered = sorted([*more, *lines], key=lambda line: int(line["time"]))
    return [line | {"index": index} for index, line in enumerate(ordered)]


def edn(value: Any) -> str:
    r"""Return a plain value as EDN.

    >>> print(edn({"f": Keyword("read"), "value": ["k", None, 1.5, True, 'say "ä"\n']}))
    {:f :read, :value ["k" nil 1.5 true "say \"ä\"\n"]}
    """
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Keyword):
        return f":{value}"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, dict):
        pairs = (f"{_key(key)} {edn(each)}" for key, each in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list | tuple):
        return f"[{' '.join(map(edn, value))}]"
    return repr(value)


def _key(key: Any) -> str:
    return f":{key}" if isinstance(key, str) else edn(key)


def _quoted(text: str) -> str:
    """Return a text in quotes, with the escapes that EDN shares with JSON."""
    return msgspec.json.encode(text).decode()


# ── Porcupine ───────────────────────────────────────────────────────────────────────────────────

KV = {"GET": ("get", 1), "SET": ("put", 2), "APPEND": ("append", 2)}
"""Command -> its name in the key-value model, and its number of words."""


def porcupine(records: Sequence[Record]) -> tuple[list[str], int]:
    """Return Porcupine's key-value log, and how many operations are left out."""
    ops = ops_of(records)
    # Any word may be a key; one too many left out only makes the log shorter.
    spoilt = {word for op in ops if not _in_model(op) for word in op.args}
    told = [
        op
        for op in ops
        if _in_model(op)
        and op.args[0] not in spoilt
        and not (op.outcome is INFO and op.name.upper() == "GET")
    ]
    lines = [_kv(event) for event in events(told) if event.type in ("invoke", "ok")]
    return lines, len(ops) - len(told)


def _in_model(op: Op) -> bool:
    """Whether the model has the command, as it stands and with a reply of its own."""
    verb = KV.get(op.name.upper())
    plain = verb is not None and len(op.args) == verb[1]
    return plain and op.outcome is not FAIL and op.value != QUEUED


def _kv(event: Event) -> str:
    op = event.op
    verb = KV[op.name.upper()][0]
    said = op.args[1] if verb != "get" else None if event.type == "invoke" else op.value or ""
    heading = {"process": event.process, "type": Keyword(event.type), "f": Keyword(verb)}
    return edn(heading | {"key": op.args[0], "value": said})


Lines = Callable[[Sequence[Record]], tuple[list[str], int]]

FORMS: dict[str, tuple[str, Lines]] = {
    "jepsen": ("edn", jepsen),
    "jsonl": ("jsonl", jsonl),
    "porcupine": ("txt", porcupine),
}
"""Form -> the ending of its files, and what makes its lines."""
