"""Enrolment changes: taken over once, the newest counting in whatever order they come."""

import itertools
import threading
from datetime import timedelta

import pytest

from adapter.domain.enrollment import EnrollmentKind, EnrollmentSource, EnrollmentState
from adapter.errors import BadInputError, ContentConflictError, NotFoundError
from adapter.ledger import open_ledger

WAITING, SUPERSEDED = EnrollmentState.WAITING, EnrollmentState.SUPERSEDED


def test_a_change_is_on_disk_when_it_is_accepted(bench, now):
    told = bench.tell()
    other = open_ledger(bench.url)
    found = other.enrollments.find(bench.biller, told.change.event_guid)
    other.close()
    assert found == told
    assert (found.state, found.next_at, found.accepted_at) == (WAITING, now, now)
    (event,) = bench.ledger.enrollments.events(told.id)
    assert (event.from_state, event.to_state, event.attempt) == (None, WAITING, 0)


def test_the_same_event_again_answers_the_same(bench, now):
    change, source = bench.change(), EnrollmentSource.DATA_PUMP
    first = bench.ledger.enrollments.accept(change, source=source, now=now)
    again = bench.ledger.enrollments.accept(change, source=source, now=now)
    assert (first.repeated, again.repeated) == (False, True)
    assert again.enrollment == first.enrollment
    assert len(bench.ledger.enrollments.events(first.enrollment.id)) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"enrolled": False},
        {"account": "7"},
        {"kind": EnrollmentKind.AUTOPAY},
        {"changed_at": "later"},
    ],
)
def test_the_same_event_with_other_content_is_refused(bench, now, other):
    told = bench.tell()
    if "changed_at" in other:
        other = {"changed_at": now}
    with pytest.raises(ContentConflictError, match="EventGUID") as caught:
        bench.tell(**other)
    assert next(iter(other)).removesuffix("_number") in caught.value.rule
    assert bench.enrollment() == told


def test_the_same_event_of_another_biller_is_another(bench):
    bench.tell()
    bench.tell(biller="another-carrier")
    assert len(bench.ledger.enrollments.page(limit=9)) == 2
    assert len(bench.ledger.enrollments.page(limit=9, biller=bench.biller)) == 1


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 3])))
def test_whatever_comes_when_the_newest_waits_and_the_others_rest(bench, now, order):
    for number in order:
        bench.tell(number, changed_at=now + timedelta(minutes=number), enrolled=number == 2)
    assert [bench.enrollment(n).state for n in (1, 2, 3)] == [SUPERSEDED, SUPERSEDED, WAITING]
    known = bench.ledger.enrollments.newest(bench.biller, EnrollmentKind.PAPERLESS)
    assert known["1204117"].change == bench.enrollment(3).change


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_of_two_at_one_moment_always_the_same_counts(bench, order):
    for number in order:
        bench.tell(number, enrolled=number == 1)
    assert bench.enrollment(2).state is WAITING
    assert bench.enrollment(1).state is SUPERSEDED
    known = bench.ledger.enrollments.newest(bench.biller, EnrollmentKind.PAPERLESS)
    assert known["1204117"].change.event_guid == bench.enrollment(2).change.event_guid


def test_settings_and_accounts_do_not_concern_each_other(bench):
    bench.tell(1)
    bench.tell(2, kind=EnrollmentKind.AUTOPAY)
    bench.tell(3, account="7")
    bench.tell(4, biller="another-carrier")
    states = {one.state for one in bench.ledger.enrollments.page(limit=9)}
    assert states == {WAITING}
    known = bench.ledger.enrollments.newest(bench.biller, EnrollmentKind.PAPERLESS)
    assert set(known) == {"1204117", "7"}


def test_pages_by_state(bench, now):
    for number in range(1, 6):
        bench.tell(number, account=str(number))
    bench.tell(6, account="1", changed_at=now)
    first = bench.ledger.enrollments.page(limit=2, state=WAITING)
    rest = bench.ledger.enrollments.page(limit=9, after=first[-1].id, state=WAITING)
    assert [one.change.account_number for one in (*first, *rest)] == ["2", "3", "4", "5", "1"]


def test_only_what_failed_is_sent_again(bench, now):
    with pytest.raises(NotFoundError):
        bench.ledger.enrollments.redrive(77, now=now)
    waiting = bench.tell()
    with pytest.raises(BadInputError, match="this enrolment is waiting"):
        bench.ledger.enrollments.redrive(waiting.id, now=now)
    assert bench.ledger.enrollments.redrive_all(now=now) == ()
    bench.pushed(bench.claim_push(), EnrollmentState.FAILED, next_at=now + timedelta(hours=1))
    (again,) = bench.ledger.enrollments.redrive_all(now=now + timedelta(days=300))
    assert (again.state, again.next_at, again.attempts) == (WAITING, now, 0)
    assert bench.ledger.enrollments.events(again.id)[-1].detail == "a person sends it again"


def test_two_doors_take_the_same_event_over_at_once_and_it_stands_once(bench, now):
    barrier, found = threading.Barrier(8), []

    def take_over():
        barrier.wait(timeout=30)
        accepted = bench.ledger.enrollments.accept(
            bench.change(), source=EnrollmentSource.DATA_PUMP, now=now
        )
        found.append(accepted.repeated)

    threads = [threading.Thread(target=take_over) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [False, *[True] * 7]
