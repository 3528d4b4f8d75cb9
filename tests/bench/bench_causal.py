"""Traffic benchmark: what causal consistency costs on the links between regions.

Every region writes in turn, and everybody hears everybody every ten writes. Counted are messages
that carry writes and the bytes of all messages, as multiples of the same run without the option.

    python -m tests.bench.bench_causal
"""

from crdb.persistence.format import size_bytes
from crdb.replica import Settings
from tests.regions import Regions

ROUNDS = 50
WRITES_A_ROUND = 10


def traffic(count: int, causal: bool) -> tuple[int, int]:
    """(messages with writes, bytes of all) between so many regions."""
    regions = Regions(count, Settings(causal=causal))
    carrying = size = 0
    for turn in range(ROUNDS):
        for write in range(WRITES_A_ROUND):
            region = 1 + (turn + write) % count
            regions.say(region, f"SET key:{turn * WRITES_A_ROUND + write} some-value")
        regions.tick()
        while regions.flight:
            _, message = regions.flight[0]
            carrying += bool(getattr(message, "writes", ()))
            size += size_bytes(message)
            regions.deliver()
        regions.now_us += 10_000
    return carrying, size


def measure() -> dict[str, float]:
    """Ratios of the two runs, for 2 to 5 regions."""
    ratios = {}
    for count in (2, 3, 4, 5):
        (messages, size), (messages_off, size_off) = traffic(count, True), traffic(count, False)
        ratios[f"messages_{count}_regions"] = messages / messages_off
        ratios[f"bytes_{count}_regions"] = size / size_off
    return ratios


if __name__ == "__main__":
    for name, ratio in measure().items():
        print(f"{name:22} {ratio:6.2f} x without")
