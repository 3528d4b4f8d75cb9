"""A design that holds: claims as in the broken one, but the acquirer takes each payment only once.

The acquirer is a program of its own, at one of the regions, with a unique constraint on payments:
where the money moves there is one place that decides.
"""

import asyncio
from contextlib import suppress

from sim.testing import Stage, under_faults
from tests.testing.programs.set_nx import FAULTS, REGIONS, claim

HOST, PORT = "acquirer.example", 8080


class Acquirer:
    """Takes money once for each payment, and says whether it has."""

    def __init__(self) -> None:
        self.captured: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        payment = (await reader.readline()).decode().strip()
        if payment not in self.captured:
            self.captured.append(payment)
        writer.write(b"captured\n")
        writer.close()


@under_faults(REGIONS, FAULTS)
async def captures_once(world: Stage) -> None:
    acquirer = Acquirer()
    await asyncio.start_server(acquirer.serve, HOST, PORT)

    async def pay(region: str) -> None:
        if await claim(world, region):
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(5):
                    reader, writer = await asyncio.open_connection(HOST, PORT)
                    writer.write(b"payment:17\n")
                    await reader.readline()

    await world.everywhere(pay)
    assert acquirer.captured in ([], ["payment:17"])
