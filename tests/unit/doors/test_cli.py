"""`adapter serve` and `adapter run`: what they say, and how they end."""

import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from types import SimpleNamespace

import httpx
import pytest

from adapter.doors.cli import SWEEP, _keep_beating
from adapter.errors import LedgerError
from tests.unit.doors.conftest import NOW


@pytest.fixture
def served(settings_file):
    """Start `adapter serve` as a process of its own; return it with its URL."""
    started = []

    def serve(path=None, *options):
        command = [sys.executable, "-c", "from adapter.doors.cli import main; main()", "serve"]
        process = subprocess.Popen(
            [*command, *options, "--config", str(path or settings_file())],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        line = process.stdout.readline()
        assert line.startswith("The doors are open at http://127.0.0.1:"), process.stderr.read()
        return process, line.split()[-1]

    yield serve
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_a_worker_is_watched_at_a_port_and_has_no_doors(settings_file):
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", "from adapter.doors.cli import main; main()", "worker"),
            *("--watch-port", "0", "--config", str(settings_file())),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        url = process.stdout.readline().split()[-1]
        assert process.stdout.readline() == "The worker is at work\n"
        found = {
            path: httpx.get(f"{url}{path}", trust_env=False).status_code
            for path in ("/health", "/ready", "/metrics", "/ops/deliveries")
        }
        assert found == {"/health": 200, "/ready": 200, "/metrics": 200, "/ops/deliveries": 404}
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=300)
        assert process.returncode == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_answers_until_it_is_told_to_stop(served, number):
    process, url = served()
    assert httpx.get(f"{url}/ops/health", trust_env=False).json()["status"] == "ok"
    ready = httpx.get(f"{url}/ops/ready", trust_env=False)
    assert ready.json() == {"ready": True, "problems": []}
    process.send_signal(number)
    _, log = process.communicate(timeout=300)
    assert process.returncode == 0
    lines = [json.loads(line) for line in log.splitlines()]
    assert {"request answered"} <= {line["event"] for line in lines}
    assert "s3cret" not in log


def test_a_biller_with_wrong_settings_is_told_and_does_not_keep_the_others_from_working(
    served, settings_file
):
    process, url = served(settings_file(time_zone="Nowhere"))
    (biller,) = httpx.get(f"{url}/ops/configuration", trust_env=False).json()["billers"]
    assert biller["door_open"] is True
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=300)
    assert "problem: billers.alpha-mutual.time_zone: must be a time zone" in log


def test_a_port_in_use_ends_with_a_configuration_error(cli, settings_file):
    path = settings_file()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        path.write_text(path.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}"))
        result = cli("serve", "--config", str(path))
    assert result.exit_code == 3
    assert "adapter.listen" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("post_payments",), 0, "post_payments alpha-mutual: nothing to do"),
        (("send_invoices",), 3, "billers.alpha-mutual.feed"),
        (("reconcile_payments",), 4, "no connection was made"),
        (("reconcile_payments", "--biller", "alpha-mutual"), 4, "invoice_cloud"),
    ],
)
def test_a_job_is_run_and_its_outcome_is_the_exit_code(cli, settings_file, arguments, code, says):
    result = cli("run", *arguments, "--config", str(settings_file()))
    assert result.exit_code == code
    assert says in result.stdout


def test_a_jobs_outcome_is_told_as_json(cli, settings_file):
    result = cli("run", "reconcile_payments", "--json", "--config", str(settings_file()))
    (report,) = json.loads(result.stdout)
    assert report["biller"] == "alpha-mutual"
    assert "no connection was made" in report["failure"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("nonsense",),
            "known are correct_bills, follow_change_log, forget_history, match_settlements, ",
        ),
        (("post_payments", "--biller", "beta"), "known are alpha-mutual"),
        (("post_payments", "--full"), "only send_invoices can be full"),
    ],
)
def test_what_cannot_be_run_is_wrong_usage(cli, settings_file, arguments, says):
    result = cli("run", *arguments, "--config", str(settings_file()))
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_ledger_that_cannot_be_used_has_its_exit_code(cli, settings_file, tmp_path):
    (tmp_path / "adapter.db").write_text("this is no database at all, and long enough to tell")
    result = cli("run", "post_payments", "--config", str(settings_file()))
    assert result.exit_code == 5
    assert "ledger" in result.stderr


