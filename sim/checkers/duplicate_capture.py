"""duplicate-capture: the provider takes the money of a payment at most once.

The provider enters a happening of kind ``capture`` each time it takes money.
"""

from sim.checkers import Verdict, verdict
from sim.history import Happening, History
from sim.units import clock

NAME = "duplicate-capture"


def captures(history: History) -> dict[str, list[Happening]]:
    """Return the captures of each payment, in the order in which they happened."""
    found: dict[str, list[Happening]] = {}
    for capture in history.of_kind("capture"):
        found.setdefault(capture.what, []).append(capture)
    return found


def repeated(history: History) -> dict[str, list[Happening]]:
    """Return the captures of each payment that was captured more than once."""
    return {payment: each for payment, each in captures(history).items() if len(each) > 1}


def check(history: History) -> Verdict:
    count = len(captures(history))
    wrong = [
        f"payment {payment} was captured {len(each)} times: "
        + ", ".join(f"at {clock(one.at_us)} for {one.detail['token']}" for one in each)
        for payment, each in repeated(history).items()
    ]
    if not count:
        return Verdict(NAME, "unknown", ["nothing was captured"])
    return verdict(NAME, wrong, f"{count} payments were captured, each once")
