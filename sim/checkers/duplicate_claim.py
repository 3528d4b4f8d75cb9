"""duplicate-claim: while one payer holds the claim on a payment, no other is granted it.

A payer that is told "yours" enters a happening of kind ``claim`` with its token and with the time
until which the claim keeps others away. A payment that is done keeps them away for good. A second
claim by the same token is no second claim: its payer asked again, perhaps elsewhere.
"""

from sim.checkers import Verdict, verdict
from sim.history import Happening, History
from sim.units import clock

NAME = "duplicate-claim"


def granted_twice(history: History) -> list[tuple[Happening, Happening]]:
    """Return each claim that was granted while another one held, behind that one."""
    granted: dict[str, list[Happening]] = {}
    done = {event.what: event for event in reversed(history.of_kind("done"))}
    found = []
    for claim in history.of_kind("claim"):
        payment, token = claim.what, claim.detail["token"]
        earlier = granted.setdefault(payment, [])
        for other in earlier:
            held = claim.at_us < other.detail["until_us"] or (
                payment in done and done[payment].at_us <= claim.at_us
            )
            if other.detail["token"] != token and held:
                found.append((other, claim))
                break
        earlier.append(claim)
    return found


def check(history: History) -> Verdict:
    count = len({claim.what for claim in history.of_kind("claim")})
    wrong = [
        f"payment {claim.what}: {other.place} granted it to {other.detail['token']} at "
        f"{clock(other.at_us)}, and {claim.place} to {claim.detail['token']} at "
        f"{clock(claim.at_us)}"
        for other, claim in granted_twice(history)
    ]
    if not count:
        return Verdict(NAME, "unknown", ["nothing was claimed"])
    return verdict(NAME, wrong, f"{count} payments were claimed, each by one payer at a time")
