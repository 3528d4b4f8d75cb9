"""The payments scenario made small: two minutes, chosen faults, one design at a time."""

from collections import Counter

import msgspec

from sim.history import FAIL, OK
from sim.metrics.payments import row
from sim.protocols.base import designs
from sim.scenario import changed, load
from sim.world import World

INCIDENT, PARTITION = 0, 1

IN_TWO_REGIONS = sorted(
    name for name, each in designs().items() if each.regions_needed in (None, 2)
)
"""The designs that the payments scenario's two regions are enough for."""

CALM = [
    f"workload.{share}=0"
    for share in (
        "client_loss",
        "provider_loss",
        "answer_loss",
        "dies_before_capture",
        "dies_after_capture",
    )
]
"""Nothing ordinary goes wrong."""

SHORT = ["horizon=7m", "workload.lasts=2m", "workload.patience=4m"]


def faulty(begin="20s", lasts="80s"):
    """Settings that put both variants' faults at that time."""
    return [
        f"variants.{number}.faults.0.{key}={value}"
        for number in (INCIDENT, PARTITION)
        for key, value in (("at", begin), ("lasts", lasts))
    ]


class Trial:
    """One world after its run, with the questions that the tests ask."""

    def __init__(self, design, variant=None, seed=0, settings=()):
        scenario = changed(load("payments"), [*SHORT, *faulty(), *settings])
        course = scenario.variants[variant or 0]
        if variant is None:
            course = msgspec.structs.replace(course, faults=[])
        self.world = World(scenario, course, design, seed)
        self.history = self.world.run()

    @property
    def row(self):
        return row(self.history)

    def captures(self):
        return Counter(event.what for event in self.history.of_kind("capture"))

    def paid(self):
        return {op.args[0] for op in self.history.ops if op.name == "pay" and op.outcome is OK}

    def refused(self):
        return {op.args[0] for op in self.history.ops if op.name == "pay" and op.outcome is FAIL}

    def replies(self):
        """How often each error was answered."""
        return Counter(op.value for op in self.history.ops if op.outcome is FAIL)
