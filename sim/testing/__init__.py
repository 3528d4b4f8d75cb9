"""Property tests of your own asyncio code: unmodified clients, simulated regions, every schedule.

>>> from redis.asyncio import Redis
>>> @under_faults(["West Europe", "East US"], partitions() | skews())
... async def claims_once(world):
...     async def claim(region):
...         async with Redis(host=world.host(region)) as redis:
...             return await redis.set("payment:17", region, nx=True)
...
...     granted = await world.everywhere(claim)
...     assert granted.count(True) <= 1
>>> print(counterexample(claims_once).story)
claims_once: AssertionError
  assert granted.count(True) <= 1
no faults, 2 operations, seed 0
<BLANKLINE>
  0:00.001  client 1 in East US: SET payment:17 "East US" NX → OK
  0:00.002  client 2 in West Europe: SET payment:17 "West Europe" NX → OK
  0:00.002  the program ends with AssertionError
  0:00.002  the work is over, and everything is healed
  0:00.054  West Europe learns what East US wrote 52.1 ms before
  0:00.054  East US learns what West Europe wrote 52.4 ms before
  in the end payment:17 holds 'West Europe' in every region

`under_faults` makes a test of Hypothesis; what fails is shrunk, told, drawn, and can be replayed.
"""

from sim.settings import ClusterSettings as ClusterSettings
from sim.testing.counterexamples import Counterexample as Counterexample
from sim.testing.property import Property as Property
from sim.testing.property import counterexample as counterexample
from sim.testing.property import replay as replay
from sim.testing.property import under_faults as under_faults
from sim.testing.replays import AnotherRun as AnotherRun
from sim.testing.replays import NoReplay as NoReplay
from sim.testing.schedule import Schedule as Schedule
from sim.testing.stage import Stage as Stage
from sim.testing.strategies import Faults as Faults
from sim.testing.strategies import amnesias as amnesias
from sim.testing.strategies import any_faults as any_faults
from sim.testing.strategies import cluster_faults as cluster_faults
from sim.testing.strategies import drifts as drifts
from sim.testing.strategies import duplicates as duplicates
from sim.testing.strategies import hangs as hangs
from sim.testing.strategies import idle_cuts as idle_cuts
from sim.testing.strategies import losses as losses
from sim.testing.strategies import outages as outages
from sim.testing.strategies import partitions as partitions
from sim.testing.strategies import power_losses as power_losses
from sim.testing.strategies import refusals as refusals
from sim.testing.strategies import reorderings as reorderings
from sim.testing.strategies import resets as resets
from sim.testing.strategies import restores as restores
from sim.testing.strategies import schedules as schedules
from sim.testing.strategies import skews as skews
from sim.testing.strategies import slowdowns as slowdowns
from sim.testing.strategies import some_regions as some_regions
