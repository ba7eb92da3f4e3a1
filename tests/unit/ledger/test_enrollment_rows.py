"""Rows of enrolment changes: a state never moves without its event."""

from datetime import timedelta

import pytest

from adapter.domain.enrollment import EnrollmentState
from adapter.errors import NotFoundError
from adapter.ledger.enrollment_rows import (
    find_enrollment,
    move,
    newest_of,
    present,
    supersede,
)
from adapter.ledger.store import Store


@pytest.fixture
def connection(bench):
    store = Store(bench.url)
    with store.writing() as connection:
        yield connection
    store.close()


def test_moving_ends_the_lease_and_tells_why(bench, connection, now):
    told = find_enrollment(connection, bench.biller, bench.tell_first.change.event_guid)
    move(connection, told, EnrollmentState.REFUSED, "refused", now=now, attempts=3)
    moved = present(connection, told)
    assert (moved.state, moved.next_at, moved.attempts) == (EnrollmentState.REFUSED, None, 3)
    connection.commit()
    event = bench.ledger.enrollments.events(told.id)[-1]
    assert (event.from_state, event.to_state) == (told.state, EnrollmentState.REFUSED)
    assert (event.at, event.detail, event.attempt) == (now, "refused", 3)


def test_superseding_names_the_newer_event(bench, connection, now):
    told = bench.tell_first
    supersede(connection, told, "a-newer-one", now)
    connection.commit()
    assert bench.ledger.enrollments.events(told.id)[-1].detail == (
        "superseded by the newer event a-newer-one"
    )


def test_the_newest_of_a_setting(bench, connection):
    assert newest_of(connection, bench.change(account="7").setting) is None
    assert newest_of(connection, bench.change().setting) == bench.tell_first


def test_what_is_gone_is_told(bench, connection):
    gone = bench.tell_first
    assert find_enrollment(connection, "another-carrier", gone.change.event_guid) is None
    with pytest.raises(NotFoundError, match="is gone"):
        present(connection, type(gone)(**{**vars(gone), "id": 77}))


@pytest.fixture(autouse=True)
def _one(bench, now):
    bench.tell_first = bench.tell(changed_at=now - timedelta(minutes=1))
