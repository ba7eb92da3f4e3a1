"""Running a job: never too often at a time, always with a report."""

import threading
from types import SimpleNamespace

import pytest
import structlog

from adapter.clock import SystemClock
from adapter.context import JobContext, Rules
from adapter.engines import running
from adapter.engines.running import RUNNING_ALREADY, JobRunner
from adapter.errors import LedgerError
from adapter.jobs.report import JobReport

POST = "post_payments"


@pytest.fixture
def runner():
    billers = SimpleNamespace(names=lambda: ("one", "two"))
    work = JobContext(
        ledger=SimpleNamespace(
            life=SimpleNamespace(beat=lambda **_: None), shorten_waits=lambda **_: 0
        ),
        billers=billers,
        clock=SystemClock(),
        rules=Rules(),
    )
    return JobRunner(work)


def report_of(biller, _work):
    return JobReport(job=POST, biller=biller, counts={"applied": 1})


def crash(_biller, _work):
    raise ZeroDivisionError("a password, perhaps")


def test_a_crash_is_a_report_without_its_words_and_a_traceback_in_the_log(runner):
    with structlog.testing.capture_logs() as logs:
        report = runner.run(POST, "one", crash)
    assert str(report.failure) == "post_payments crashed with ZeroDivisionError; see the log"
    line = next(line for line in logs if line["event"] == "a job crashed")
    assert isinstance(line["exc_info"], ZeroDivisionError)


@pytest.mark.parametrize("at_once", [1, 2])
def test_one_biller_runs_so_often_at_once_and_no_oftener(runner, at_once):
    inside, leave = threading.Semaphore(0), threading.Event()

    def wait(biller, work):
        inside.release()
        leave.wait(30)
        return report_of(biller, work)

    def run():
        runner.run(POST, "one", wait, at_once=at_once)

    threads = [threading.Thread(target=run) for _ in range(at_once)]
    for thread in threads:
        thread.start()
        assert inside.acquire(timeout=30)
    assert runner.run(POST, "one", report_of, at_once=at_once).note == RUNNING_ALREADY
    assert runner.run(POST, "two", report_of, at_once=at_once).counts == {"applied": 1}
    leave.set()
    runner.wait_until_idle(seconds_max=30)
    assert runner.run(POST, "one", report_of, at_once=at_once).counts == {"applied": 1}
    for thread in threads:
        thread.join()


def test_a_run_that_ends_is_followed_by_one_look_once_its_place_is_free(runner):
    """What a refused run came for is found by that look, which may run it at once."""
    looks = []

    def look(report):
        if not looks:
            looks.append(report)
            looks.append(runner.run(POST, "one", report_of))

    def run(biller, work):
        assert runner.run(POST, biller, report_of).note == RUNNING_ALREADY
        assert looks == []
        return report_of(biller, work)

    runner = JobRunner(runner._work, ended=look)
    report = runner.run(POST, "one", run)
    assert looks[0] is report
    assert [each.note for each in looks] == ["", ""]


@pytest.mark.parametrize("job", [report_of, crash])
def test_each_biller_is_looked_at_as_soon_as_its_own_run_ends(runner, monkeypatch, job):
    seen = []

    def run(biller, work):
        seen.append(f"{biller} runs")
        return job(biller, work)

    monkeypatch.setattr(running, "JOBS", {POST: run})
    runner = JobRunner(runner._work, ended=lambda report: seen.append(f"{report.biller} ended"))
    runner.run_by_name(POST)
    assert seen == ["one runs", "one ended", "two runs", "two ended"]


def test_what_is_due_is_told_by_biller(runner, monkeypatch):
    now = SystemClock().now()
    due = {"one": now}
    monkeypatch.setattr(running, "next_due_at", lambda _job, _ledger, biller: due.get(biller))
    assert runner.due_at(POST) == {"one": now}
    assert runner.due_at(POST, ("two",)) == {}


def test_while_the_ledger_fails_nothing_is_due_and_no_heartbeat_is_written(runner, monkeypatch):
    def fail(*_args, **_options):
        raise LedgerError("gone")

    monkeypatch.setattr(running, "next_due_at", fail)
    assert runner.due_at(POST) == {}
    runner._work.ledger.life = SimpleNamespace(beat=fail)
    with structlog.testing.capture_logs() as logs:
        runner.beat()
    assert [line["event"] for line in logs] == ["no heartbeat could be written"]
