"""Server benchmark: `crdb serve` with one region, beside redis-server and fakeredis' TCP server.

`redis-benchmark` asks all of them, in rounds one after the other; the figures are requests per
second, and medians of the ratios within a round. Needs redis-server and redis-benchmark (Debian's
packages redis-server and redis-tools); what is missing is left out.

    python -m tests.bench.bench_serve
"""

import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median
from time import monotonic

ROUNDS = 3
TESTS = ("SET", "GET", "INCR", "SADD")
FLOORS = {"redis-server": (0.35, 0.12), "fakeredis": (2, 50)}
"""Without pipelining, and with 16 requests in each segment."""

SCENARIO = """\
title = "One region"
regions = ["West Europe"]
[workload]
kind = "recorded"
"""

FAKE = """\
import sys
from fakeredis import TcpFakeServer
TcpFakeServer(("127.0.0.1", int(sys.argv[1])), server_type="redis").serve_forever()
"""


@contextmanager
def running(*command: str, port: int) -> Iterator[int]:
    """A server in a process of its own, once it takes calls."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if monotonic() > end or process.poll() is not None:
                    raise
        yield port
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def ask(port: int, count: int, *options: str) -> dict[str, float]:
    """Requests per second of each test."""
    command = ["redis-benchmark", "-p", str(port), "-n", str(count), "--csv"]
    told = subprocess.run(
        [*command, "-t", ",".join(TESTS), *options], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.replace('"', "").split(",") for line in told.splitlines()]
    return {row[0]: float(row[1]) for row in rows if row[0] in TESTS}


def compare(who: str, ours: int, theirs: int, name: str, *clients: str) -> None:
    """Print how one stands to another, without and with pipelining."""
    for floor, pipelined in zip(FLOORS[name], (False, True), strict=True):
        options = [*clients, *(["-P", "16"] if pipelined else [])]
        count = 100_000 if pipelined else 20_000
        # With a pipeline it answers some hundreds a second.
        theirs_count = 4_000 if pipelined and name == "fakeredis" else count
        rounds = [
            (ask(ours, count, *options), ask(theirs, theirs_count, *options)) for _ in range(ROUNDS)
        ]
        for test in TESTS:
            ratio = median(we[test] / they[test] for we, they in rounds)
            figure = median(we[test] for we, _ in rounds)
            shown = f"{who} {test:5} {' '.join(options) or '-c 50':12} {figure:9,.0f} op/s"
            print(f"{shown}: {ratio:7.2f} times {name}, floor {floor}")


def main() -> None:
    if shutil.which("redis-benchmark") is None:
        print("bench_serve: redis-benchmark is not installed")
        return
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        scenario = Path(folder) / "one.toml"
        scenario.write_text(SCENARIO, encoding="utf-8")
        port = free_port()
        command = (sys.executable, "-m", "sim", "serve", str(scenario), "--port", str(port))
        ours = stack.enter_context(running(*command, port=port))
        real = None
        if shutil.which("redis-server") is not None:
            port = free_port()
            server = ("redis-server", "--port", str(port), "--save", "", "--dir", folder)
            real = stack.enter_context(running(*server, port=port))
            compare("ours", ours, real, "redis-server")
        port = free_port()
        fake = stack.enter_context(running(sys.executable, "-c", FAKE, str(port), port=port))
        compare("ours", ours, fake, "fakeredis", "-c", "1")
        if real is not None:
            # What a round trip allows here: with one client, nobody does more.
            compare("redis-server", real, fake, "fakeredis", "-c", "1")


if __name__ == "__main__":
    main()
