"""The generated pages say what running them says now."""

from pathlib import Path

import pytest

from crdb import registry
from crdb.crdts.base import CRDT
from sim import clients_page, conflicts, pages
from sim.claims import page, payments
from tests.commands import differences

DOCS = Path(__file__).parent.parent / "docs"
PAYMENTS = (DOCS / "payments.md").read_text(encoding="utf-8")
RATES = pages.block(PAYMENTS, "rates")
README = (DOCS.parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_claims_are_what_was_measured() -> None:
    """Write it anew with `python -m sim.claims > docs/claims.md`."""
    assert (DOCS / "claims.md").read_text(encoding="utf-8") == page()


def test_the_conflicts_are_what_the_regions_read() -> None:
    """Write it anew with `python -m sim.conflicts > docs/conflicts.md`."""
    assert (DOCS / "conflicts.md").read_text(encoding="utf-8") == conflicts.page()


def test_the_differences_are_those_of_the_comparison() -> None:
    """Write it anew with `python -m tests.commands.differences > docs/differences.md`."""
    assert (DOCS / "differences.md").read_text(encoding="utf-8") == differences.page()


def test_every_type_and_deadline_has_its_conflicts() -> None:
    kinds = [each for each in registry.classes("crdb.crdts", CRDT) if hasattr(each, "rank")]  # type: ignore[type-abstract]
    modules = {each.__module__.rpartition(".")[2] for each in kinds}
    begun = {
        type(state).__module__.rpartition(".")[2]
        for story in conflicts.stories().values()
        for state in conflicts.begun(story)
    }
    assert begun == modules


@pytest.mark.slow
@pytest.mark.parametrize("name", pages.OF_ONE_SEED)
def test_the_tables_of_one_seed_are_what_was_measured(name: str) -> None:
    """Write them anew with `python -m sim.pages docs`."""
    assert pages.block(PAYMENTS, name) == pages.OF_ONE_SEED[name]()


@pytest.mark.slow
def test_the_picture_is_of_the_payment_that_the_page_names() -> None:
    """Write it anew with `python -m sim.pages docs`."""
    drawn = payments(*pages.DRAWN).drawn
    assert f"payment {drawn} of this seed" in PAYMENTS
    assert f"Payment {drawn} of `crdb run payments --seed 0`" in README
    assert f"both grant payment {drawn}," in (DOCS / "one-duplicate.png").read_bytes().decode(
        "latin-1"
    )


def test_the_rates_of_many_seeds_are_what_follows_from_the_inputs() -> None:
    """Only read here; measured by `python -m sim.pages docs --rates`, which takes ten minutes."""
    rows = [line.strip("| ").split(" | ") for line in RATES.splitlines()[2:]]
    assert [(row[0], row[1]) for row in rows] == pages.courses()
    twice = {(row[0], row[1]): int(row[3]) for row in rows}
    _, _, seeds, _, a_run, share = next(row for row in rows if row[:2] == ["partition", "set-nx"])
    # The inputs say 0.6 %, and a binomial count of 1,000 has a standard deviation of 0.02 %.
    assert seeds == "0–63"
    assert 0.52 < float(share.removesuffix(" %")) < 0.68
    assert twice["partition", "downstream-unique"] == 0
    assert twice["incident", "home-region"] == twice["partition", "home-region"] == 0
    assert f"set-nx captures {a_run} payments a run twice ({share})" in README


def test_a_page_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="no marks for 'rates'"):
        pages.put("# Claims", "rates", "")


@pytest.mark.slow
def test_the_experiments_with_clients_are_what_was_measured() -> None:
    """Write it anew with `python -m sim.clients_page > docs/clients.md`."""
    assert (DOCS / "clients.md").read_text(encoding="utf-8") == clients_page.page()
