"""One duplicate, step by step: the payment that was captured twice, as a space-time diagram.

Of all payments that two regions granted and the provider captured twice, the one with the fewest
operations is drawn: it has the least to explain. Designs that claim by other means than SET NX on
the payment's own key are left out: their claims would take another picture.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from sim.checkers.duplicate_capture import repeated
from sim.history import INFO, OK, Happening, History, Op
from sim.plots import Picture, save
from sim.plots.spacetime import Arrow, Point, Span, diagram
from sim.trial import Trial
from sim.units import clock
from sim.windows import windows

LONG_US = 10_000_000
"""The words say when a message arrived if that took longer."""

PREFERRED = "set-nx"
"""The protocol whose duplicate is drawn if it has one: the lesson of the payments scenario."""


class Case(NamedTuple):
    """All that a history tells of one payment."""

    payment: str
    ops: list[Op]
    """On its key and at the provider, in order of beginning."""
    events: list[Happening]
    """Claims, captures and done-marks."""
    pay: Op | None
    regions: tuple[str, ...]
    """The stores that are Redis."""

    def claims(self) -> list[Happening]:
        return [event for event in self.events if event.kind == "claim"]

    def store(self, place: str) -> str:
        """Return the lane of a store."""
        return f"Redis {place}" if place in self.regions else place

    def payers(self) -> dict[str, str]:
        """Return token -> place of every payer that asked for a claim, in order."""
        tokens = [_token(op) for op in self.ops if op.name == "SET" and b"NX" in op.args]
        return {token: token.partition("#")[0] for token in dict.fromkeys(tokens)}


def simplest(trials: Sequence[Trial]) -> tuple[Trial, Case] | None:
    """Return the duplicate that has the least to explain, and the trial in which it happened."""
    found = [(trial, case) for trial in trials for case in cases(trial.history)]
    return min(
        found,
        key=lambda pair: (pair[0].protocol != PREFERRED, len(pair[1].ops)),
        default=None,
    )


def draw(trials: Sequence[Trial], folder: Path) -> list[Picture]:
    """Draw the simplest duplicate of these trials."""
    found = simplest(trials)
    if found is None:
        return []
    trial, case = found
    lanes, points, arrows = story(trial.history, case)
    spans = [
        Span(each.begin_us, each.end_us, f"{each.what}: {each.place}")
        for each in windows(trial.history)
    ]
    places = " and ".join(dict.fromkeys(claim.place for claim in case.claims()))
    title = (
        f"{trial.protocol} in the {trial.variant} variant: "
        f"{places} both grant payment {case.payment}, and both capture it"
    )
    path = folder / "one-duplicate.png"
    save(diagram(lanes, points, arrows, title, spans), path, title)
    steps = "\n".join(f"  {line}" for line in told(points, arrows))
    lesson = (
        f"Payment {case.payment} is captured twice, under {trial.protocol}. NX looks at the local "
        "copy only, so the first writer wins in each region, not across them:"
    )
    return [Picture(path, f"{lesson}\n{steps}")]


def cases(history: History) -> list[Case]:
    """Return the payments that were granted by two stores and captured more than once."""
    made = [case_of(history, payment) for payment in repeated(history)]
    return [
        case
        for case in made
        if len({claim.place for claim in case.claims()}) > 1
        and all(claim.detail["token"] in case.payers() for claim in case.claims())
    ]


def case_of(history: History, payment: str) -> Case:
    """Gather what the history tells of one payment."""
    key = f"payment:idem:{payment}".encode()
    ops = [op for op in history.ops if op.name != "pay" and op.args[:1] in ((key,), (payment,))]
    return Case(
        payment,
        sorted(ops, key=lambda op: op.invoked_us),
        [event for event in history.of_kind("claim", "capture", "done") if event.what == payment],
        next((op for op in history.ops if op.name == "pay" and op.args == (payment,)), None),
        tuple(history.readings),
    )


def told(points: Sequence[Point], arrows: Sequence[Arrow]) -> list[str]:
    """Return the diagram in words, one line a step."""
    steps = [(point.at_us, f"{point.lane}: {point.label}") for point in points]
    for arrow in arrows:
        arrived_us = arrow.arrived_us
        lost = " (lost)" if arrived_us is None else ""
        if arrived_us is not None and arrived_us - arrow.sent_us > LONG_US:
            lost = f", which takes until {clock(arrived_us)}"
        steps.append((arrow.sent_us, f"{arrow.source} → {arrow.target}: {arrow.label}{lost}"))
    return [f"{clock(at_us)}  {text}" for at_us, text in sorted(steps, key=lambda step: step[0])]


def story(history: History, case: Case) -> tuple[list[str], list[Point], list[Arrow]]:
    """Return lanes, points and arrows of a payment's diagram."""
    payers = case.payers()
    stores = list(dict.fromkeys(op.place for op in case.ops if op.name in ("SET", "GET")))
    provider = next(event.place for event in case.events if event.kind == "capture")
    left, right = stores[:1], stores[1:]
    lanes = [case.store(store) for store in left]
    lanes += [_payer(token) for token, place in payers.items() if place in left]
    lanes += ["user", _provider(provider)]
    lanes += [_payer(token) for token, place in payers.items() if place not in left]
    lanes += [case.store(store) for store in right]
    points = [
        Point(_provider(provider), event.at_us, f"captured ({number})", "red")
        for number, event in enumerate(
            (event for event in case.events if event.kind == "capture"), start=1
        )
    ]
    moved = {
        str(event.detail["token"]): event.at_us for event in case.events if event.kind == "capture"
    }
    arrows = [
        *_requests(case),
        *(arrow for op in case.ops for arrow in _exchange(case, op, provider, moved)),
        *_answers(case),
        *_replication(history, case),
    ]
    return lanes, points, arrows


