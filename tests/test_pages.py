"""The generated pages say what running them says now."""

from pathlib import Path

from sim.claims import page

DOCS = Path(__file__).parent.parent / "docs"


def test_the_claims_are_what_was_measured() -> None:
    """Write it anew with `python -m sim.claims > docs/claims.md`."""
    assert (DOCS / "claims.md").read_text(encoding="utf-8") == page()
