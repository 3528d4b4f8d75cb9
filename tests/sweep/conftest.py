"""A scenario with payments that is over in the blink of an eye, and a cluster in small."""

from collections.abc import Iterator

import pytest
from distributed import LocalCluster

from sim.scenario import Scenario, changed, load

SHORT = [
    "protocols=['set-nx', 'downstream-unique']",
    "checkers=['duplicate-capture']",
    "horizon=3m",
    "workload.lasts=30s",
    "workload.answer_loss=0.3",
    'variants=[{name="calm", risk={"set-nx"=["duplicate-capture"]}}]',
    "sync.batch_interval=20s",
]


@pytest.fixture(scope="session")
def short() -> Scenario:
    """Two protocols for half a minute, with so many lost answers and such a lag that some payments
    are captured twice."""
    return changed(load("payments"), SHORT)


@pytest.fixture(scope="package")
def scheduler() -> Iterator[str]:
    """The address of a dask.distributed scheduler with two workers, each a process."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address