def _requests(case: Case) -> Iterator[Arrow]:
    """The user asks a payer, which begins at once."""
    for token in case.payers():
        first = next(op for op in case.ops if op.name == "SET" and _token(op) == token)
        yield Arrow("user", first.invoked_us, _payer(token), first.invoked_us, "pay!")


def _exchange(case: Case, op: Op, provider: str, moved: dict[str, int]) -> Iterator[Arrow]:
    """A request and its reply; it arrives half-way, or when the provider took money."""
    if op.name not in ("SET", "CAPTURE"):
        return
    token = _token(op)
    asked = _provider(provider) if op.name == "CAPTURE" else case.store(op.place)
    if op.outcome is INFO or op.completed_us is None:
        yield Arrow(_payer(token), op.invoked_us, asked, None, _verb(op))
        return
    middle_us = (op.invoked_us + op.completed_us) // 2
    if op.name == "CAPTURE":
        yield Arrow(_payer(token), op.invoked_us, asked, moved.get(token, middle_us), "capture")
        return
    yield Arrow(_payer(token), op.invoked_us, asked, middle_us, _verb(op))
    if op.outcome is OK and b"NX" in op.args:
        reply, tint = ("nil", "grey") if op.value is None else ("OK", "green")
        yield Arrow(asked, middle_us, _payer(token), op.completed_us, reply, tint)


def _answers(case: Case) -> Iterator[Arrow]:
    """What the payers tell the user, and what the user does not hear."""
    pay = case.pay
    done = {event.detail["token"]: event for event in case.events if event.kind == "done"}
    for event in case.events:
        token = event.detail["token"]
        if event.kind != "capture" or token not in case.payers():
            continue
        end = done.get(token)
        if end is None:
            replies = [
                op.completed_us for op in case.ops if op.name == "CAPTURE" and _token(op) == token
            ]
            # Without one the run ended before the provider's reply was there.
            died_us = next(filter(None, replies), event.at_us)
            yield Arrow(_payer(token), died_us, "user", None, "dies before answering", "red")
        elif pay is not None and pay.completed_us == end.at_us:
            yield Arrow(_payer(token), end.at_us, "user", end.at_us, "paid", "green")
        else:
            yield Arrow(_payer(token), end.at_us, "user", None, "paid", "red")


def _replication(history: History, case: Case) -> Iterator[Arrow]:
    """When the first region's claim became visible in the others."""
    claim = case.claims()[0]
    for target in dict.fromkeys(each.place for each in case.claims()):
        for lag in history.lags:
            if (lag.source, lag.target) == (claim.place, target) and (
                lag.at_us - lag.lag_us <= claim.at_us <= lag.at_us
            ):
                label = "news of the claim"
                slow = lag.lag_us > LONG_US
                yield Arrow(
                    case.store(claim.place),
                    claim.at_us,
                    case.store(target),
                    lag.at_us,
                    label,
                    "blue",
                    slow,
                )
                break


def _verb(op: Op) -> str:
    if op.name == "CAPTURE":
        return "capture"
    return "SET … NX" if b"NX" in op.args else "SET … done"


def _token(op: Op) -> str:
    if op.name == "SET":
        return str(op.args[1].decode().rpartition(" ")[0])
    return str(op.args[1])


def _payer(token: str) -> str:
    return f"payer {token}"


def _provider(place: str) -> str:
    return f"provider {place}"
