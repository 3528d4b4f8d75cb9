"""asyncio in virtual time: the loop, the wires below it, and the real redis-py client."""