def test_a_ledger_of_a_later_adapter_is_left_alone(cli, settings_file, tmp_path):
    path = settings_file()
    assert cli("run", "post_payments", "--config", str(path)).exit_code == 0
    with closing(sqlite3.connect(tmp_path / "adapter.db")) as connection, connection:
        assert connection.execute("UPDATE alembic_version SET version_num = '9999'").rowcount == 1
    for command in (("serve",), ("worker",), ("run", "post_payments")):
        result = cli(*command, "--config", str(path))
        assert result.exit_code == 5
        assert "9999" in result.stderr


def test_wrong_settings_have_theirs(cli, tmp_path):
    for command in (("serve",), ("run", "post_payments")):
        result = cli(*command, "--config", str(tmp_path / "absent.toml"))
        assert result.exit_code == 3


@pytest.mark.parametrize(
    "command",
    [
        *((), ("serve",), ("run",), ("bif", "check"), ("bif", "sample"), ("bif", "write")),
        ("settings", "check"),
    ],
)
def test_every_command_tells_its_exit_codes(cli, command):
    result = cli(*command, "--help")
    assert result.exit_code == 0
    assert "Exit codes: 0 fine" in result.stdout


def test_a_ledger_is_made_on_purpose_and_told_of(served, settings_file):
    """The second time it is there: it is used, and that is told."""
    path = settings_file(ledger=False)
    begun = "2026-01-05T08:00:00Z"
    for words in ("A new ledger was made", "The ledger is there already"):
        process, _ = served(path, "--new-ledger", "--begun", begun)
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=300)
        assert f"{words}; it knows of payments since {begun}" in log


@pytest.mark.parametrize("begun", ["2026-01-05T08:00:00", "soon"])
def test_a_beginning_of_no_zone_would_be_a_guess(cli, settings_file, begun):
    path = settings_file(ledger=False)
    result = cli("serve", "--new-ledger", "--begun", begun, "--config", str(path))
    assert result.exit_code == 2
    assert "offset from UTC" in result.stderr
    assert not path.with_name("adapter.db").exists()


def test_a_process_of_doors_alone_shows_that_it_lives():
    """Another host's worker waits for it; a ledger that fails for once ends nothing."""
    beats, planned, problems = [], [], [LedgerError("gone"), None]

    def beat(*, now):
        beats.append(now)
        if problem := problems.pop(0):
            raise problem

    clock = SimpleNamespace(now=lambda: NOW + len(planned) * SWEEP)
    adapter = SimpleNamespace(clock=clock, ledger=SimpleNamespace(life=SimpleNamespace(beat=beat)))
    timer = SimpleNamespace(call_at=lambda at, _label, action: planned.append((at, action)))
    _keep_beating(adapter, timer)
    planned[0][1]()
    assert beats == [NOW, NOW + SWEEP]
    assert [at for at, _ in planned] == [NOW + SWEEP, NOW + 2 * SWEEP]


@pytest.mark.parametrize(
    "command",
    [["serve"], ["worker"], ["run", "send_invoices"], ["alarms"], ["exceptions", "list"]],
)
def test_a_ledger_whose_driver_is_not_installed_is_a_wrong_setting(
    cli, settings_file, monkeypatch, command
):
    """One line with the extra's name, and no word of a disk that might be full."""
    path = settings_file(ledger=False)
    url = "postgresql+psycopg://adapter@127.0.0.1/ledger"
    path.write_text(re.sub(r"(?m)^ledger = .*$", f'ledger = "{url}"', path.read_text()))
    monkeypatch.setitem(sys.modules, "psycopg", None)
    result = cli(*command, "--config", str(path))
    assert (result.exit_code, result.stdout) == (3, "")
    (line,) = result.stderr.splitlines()
    assert "pip install 'imt-spectrum-adapter[postgresql]'" in line
