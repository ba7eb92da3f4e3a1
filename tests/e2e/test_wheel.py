"""Wheel and source distribution: what they carry, and the commands run outside the clone."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("adapter", "contracts", "sandbox")
PLUGIN = "imt_spectrum_sandbox.py"
# The packages come from the wheel alone, and what they depend on from this environment.
RUN = """
import runpy, sys
unpacked, program = sys.argv[1:3]
del sys.argv[1:3]
sys.path.insert(0, unpacked)
import adapter, contracts, imt_spectrum_sandbox, sandbox
ours = (adapter, contracts, imt_spectrum_sandbox, sandbox)
assert all(package.__file__.startswith(unpacked) for package in ours)
runpy.run_module(program, run_name="__main__", alter_sys=True)
"""

pytestmark = pytest.mark.skipif(
    find_spec("hatchling") is None and "CI" not in os.environ, reason="pip install hatchling"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build both from this clone, without the network; return the wheel and the other one."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,), (source,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, source


@pytest.fixture(scope="module")
def unpacked(built, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(built[0]) as wheel:
        wheel.extractall(folder)  # noqa: S202  # our own
    return folder


@pytest.fixture
def run(unpacked, tmp_path):
    """Run a command from the unpacked wheel in an empty folder, and return what it said."""

    def run(*arguments):
        command = [sys.executable, "-I", "-c", RUN, str(unpacked), *arguments]
        told = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
        assert told.returncode == 0, told.stderr
        return told.stdout

    return run


def tracked():
    """Return every file that is, or is about to be, committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return {name for name in told.stdout.splitlines() if (ROOT / name).is_file()}


def test_wheel_carries_every_file_of_the_packages_and_no_other(built):
    with zipfile.ZipFile(built[0]) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    carried = {*PACKAGES, PLUGIN}
    assert names == {name for name in tracked() if name.split("/")[0] in carried}
    assert {f"{package}/py.typed" for package in PACKAGES} <= names


def test_source_distribution_carries_what_is_committed_and_no_other(built):
    with tarfile.open(built[1]) as source:
        names = {member.name.partition("/")[2] for member in source if member.isfile()}
    assert names - {"PKG-INFO"} <= tracked()
    wanted = (*PACKAGES, PLUGIN, "docs", "tests", "pyproject.toml", "README.md")
    assert {name for name in tracked() if name.split("/")[0] in wanted} <= names


def test_the_payment_day_is_played_from_the_wheel(run):
    told = json.loads(run("sandbox", "demo", "--first-day", "--json"))
    assert told["audit"]["clean"]
    assert told["cash"]["balances"]


def test_commands_run_from_the_wheel(run):
    assert "bif" in run("adapter", "--help")
    assert json.loads(run("sandbox", "assumptions", "--json"))
    run("adapter", "bif", "sample", "--invoices", "3", "--out", "sample.BIF")


SUITE = """
import pytest


def test_a_payment_reaches_spectrum(world, adapter):
    world.clock.advance("1h")
    bill = world.state()["invoice_cloud"]["bills"][0]
    world.pay(bill["invoice_number"])
    world.clock.advance("5m")
    assert world.journal(operation="OnlineReceipt")


@pytest.mark.world(billers=2)
def test_worlds_are_isolated(world, make_world):
    world.faults.arm("sever", partner="imt", operation="*")
    assert make_world().control("GET", "faults") == {"faults": []}
"""


def test_a_strangers_suite_finds_the_plugin_by_its_entry_point(run, tmp_path):
    (tmp_path / "test_mine.py").write_text(SUITE)
    told = run("pytest", "-n", "2", "-p", "no:cacheprovider", "--junitxml=junit.xml")
    assert "2 passed" in told
    assert 'failures="0"' in (tmp_path / "junit.xml").read_text()
