"""Hypothesis profiles: `ci` finds the same examples every time, `deep` goes looking for new ones.
`mutants` is for programs that are broken on purpose.

`pytest --hypothesis-profile=deep` or HYPOTHESIS_PROFILE=deep in the environment chooses.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

# A wall-clock deadline or health check would fail on a busy machine, not on a wrong program.
settings.register_profile(
    "ci",
    derandomize=True,
    max_examples=60,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
# For a program that is broken on purpose: that it fails is all that counts. More examples, as any
# change to the program shifts what is drawn, and a test may have found this fault by luck.
settings.register_profile(
    "mutants",
    settings.get_profile("ci"),
    max_examples=600,
    phases=[Phase.explicit, Phase.generate],
)
settings.register_profile(
    "deep",
    settings.get_profile("ci"),
    derandomize=False,
    max_examples=3_000,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many histories of a small world were played (`tests/crdb/test_small_scope.py`)."""
    counts = [
        count
        for report in terminalreporter.getreports("passed")
        for name, count in report.user_properties
        if name == "histories"
    ]
    if counts:
        told = f"all {sum(counts):,} histories of {len(counts)} types converge as specified"
        terminalreporter.write_line(f"small scope: {told}")
