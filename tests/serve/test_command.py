"""`crdb serve`, as it is typed: what it says, that it ends when told to, what it refuses."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from sim.cli import status_of


def test_it_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sim", "serve", "three-cities", "--port", "23450"]
    more = ["--tls", "--out", str(tmp_path), "--speed", "10", "--variant", "partition"]
    process = subprocess.Popen(
        [*command, *more],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "CRDB_PASSWORD": "s3cret", "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        found = re.search(r"East US +redis-cli -h (\S+) -p (\d+) --tls --cacert (.+)", lines[1])
        assert found is not None, lines
        host, port, trusted = found.groups()
        with redis.Redis(
            host, int(port), password="s3cret", ssl=True, ssl_ca_certs=trusted
        ) as client:
            assert client.ping()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "no scenario 'nowhere'"),
        (["three-cities", "--speed", "0"], "speed 0: expected more than 0"),
        (["three-cities", "--address", "0.0.0.0"], "expected a password with it"),
        (["three-cities", "--address", "localhost"], "'localhost' does not appear to be"),
        (["three-cities", "--variant", "clam"], "did you mean 'calm'?"),
        (["three-cities", "--certificate", "x"], "expected --tls with them"),
        (["three-cities", "--tls", "--key", "x"], "expected both of them, or neither"),
        (["three-cities", "--tls", "--key", "x", "--certificate", "y"], "expected PEM files"),
        (["three-cities", *["--password", "a"] * 3], "passwords: expected up to 2"),
    ],
)
def test_what_cannot_be_served_is_refused_in_a_line(
    capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert status_of(["serve", *words]) == 2
    line = capsys.readouterr().err
    assert said in line
    assert line.count("\n") == 1
