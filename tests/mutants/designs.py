"""Mutants: the designs as redis-py code, and what records them."""

from tests.mutants import Mutant

MUTANTS = [
    Mutant(
        "one region decides each payment",
        "designs/home_region.py",
        "home = names[crc32(payment.id.encode()) % len(names)]",
        "home = shop.here",
        "designs/test_designs.py::test_home_region_never_grants_twice_and_refuses",
        top="sim",
    ),
    Mutant(
        "two votes are needed",
        "designs/quorum_claim.py",
        "MAJORITY = 2",
        "MAJORITY = 1",
        "designs/test_designs.py::test_quorum_claim_never_captures_twice",
        top="sim",
    ),
    Mutant(
        "a vote is the voter's own",
        "designs/quorum_claim.py",
        'return mine if granted else await redis.get(key) or ""',
        "return mine",
        "designs/test_designs.py::test_quorum_claim_never_captures_twice",
        top="sim",
    ),
    Mutant(
        "what has had no reply may have happened",
        "recorded.py",
        "        self._enter_all(asked)\n        await super().disconnect",
        "        await super().disconnect",
        "designs/test_designs.py::TestHistory::test_every_attempt_is_an_operation",
        top="sim",
    ),
    Mutant(
        "clients find the new primary under its name",
        "failover.py",
        "        self._seen(region)\n",
        "",
        "designs/test_designs.py::test_passive_replica_follows_the_name_that_is_switched",
        top="sim",
    ),
    Mutant(
        "what a task raises ends the run",
        "aio/loop.py",
        "raise self._errors[0]",
        "pass",
        "aio/test_hosted.py::test_what_it_raises_ends_the_run",
        top="sim",
    ),
]
