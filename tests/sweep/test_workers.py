"""Workers: results come in the order of the tasks, whoever did them and whoever was lost."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sim.workers import VAIN_ROUNDS_MAX, NoWorkers, Workers, cluster, gather, processes
from tests.sweep.crews import Backwards, Breaking, dies_always, dies_once, one_after_the_other

NUMBERS = [3, 1, 4, 1, 5]


def square(number: int) -> int:
    return number * number


def test_results_are_in_the_order_of_the_tasks_and_each_is_told():
    told = []
    found = gather(
        square, NUMBERS, Workers(lambda: Backwards(5)), lambda task, done: told.append(done)
    )
    assert found == [9, 1, 16, 1, 25]
    assert told == [1, 2, 3, 4, 5]


def test_no_tasks_need_no_workers():
    assert gather(square, [], one_after_the_other()) == []


def test_what_a_task_raises_is_raised_and_not_tried_again():
    workers = one_after_the_other(lambda: ThreadPoolExecutor(1))
    with pytest.raises(ZeroDivisionError):
        gather(lambda number: 1 // number, [1, 0, 2], workers)


def test_what_a_broken_executor_has_not_done_the_next_one_does():
    workers = one_after_the_other(lambda: Breaking(2), lambda: Breaking(1), lambda: Breaking(9))
    calls = []

    def work(number: int) -> int:
        calls.append(number)
        return square(number)

    assert gather(work, NUMBERS, workers) == [9, 1, 16, 1, 25]
    assert calls == NUMBERS


def test_rounds_in_vain_are_counted_anew_after_a_result():
    crews = [0, 0, 1, 0, 0, 4]
    workers = one_after_the_other(*(lambda good=good: Breaking(good) for good in crews))
    assert gather(square, NUMBERS, workers) == [9, 1, 16, 1, 25]


def test_workers_that_never_bring_a_result_are_given_up():
    workers = one_after_the_other(*[lambda: Breaking(0)] * VAIN_ROUNDS_MAX)
    with pytest.raises(NoWorkers, match=r"5 of 5 tasks were lost 3 times .* the first is 3"):
        gather(square, NUMBERS, workers)


def test_a_process_that_is_killed_costs_no_result(tmp_path: Path):
    tasks = [(tmp_path / "mark", number) for number in NUMBERS]
    assert gather(dies_once, tasks, processes(2)) == [9, 1, 16, 1, 25]
    assert (tmp_path / "mark").exists()


def test_a_task_that_kills_whoever_takes_it_ends_the_work():
    with pytest.raises(NoWorkers, match="the first is 3"):
        gather(dies_always, [1, 3], processes(1))


def test_a_worker_of_a_cluster_that_is_killed_costs_no_result(scheduler: str, tmp_path: Path):
    tasks = [(tmp_path / "mark", number) for number in NUMBERS]
    assert gather(dies_once, tasks, cluster(scheduler)) == [9, 1, 16, 1, 25]
    assert (tmp_path / "mark").exists()


def test_a_scheduler_that_does_not_answer_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sim.workers.CONNECT_S", 0.5)
    address = "tcp://127.0.0.1:1"
    with pytest.raises(NoWorkers, match=f"--scheduler {address}: .*expected the address"):
        gather(square, NUMBERS, cluster(address))
