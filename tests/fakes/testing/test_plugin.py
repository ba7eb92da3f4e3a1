"""The pytest plugin as a stranger's suite sees it, each suite in a process of its own."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.testing import serve

ROOT = Path(__file__).parents[3]
PLUGIN = "imt_spectrum_sandbox"
DOCUMENT = ROOT / "docs/testing-your-client.md"

pytest_plugins = ["pytester"]


@pytest.fixture
def run(pytester, monkeypatch):
    """Run a suite with the plugin, warnings being errors."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    def run(*arguments):
        flags = ("-p", PLUGIN, "-W", "error", "--strict-markers", *arguments)
        return pytester.runpytest_subprocess(*flags)

    return run


@pytest.fixture
def documented(pytester):
    """Put the document's files into the suite's folder, and return that folder."""
    found = re.findall(r"`(\w+\.py)`:\n\n((?:    .*\n|\n)+)", DOCUMENT.read_text())
    for name, block in found:
        text = re.sub("^    ", "", block, flags=re.MULTILINE)
        (pytester.path / name).write_text(text)
    assert len(found) == 4
    return pytester.path


def test_the_document_is_followed_to_the_letter(run, documented):
    assert run("-n", "2", "test_receipts.py", "test_by_payment.py").ret == 0
    command = [sys.executable, "-m", "unittest", "test_by_unittest"]
    told = subprocess.run(command, cwd=documented, check=False, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr


def test_the_bug_of_the_document_is_told_by_its_report_alone(run, documented):
    client = documented / "receipts.py"
    right = 'raise InDoubtError(receipt["referenceNumber"]) from error'
    wrong = 'answer = self._http.post("/api/OnlineReceipt", json=receipt)'
    assert right in client.read_text()
    client.write_text(client.read_text().replace(right, wrong))
    told = run("test_receipts.py", f"--basetemp={documented / 'kept'}", "--junitxml=junit.xml")
    told.assert_outcomes(passed=2, failed=1)
    shown = re.findall(r"^    (2026-.*|The auditor.*)$", DOCUMENT.read_text(), re.MULTILINE)
    assert len(shown) == 4
    told.stdout.fnmatch_lines(["*- world test-2 -*", *shown, "kept in *"])
    assert "receipt 1002 for 731.37 applied" in (documented / "junit.xml").read_text()

    (kept,) = re.findall(r"^kept in (.*)$", told.stdout.str(), re.MULTILINE)
    folder = Path(kept)
    assert folder.is_relative_to(documented / "kept")
    entries = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    assert {entry["operation"] for entry in entries} == {"Token", "OnlineReceipt"}
    assert shown[0] in (folder / "timeline.txt").read_text()
    assert json.loads((folder / "audit.json").read_text())["clean"]
    assert len(json.loads((folder / "state.json").read_text())["spectrum"]["receipts"]) == 2


def test_worlds_are_isolated_virtual_and_as_options_and_marker_say(run, pytester):
    pytester.makepyfile(
        """
        from datetime import UTC, datetime, timedelta

        import pytest

        NAMES = set()


        @pytest.fixture
        def sandbox_options():
            return {"seed": 5, "open_invoices": 3}


        @pytest.mark.parametrize("number", [1, 2])
        def test_fresh(world, number):
            assert world.name not in NAMES
            NAMES.add(world.name)
            assert world.clock.now() == datetime(2026, 1, 5, 8, tzinfo=UTC)
            assert world.journal() == []
            world.faults.arm("sever", partner="spectrum", operation="Token")
            assert len(world.control("GET", "faults")["faults"]) == 1
            world.faults.disarm()
            assert world.clock.advance("2h") == {}
            world.clock.advance(timedelta(minutes=1))
            world.clock.run_until(datetime(2026, 1, 6, tzinfo=UTC))
            world.clock.run_until("2026-01-07T00:00:00Z")
            assert world.clock.now() == datetime(2026, 1, 7, tzinfo=UTC)
            with pytest.raises(ValueError, match="tomorrow"):
                world.clock.advance("tomorrow")
            assert (world.seed, len(world.state()["spectrum"]["invoices"])) == (5, 3)


        @pytest.mark.world(billers=2, seed=9, spectrum_deduplicates=False)
        def test_marked(world, make_world):
            assert (world.seed, len(world.billers)) == (9, 2)
            assert not world.control("GET", "behaviours")["spectrum_deduplicates"]
            other = make_world(seed=4, start=datetime(2026, 2, 1, tzinfo=UTC))
            assert (other.seed, other.clock.now().month) == (4, 2)
            assert other.spectrum.base_url.startswith(other.base_url)
            assert other.invoice_cloud.wsdl_urls["UploadInvoiceFile"].startswith(other.base_url)
            assert other.imt.password != other.spectrum.rtdr.password
        """
    )
    told = run()
    told.assert_outcomes(passed=3)


def test_a_broken_invariant_is_an_error_unless_the_marker_says_otherwise(run, documented):
    """A receipt in Invoice Cloud's name has no payment there."""
    (documented / "test_broken.py").write_text(
        """
import pytest
from test_receipts import client, receipt


def post_from_nowhere(client, receipt):
    client.post_receipt({**receipt, "onlineVendor": "InvoiceCloud"})


def test_broken(client, receipt):
    post_from_nowhere(client, receipt)


@pytest.mark.world(audit=False)
def test_broken_on_purpose(client, receipt):
    post_from_nowhere(client, receipt)


def test_failing_with_it(client, receipt):
    post_from_nowhere(client, receipt)
    assert not receipt
"""
    )
    told = run("--sandbox-keep=none", "test_broken.py")
    told.assert_outcomes(passed=2, errors=1, failed=1)
    broken = "BROKEN 2: no InvoiceCloud receipt without a payment"
    told.stdout.fnmatch_lines(
        ["*ERROR at teardown of test_broken *", "an invariant is broken", "*applied", broken]
    )
    told.stdout.fnmatch_lines(["*= FAILURES =*", "*- world test-3 -*", "*applied", broken])
    assert "kept in" not in told.stdout.str()


def test_wrong_options_are_named_at_once_and_wrong_values_by_their_rule(run, pytester):
    pytester.makepyfile(
        """
        import pytest


        @pytest.mark.world(sed=1, biler=2)
        def test_names(world):
            pass


        @pytest.mark.world(7)
        def test_no_name(world):
            pass


        @pytest.mark.world(billers=9)
        def test_value(world):
            pass
        """
    )
    told = run()
    told.assert_outcomes(errors=3)
    options = "seed, start, billers, open_invoices, spectrum_deduplicates, audit"
    told.stdout.fnmatch_lines(
        [
            f"a world has no option 'sed', 'biler'; there are: {options}",
            f"@pytest.mark.world takes names alone: {options}",
            "billers = 9: *",
        ]
    )
    assert "During handling" not in told.stdout.str()


def test_a_sandbox_that_runs_already_is_used_and_left_clean(run, pytester):
    pytester.makepyfile(
        """
        def test_there(world, sandbox, pytestconfig):
            assert sandbox.url == pytestconfig.getoption("--sandbox-url")


        def test_no_adapter(adapter):
            pass
        """
    )
    with serve() as running:
        mine = running.create_world("mine")
        told = run(f"--sandbox-url={running.url}")
        told.assert_outcomes(passed=1, errors=1)
        told.stdout.fnmatch_lines(["the adapter joins a sandbox of its own process, *"])
        assert [one["name"] for one in mine.control("GET", "worlds")["worlds"]] == ["mine"]
        told = run(f"--sandbox-url={mine.spectrum.base_url}")
        told.stdout.fnmatch_lines([f"no sandbox answers at {mine.spectrum.base_url}: HTTP 404"])
    told = run(f"--sandbox-url={running.url}")
    told.assert_outcomes(errors=2)
    told.stdout.fnmatch_lines([f"no sandbox answers at {running.url}: *refused*"])


def test_nothing_but_pytest_is_imported_before_a_fixture_is_used(run, pytester):
    pytester.makepyfile(
        """
        import sys


        def test_nothing():
            ours = ("adapter", "contracts", "sandbox", "flask", "httpx", "spyne", "sqlalchemy")
            assert not [name for name in ours if name in sys.modules]
            assert "imt_spectrum_sandbox" in sys.modules
        """
    )
    run("-p", "no:anyio", "-p", "no:hypothesispytest").assert_outcomes(passed=1)


def test_folders_of_our_names_stay_the_strangers(run, pytester):
    for name in ("adapter", "contracts", "sandbox"):
        pytester.mkpydir(name).joinpath("__init__.py").write_text("MINE = True\n")
    pytester.makepyfile(
        """
        import adapter as theirs
        import contracts
        import pytest

        import sandbox as also_theirs


        def test_mine():
            assert theirs.MINE and contracts.MINE and also_theirs.MINE


        @pytest.mark.world(billers=2)
        def test_world(world):
            world.clock.advance("2h")
            assert len(world.billers) == 2
            assert also_theirs.MINE


        def test_adapter(adapter):
            pass
        """
    )
    told = run()
    told.assert_outcomes(passed=2, errors=1)
    told.stdout.fnmatch_lines([f"*Here, `sandbox` is the package of {pytester.path}.*"])
