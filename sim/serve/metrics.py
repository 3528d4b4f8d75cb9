"""Metrics: what a server counts, as Prometheus reads it, over HTTP on a port of its own.

    GET /metrics

Source: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.serve.process import memory_bytes

if TYPE_CHECKING:
    from sim.serve.server import Server

TYPE = "text/plain; version=0.0.4; charset=utf-8"

HEAD_BYTES_MAX = 16 * 1024
PATIENCE_S = 5


async def listen(server: "Server", address: str, port: int) -> asyncio.Server:
    """Answer on a port; 0 takes any that is free. Raises OSError."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                head = await reader.readuntil(b"\r\n\r\n")
                asked = head.split(b" ", 2)[:2] == [b"GET", b"/metrics"]
                body = text(server) if asked else "only GET /metrics is answered\n"
                writer.write(_response("200 OK" if asked else "404 Not Found", body))
                await writer.drain()
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            pass  # Whoever does not speak HTTP, or not now, is left.
        finally:
            writer.close()

    return await asyncio.start_server(answer, address, port, limit=HEAD_BYTES_MAX)


def _response(status: str, body: str) -> bytes:
    data = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {TYPE}\r\nContent-Length: {len(data)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + data


def text(server: "Server") -> str:
    """All metrics."""
    lines: list[str] = []
    seen: set[str] = set()
    for name, kind, about, labels, value in _samples(server):
        if name not in seen:
            seen.add(name)
            lines += [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]
        shown = ",".join(f'{label}="{_escaped(of)}"' for label, of in labels.items())
        lines.append(f"{name}{{{shown}}} {value}" if shown else f"{name} {value}")
    return "\n".join(lines) + "\n"


def _escaped(word: str) -> str:
    return word.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


Sample = tuple[str, str, str, dict[str, str], float]


def _samples(server: "Server") -> Iterator[Sample]:
    """In order of the metrics, as the format wants all of one together."""
    fronts = server.fronts.values()
    for front in fronts:
        here = {"region": front.region.name}
        yield "crdb_up", "gauge", "Whether the region runs.", here, int(front.region.up)
    for front in fronts:
        here = {"region": front.region.name}
        yield "crdb_connected_clients", "gauge", "Connections.", here, len(front.connections)
    for front in fronts:
        for name, cost in front.counts.by_command().items():
            here = {"region": front.region.name, "command": name.decode(errors="replace")}
            yield "crdb_commands_total", "counter", "Requests executed.", here, cost.calls
    for front in fronts:
        for error, count in sorted(front.counts.replies_of_errors.items()):
            here = {"region": front.region.name, "error": error}
            yield "crdb_errors_total", "counter", "Error replies.", here, count
    for front in fronts:
        for source, lag_us in server.lags(front.region.name).items():
            way = {"source": source, "target": front.region.name}
            about = "How long the last writes took to show."
            yield "crdb_replication_lag_seconds", "gauge", about, way, lag_us / 1e6
    about = "Resident memory of all regions together."
    yield "crdb_memory_bytes", "gauge", about, {}, memory_bytes()[0]
