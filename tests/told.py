"""Histories told by hand: a few verbs, times in seconds."""

from sim.history import FAIL, INFO, OK, History, Lag, Op
from sim.units import SECOND

WEST, EAST = "West Europe", "East US"

OUTCOMES = {"ok": OK, "fail": FAIL, "info": INFO}


def at(seconds):
    return round(seconds * SECOND)


class Told:
    """A history in the making; each verb returns it, so that a story reads in one go."""

    def __init__(self):
        self.history = History()

    def op(self, request, begin, end=None, *, place=WEST, process=1, outcome="ok", value="OK"):
        """A command as one would type it; without an end it took a millisecond."""
        name, *args = request.split()
        end = begin + 0.001 if end is None else end
        words = tuple(word.encode() for word in args)
        self.history.op(
            Op(process, place, name, words, at(begin), at(end), OUTCOMES[outcome], value)
        )
        return self

    def pay(self, payment, begin, end, outcome="ok", *, place=WEST, process=1):
        done = None if end is None else at(end)
        self.history.op(
            Op(process, place, "pay", (payment,), at(begin), done, OUTCOMES[outcome], "")
        )
        return self

    def event(self, kind, seconds, what, *, place=WEST, **detail):
        self.history.happened(at(seconds), kind, place, what, **detail)
        return self

    def claim(self, payment, seconds, token, until, *, place=WEST):
        return self.event("claim", seconds, payment, place=place, token=token, until_us=at(until))

    def capture(self, payment, seconds, token="payer"):
        return self.event("capture", seconds, payment, place="North Europe", token=token)

    def fault(self, begin, end, what="partition", place="between"):
        self.event("fault", begin, what, place=place)
        return self if end is None else self.event("heal", end, what, place=place)

    def lag(self, made, arrived, source=WEST, target=EAST, writes=1):
        self.history.lags.append(Lag(at(arrived), source, target, at(arrived - made), writes))
        return self

    def reads(self, **held):
        """What both regions hold at the end: key -> value, None for nothing."""
        self.history.readings = {
            region: {
                key: {"type": "string", "value": value, "deadline_us": None}
                for key, value in held.items()
                if value is not None
            }
            for region in (WEST, EAST)
        }
        return self
