"""Pushing enrolments: what fails stands visibly, is tried again, and is never dropped."""

from datetime import timedelta

import pytest

from adapter.domain.enrollment import EnrollmentKind, EnrollmentState
from adapter.domain.exceptions import ExceptionKind
from adapter.errors import (
    ConfigurationError,
    LedgerError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.jobs.push_enrollments import run_once

NAMES = {"partner": "imt", "operation": "paperless setting"}
LATER = RetryableError("answered 503", **NAMES)
SILENT = OutcomeUnknownError("no answer came in time", **NAMES)
REFUSED = RejectedError("answered 404", **NAMES)


def run(bench):
    return run_once(bench.biller, bench.work)


def states(bench):
    return [enrollment.state.value for enrollment in bench.ledger.enrollments.page(limit=100)]


def open_exceptions(bench):
    return [(item.kind, item.reference) for item in bench.exceptions() if item.is_open]


def run_until_given_up(bench):
    for _ in range(500):
        due = bench.ledger.pushes.next_due_at()
        if due is None:
            return
        bench.clock.at = max(bench.clock.at, due)
        run(bench)


def test_a_change_reaches_imt_once(bench):
    enrollment = bench.tell()
    assert run(bench).counts == {"delivered": 1}
    assert bench.partners.pushed == [enrollment.change]
    told = bench.enrollment()
    assert told.state is EnrollmentState.DELIVERED
    assert told.delivered_at == bench.clock.now()
    assert (told.next_at, told.settles_at, told.lease_owner) == (None, None, None)
    assert run(bench).counts == {}
    details = [event.detail for event in bench.ledger.enrollments.events(told.id)]
    assert details == [
        "taken over from the data pump",
        "IMT has taken it: paperless on for account 1204117",
    ]


def test_only_the_newest_change_of_a_setting_leaves(bench):
    bench.tell(1, changed_at=bench.clock.at - timedelta(hours=2))
    newest = bench.tell(2, enrolled=False)
    bench.tell(3, changed_at=bench.clock.at - timedelta(hours=3))
    autopay = bench.tell(4, kind=EnrollmentKind.AUTOPAY)
    run(bench)
    assert bench.partners.pushed == [newest.change, autopay.change]
    assert states(bench) == ["superseded", "delivered", "superseded", "delivered"]


@pytest.mark.parametrize("error", [LATER, SILENT, ValueError("hunter2")])
def test_what_fails_is_failed_and_tried_again(bench, error):
    bench.tell()
    bench.partners.push_answers = [error]
    assert run(bench).counts == {"failed": 1}
    told = bench.enrollment()
    assert told.state is EnrollmentState.FAILED
    assert told.next_at > bench.clock.now()
    assert "failed" in told.last_error
    assert "hunter2" not in told.last_error
    assert open_exceptions(bench) == []
    bench.clock.at = told.next_at
    assert run(bench).counts == {"delivered": 1}
    assert bench.enrollment().attempts == 2


def test_after_the_last_try_it_stands_as_failed_until_a_person_sends_it_again(bench):
    bench.tell()
    bench.partners.push_answers = [LATER] * bench.work.rules.retry.attempts_max
    run_until_given_up(bench)
    told = bench.enrollment()
    assert (told.state, told.next_at) == (EnrollmentState.FAILED, None)
    assert open_exceptions(bench) == [(ExceptionKind.ENROLLMENT_FAILED, told.change.event_guid)]
    assert "no further try (60 used)" in told.last_error
    bench.pass_time(10_000_000)
    assert run(bench).counts == {}
    again = bench.ledger.enrollments.redrive(told.id, now=bench.clock.now())
    assert (again.state, again.attempts) == (EnrollmentState.WAITING, 0)
    assert open_exceptions(bench) == []
    assert run(bench).counts == {"delivered": 1}


def test_what_imt_refuses_waits_for_a_person(bench):
    bench.tell()
    bench.partners.push_answers = [REFUSED, REFUSED]
    assert run(bench).counts == {"refused": 1}
    told = bench.enrollment()
    assert (told.state, told.next_at) == (EnrollmentState.REFUSED, None)
    assert open_exceptions(bench) == [(ExceptionKind.ENROLLMENT_REFUSED, told.change.event_guid)]
    bench.ledger.enrollments.redrive_all(now=bench.clock.now())
    assert run(bench).counts == {"refused": 1}
    bench.tell(2, changed_at=bench.clock.at, enrolled=False)
    assert open_exceptions(bench) == []
    assert run(bench).counts == {"delivered": 1}
    assert states(bench) == ["superseded", "delivered"]


def test_two_refused_settings_are_two_exceptions(bench):
    bench.tell(1)
    bench.tell(2, kind=EnrollmentKind.AUTOPAY)
    bench.partners.push_answers = [REFUSED, REFUSED]
    run(bench)
    assert len(open_exceptions(bench)) == 2


def test_a_missing_setting_lets_everything_wait_and_uses_up_no_try(bench):
    bench.tell(1)
    bench.tell(2, account_number="7")
    bench.partners.push_answers = [ConfigurationError("billers.camp-point.imt: is missing")]
    report = run(bench)
    assert isinstance(report.failure, ConfigurationError)
    assert report.counts == {"postponed": 2}
    for number in (1, 2):
        told = bench.enrollment(number)
        assert (told.state, told.attempts) == (EnrollmentState.WAITING, 0)
        assert told.last_error == "waits for a setting: billers.camp-point.imt: is missing"
        assert told.next_at > bench.clock.now()
    assert len(bench.partners.pushed) == 1
    bench.pass_time(300)
    assert run(bench).counts == {"delivered": 2}


def test_a_setting_that_stays_wrong_is_tried_less_and_less(bench):
    bench.tell()
    bench.partners.push_answers = [ConfigurationError("refused with 401")] * 100
    began = bench.clock.now()
    while bench.clock.now() < began + timedelta(days=1):
        bench.clock.at = bench.ledger.pushes.next_due_at()
        run(bench)
        assert bench.enrollment().next_at - bench.clock.now() <= timedelta(hours=1)
    assert len(bench.partners.pushed) < 40
    assert bench.enrollment().attempts == 0


def test_without_anything_due_a_missing_setting_is_no_failure(bench):
    bench.partners.push_answers = [ConfigurationError("never asked")]
    assert run(bench).failure is None


def test_a_biller_whose_settings_are_wrong_waits(bench):
    bench.tell()
    bench.settings_problem = ConfigurationError("billers.camp-point.name: is missing")
    report = run(bench)
    assert (report.counts, report.failure) == ({"postponed": 1}, bench.settings_problem)
    assert bench.enrollment().attempts == 0


def test_a_change_that_comes_while_its_setting_is_on_its_way_waits_for_it(bench):
    bench.tell(1)

    def overtaken():
        bench.tell(2, enrolled=False, changed_at=bench.clock.at)
        inner = run(bench)
        assert inner.counts == {}
        assert len(bench.partners.pushed) == 1

    class Overtaking:
        def push(self, change):
            bench.partners.pushed.append(change)
            if len(bench.partners.pushed) == 1:
                overtaken()

    bench.partners.enrollments = Overtaking()
    assert run(bench).counts == {"delivered": 2}
    assert [change.enrolled for change in bench.partners.pushed] == [True, False]
    assert states(bench) == ["delivered", "delivered"]


def test_after_a_lost_answer_another_value_waits_until_it_has_settled(bench):
    """The request without an answer may still arrive, and would then turn the newer one back."""
    bench.tell(1)
    bench.partners.push_answers = [SILENT]
    run(bench)
    bench.tell(2, enrolled=False, changed_at=bench.clock.at)
    assert run(bench).counts == {}
    assert bench.ledger.pushes.next_due_at() == bench.clock.at + timedelta(seconds=120)
    bench.pass_time(120)
    assert run(bench).counts == {"delivered": 1}
    assert states(bench) == ["superseded", "delivered"]


def test_what_surely_was_not_taken_holds_nothing_back(bench):
    bench.tell(1)
    bench.partners.push_answers = [LATER]
    run(bench)
    bench.tell(2, enrolled=False, changed_at=bench.clock.at)
    assert run(bench).counts == {"delivered": 1}


def test_what_fails_although_it_is_old_by_now_is_superseded(bench):
    bench.tell(1)

    class Failing:
        def push(self, change):
            bench.partners.pushed.append(change)
            if len(bench.partners.pushed) == 1:
                bench.tell(2, enrolled=False, changed_at=bench.clock.at)
                raise REFUSED

    bench.partners.enrollments = Failing()
    assert run(bench).counts == {"superseded": 1, "delivered": 1}
    assert open_exceptions(bench) == []


def test_a_worker_that_died_is_made_up_for_when_its_lease_ends(bench):
    enrollment = bench.tell()
    rules = bench.work.rules
    claimed = bench.ledger.pushes.claim_due(
        bench.biller, now=bench.clock.now(), lease_seconds=rules.lease_seconds
    )
    assert claimed.state is EnrollmentState.SENDING
    assert run(bench).counts == {}
    bench.pass_time(rules.lease_seconds)
    assert run(bench).counts == {"delivered": 1}
    assert bench.partners.pushed == [enrollment.change]


def test_a_worker_that_slept_records_nothing(bench):
    bench.tell()

    class Slow:
        def push(self, change):
            bench.partners.pushed.append(change)
            if len(bench.partners.pushed) == 1:
                bench.pass_time(bench.work.rules.lease_seconds)
                assert run(bench).counts == {"delivered": 1}

    bench.partners.enrollments = Slow()
    assert run(bench).counts == {"lease_lost": 1}
    assert states(bench) == ["delivered"]


def test_a_ledger_that_fails_ends_the_run(bench):
    bench.tell()
    bench.partners.push_answers = [LedgerError("the disk is full")]
    with pytest.raises(LedgerError):
        run(bench)
