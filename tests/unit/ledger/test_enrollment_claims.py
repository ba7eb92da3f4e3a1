"""Claims on enrolment changes: one at a time for each setting, and a fence for who slept."""

import threading
from datetime import timedelta

import pytest

from adapter.domain.enrollment import EnrollmentKind, EnrollmentState
from adapter.domain.exceptions import ExceptionKind
from adapter.errors import LeaseLostError

LEASE = 90


def test_a_claim_leases_what_is_due_first(bench, now, later):
    bench.tell(1, at=later(1))
    bench.tell(2, account="7")
    claimed = bench.claim_push()
    assert claimed.change.account_number == "7"
    assert claimed.state is EnrollmentState.SENDING
    assert (claimed.attempts, claimed.fence) == (1, 1)
    assert claimed.lease_until == claimed.next_at == claimed.settles_at == later(LEASE)
    assert claimed.sent_at == now
    assert bench.claim_push() is None
    assert bench.claim_push(biller="another-carrier") is None


def test_the_next_look_is_told_for_each_biller(bench, later):
    assert bench.ledger.pushes.next_due_at() is None
    bench.tell(1, at=later(5))
    bench.tell(2, at=later(3), biller="another-carrier")
    pushes = bench.ledger.pushes
    assert pushes.next_due_at() == later(3)
    assert pushes.next_due_at([bench.biller]) == later(5)
    assert pushes.next_due_at([]) is None
    bench.pushed(bench.claim_push(at=later(5)))
    assert pushes.next_due_at([bench.biller]) is None


def test_a_newer_change_waits_for_the_one_that_is_on_its_way(bench, now, later):
    bench.tell(1)
    sending = bench.claim_push()
    bench.tell(2, changed_at=now, enrolled=False)
    assert bench.claim_push() is None
    assert bench.enrollment(2).next_at == later(LEASE)
    bench.pushed(sending, at=later(1))
    assert bench.enrollment(2).next_at == later(1)
    assert bench.claim_push(at=later(1)).change.event_guid == bench.enrollment(2).change.event_guid


def test_settings_and_accounts_go_side_by_side(bench):
    bench.tell(1)
    bench.tell(2, kind=EnrollmentKind.AUTOPAY)
    bench.tell(3, account="7")
    assert len({bench.claim_push().id for _ in range(3)}) == 3


def test_a_request_that_may_still_arrive_holds_another_value_back(bench, now, later):
    bench.tell(1)
    bench.pushed(
        bench.claim_push(),
        EnrollmentState.FAILED,
        next_at=later(5),
        settles_at=later(120),
    )
    bench.tell(2, changed_at=now, enrolled=False)
    assert bench.enrollment(1).state is EnrollmentState.SUPERSEDED
    assert bench.claim_push(at=later(5)) is None
    assert bench.enrollment(2).next_at == later(120)
    assert bench.claim_push(at=later(120)) is not None


def test_the_same_value_is_not_held_back_by_its_own_request(bench, later):
    bench.tell(1)
    bench.pushed(
        bench.claim_push(), EnrollmentState.FAILED, next_at=later(5), settles_at=later(120)
    )
    again = bench.claim_push(at=later(5))
    assert again.attempts == 2


def test_whoever_slept_through_the_lease_records_nothing(bench, later):
    bench.tell(1)
    slept = bench.claim_push()
    assert bench.claim_push(at=later(LEASE - 1)) is None
    again = bench.claim_push(at=later(LEASE))
    assert (again.fence, again.attempts) == (2, 2)
    with pytest.raises(LeaseLostError):
        bench.pushed(slept)
    with pytest.raises(LeaseLostError):
        bench.ledger.pushes.put_off(slept, until=later(500), reason="a setting")
    assert bench.pushed(again).state is EnrollmentState.DELIVERED


def test_one_whose_lease_ended_rests_when_a_newer_one_is_known(bench, now, later):
    bench.tell(1)
    slept = bench.claim_push()
    bench.tell(2, changed_at=now, enrolled=False)
    claimed = bench.claim_push(at=later(LEASE)) or bench.claim_push(at=later(LEASE + 1))
    assert claimed.change.event_guid == bench.enrollment(2).change.event_guid
    assert bench.enrollment(1).state is EnrollmentState.SUPERSEDED
    with pytest.raises(LeaseLostError):
        bench.pushed(slept)


def test_a_failure_opens_its_exception_and_a_delivery_settles_it(bench, later):
    bench.tell(1)
    failed = bench.pushed(
        bench.claim_push(),
        EnrollmentState.FAILED,
        exception=ExceptionKind.ENROLLMENT_FAILED,
    )
    assert failed.next_at is None
    (item,) = bench.exceptions()
    assert (item.reference, item.payment_guid) == (failed.change.event_guid, None)
    bench.ledger.enrollments.redrive(failed.id, now=later(1))
    assert not bench.exceptions()[0].is_open
    done = bench.pushed(bench.claim_push(at=later(1)), at=later(2))
    assert (done.delivered_at, done.last_error) == (later(2), "")


def test_what_failed_and_is_old_by_now_opens_no_exception(bench, now):
    bench.tell(1)
    sending = bench.claim_push()
    bench.tell(2, changed_at=now)
    done = bench.pushed(
        sending, EnrollmentState.REFUSED, exception=ExceptionKind.ENROLLMENT_REFUSED
    )
    assert done.state is EnrollmentState.SUPERSEDED
    assert bench.exceptions() == ()


def test_putting_off_uses_up_no_try_and_writes_no_event(bench, later):
    bench.tell(1)
    put_off = bench.ledger.pushes.put_off(
        bench.claim_push(), until=later(300), reason="waits for a setting"
    )
    assert (put_off.state, put_off.attempts) == (EnrollmentState.WAITING, 0)
    assert (put_off.next_at, put_off.settles_at) == (later(300), None)
    assert len(bench.ledger.enrollments.events(put_off.id)) == 1


def test_postponing_concerns_what_is_due_of_one_biller(bench, now, later):
    bench.tell(1)
    bench.tell(2, account="7", at=later(10))
    bench.tell(3, biller="another-carrier")
    count = bench.ledger.pushes.postpone_due(
        bench.biller, now=now, until=later(300), reason="waits for a setting"
    )
    assert count == 1
    assert bench.enrollment(1).next_at == later(300)
    assert bench.enrollment(2).next_at == later(10)


def test_workers_at_once_never_claim_one_setting_twice(bench, now):
    for number in range(1, 9):
        account = str(number % 4)
        bench.tell(number, account=account, changed_at=now - timedelta(minutes=number))
    barrier, claimed = threading.Barrier(6), []

    def work():
        barrier.wait(timeout=30)
        while (found := bench.claim_push()) is not None:
            claimed.append(found.change.account_number)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == ["0", "1", "2", "3"]
