"""The command `crdb serve`."""

import asyncio
import signal
from typing import Annotated

import typer

from sim.arguments import ScenarioName, Sets
from sim.scenario import changed, load
from sim.serve.server import LOOPBACK, Server


def serve_(
    scenario: ScenarioName,
    port: Annotated[
        int, typer.Option(min=1, max=65_000, help="The first region's; the others follow.")
    ] = 10_000,
    speed: Annotated[
        float, typer.Option(metavar="N", help="Simulated seconds in a real one.")
    ] = 1.0,
    settings: Sets = None,
) -> None:
    """Serve the regions of a scenario on real sockets, in real time, until interrupted."""
    if not speed > 0:
        raise typer.BadParameter(f"--speed {speed:g}; expected more than 0")
    server = Server(changed(load(scenario), settings or ()), port=port, speed=speed)
    try:
        asyncio.run(_serve(server))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise typer.BadParameter(f"--port {port}: {reason}; choose another") from None


async def _serve(server: Server) -> None:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, over.set)
    async with server:
        for region, port in server.ports.items():
            typer.echo(f"{region:<24} redis-cli -h {LOOPBACK} -p {port}")
        await over.wait()
