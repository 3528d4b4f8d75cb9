"""Mutants: what an application under load sees of a cluster that moves."""

from tests.mutants import Mutant

MUTANTS = [
    Mutant(
        "keys on their way keep both shards busy",
        "cluster/operations.py",
        "self._occupy(move, keys)",
        "pass",
        "sim/test_load.py::test_keys_on_their_way_keep_requests_waiting_behind_a_proxy_too",
        top="sim",
    ),
    Mutant(
        "who takes MOVED for an error is told of it",
        "workloads/load.py",
        "client.moved_is_fatal = self._fatal",
        "pass",
        "sim/test_load.py::test_who_takes_moved_for_an_error_has_an_outage_that_does_not_end",
        top="sim",
    ),
    Mutant(
        "what a variant sets is set",
        "scenario.py",
        "return changed(msgspec.structs.replace(scenario, variants=(plain,)), variant.settings)",
        "return msgspec.structs.replace(scenario, variants=(plain,))",
        "sim/test_load.py::test_a_wait_that_grows_outlasts_a_failover_with_a_third_of_the_attempts",
        top="sim",
    ),
    Mutant(
        "a share of all keys drawn is the hot one",
        "workloads/load.py",
        "return 0 if dice.raw() < hot else dice.below(bound)",
        "return dice.below(bound)",
        "sim/test_load.py::test_a_hot_key_shows_in_p99_more_than_in_the_mean",
        top="sim",
    ),
]
