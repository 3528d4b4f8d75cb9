"""The wheel is what users install: all of both packages in it, and the same run to the byte."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parent.parent
RUN = ["run", "three-cities", "--json", "--seed", "7"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # Without isolation nothing is downloaded: the backend comes with the test extra.
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*build, str(ROOT)], check=True, capture_output=True)
    (built,) = folder.glob("crdb_sim-*.whl")
    return built


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment with the wheel, outside the checkout.

    It borrows the dependencies of the environment under test by a path line. A path so added has
    its own .pth files ignored, so an editable install of the checkout there stays invisible.
    """
    home = tmp_path_factory.mktemp("elsewhere") / "venv"
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index"]
    subprocess.run([*install, "--no-deps", str(wheel)], check=True, capture_output=True)
    places = {"base": str(home), "platbase": str(home)}
    site_packages = Path(sysconfig.get_path("purelib", "venv", vars=places))
    (site_packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python.parent


def without_pythonpath() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def test_the_wheel_holds_every_file_of_both_packages(wheel: Path) -> None:
    ours = {
        file.relative_to(ROOT).as_posix()
        for top in ("crdb", "sim")
        for file in (ROOT / top).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert {"crdb/py.typed", "sim/py.typed", "sim/data/azure_rtt_ms.csv"} <= ours
    packed = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert packed == ours


def test_the_installed_packages_are_the_wheels_own(elsewhere: Path, tmp_path: Path) -> None:
    where = "import crdb, sim; print(crdb.__file__, sim.__file__, sep='\\n')"
    found = subprocess.run(
        [elsewhere / "python", "-c", where],
        cwd=tmp_path,
        env=without_pythonpath(),
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    assert [Path(file).is_relative_to(elsewhere.parent) for file in found] == [True, True]


def test_the_installed_command_runs_as_the_checkout_does(elsewhere: Path, tmp_path: Path) -> None:
    places = {"checkout": ROOT, "wheel": tmp_path}
    environments = {
        "checkout": without_pythonpath() | {"PYTHONPATH": str(ROOT)},
        "wheel": without_pythonpath(),
    }
    starts = {
        "checkout": [sys.executable, "-c", "from sim.cli import main; main()"],
        "wheel": [str(elsewhere / "crdb")],
    }
    running = {
        place: subprocess.Popen(
            [*starts[place], *RUN, "--out", str(tmp_path / place)],
            cwd=places[place],
            env=environments[place],
            stdout=subprocess.PIPE,
            text=True,
        )
        for place in places
    }
    replies = {place: process.communicate()[0] for place, process in running.items()}
    assert {process.returncode for process in running.values()} == {0}
    checkout, installed = (json.loads(replies[place])["fingerprint"] for place in places)
    assert installed == checkout
