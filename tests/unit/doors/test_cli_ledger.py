"""`adapter ledger`: what it tells, and what it refuses while somebody works."""

import json
from contextlib import closing

import pytest

from adapter.clock import SystemClock
from adapter.ledger import open_ledger
from adapter.settings import FileSettings


@pytest.fixture
def config(settings_file):
    return settings_file()


@pytest.fixture
def ledger(config):
    """Return the ledger that the settings name, after somebody has worked on it."""
    settings = FileSettings(config).current().adapter
    with closing(open_ledger(settings.ledger)) as ledger:
        clock = SystemClock()
        ledger.life.begin(clock.now())
        ledger.life.arrive(clock, config.with_name("adapter-marks"))
        yield ledger


@pytest.fixture
def run(cli, config):
    return lambda *arguments: cli("ledger", *arguments, "--config", str(config))


def leave(ledger):
    ledger.life.leave(now=SystemClock().now())
    ledger.life.close()


def test_it_tells_of_a_ledger_on_which_nobody_has_worked(run):
    told = json.loads(run("status", "--json").stdout)
    assert (told["begun"], told["gaps"], told["in_use"]) == (None, [], False)
    assert "nobody has worked on it yet" in run("status").stdout


def test_it_tells_since_when_it_knows_and_who_works(run, ledger):
    told = json.loads(run("status", "--json").stdout)
    assert told["begun"] == told["gaps"][0]["end"]
    assert (told["gaps"][0]["start"], told["in_use"]) == (None, True)
    assert "from ever: it was made" in run("status").stdout
    leave(ledger)
    assert "nobody on this host works on it" in run("status").stdout


def test_a_copy_that_comes_back_is_a_ledger_with_a_gap(run, ledger, config, tmp_path):
    copy = str(tmp_path / "backup.db")
    assert "is a whole copy" in run("backup", copy).stdout
    refused = run("restore", copy)
    assert (refused.exit_code, "stop it first" in refused.stderr) == (5, True)
    leave(ledger)
    done = run("restore", copy)
    assert "the one before is" in done.stdout
    with closing(open_ledger(FileSettings(config).current().adapter.ledger)) as again:
        assert again.life.arrive(SystemClock(), config.with_name("adapter-marks")) is not None


def test_what_is_no_copy_comes_back_nowhere(run, tmp_path):
    assert run("restore", str(tmp_path / "none.db")).exit_code == 5
    (tmp_path / "text.db").write_text("no database")
    assert run("restore", str(tmp_path / "text.db")).exit_code == 5
    assert run("status").exit_code == 0


def test_a_ledger_moves_while_nobody_works_and_then_only_the_new_one_opens(run, ledger, tmp_path):
    url = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    refused = run("copy", "--to", url)
    assert (refused.exit_code, "stop it first" in refused.stderr) == (5, True)
    leave(ledger)
    done = run("copy", "--to", url)
    assert (done.exit_code, "copied and compared" in done.stdout) == (0, True)
    assert f"was moved to {url}" in run("status").stderr


def test_a_worker_elsewhere_is_seen_by_its_heartbeat(run, ledger, tmp_path):
    """Its marks lie on its own host."""
    leave(ledger)
    ledger.life.arrive(SystemClock(), tmp_path / "there")
    refused = run("copy", "--to", f"sqlite:///{tmp_path / 'elsewhere.db'}")
    assert (refused.exit_code, "on another host" in refused.stderr) == (5, True)


def test_a_ledger_on_a_server_is_no_file(run, config, tmp_path):
    there = "postgresql+psycopg://adapter@127.0.0.1:9/ledger"
    config.write_text(config.read_text().replace("sqlite:///adapter.db", there))
    for command in (("backup", str(tmp_path / "b.db")), ("restore", str(tmp_path / "b.db"))):
        refused = run(*command)
        assert (refused.exit_code, "pg_" in refused.stderr) == (2, True)
