"""Enrolment notices: what they become, and each way in which a field can be wrong."""

from datetime import UTC, datetime

import pytest

from adapter.domain.enrollment import EnrollmentKind
from adapter.doors.enrollment_notice import change_of
from adapter.errors import BadInputError

BILLER_GUID = "28c724d2-0ee2-4200-8a9e-c9e7ce791440"
EVENT_GUID = "7D0C2B8E-41A5-4F6D-9A37-5E8B1C40D2F9"
NOW = datetime(2026, 1, 5, 14, 0, tzinfo=UTC)


def read(kind=EnrollmentKind.PAPERLESS, **changes):
    switch = "Paperless" if kind is EnrollmentKind.PAPERLESS else "AutoPay"
    whole = {
        "BillerGUID": BILLER_GUID.upper(),
        "EventGUID": EVENT_GUID,
        "AccountNumber": "1204117",
        switch: "False",
        "ChangeDate": "2026-01-05T03:04:05.1234567-06:00",
        **changes,
    }
    notice = {field: value for field, value in whole.items() if value is not None}
    return change_of(notice, kind, biller="alpha", biller_guid=BILLER_GUID, now=NOW)


@pytest.mark.parametrize("kind", EnrollmentKind)
def test_a_whole_notice_becomes_a_change(kind):
    change = read(kind)
    assert (change.biller, change.event_guid) == ("alpha", EVENT_GUID.lower())
    assert (change.account_number, change.kind, change.enrolled) == ("1204117", kind, False)
    assert change.changed_at == datetime(2026, 1, 5, 9, 4, 5, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("BillerGUID", "00000000-0ee2-4200-8a9e-c9e7ce791440"),
        ("EventGUID", "event"),
        ("EventGUID", None),
        ("AccountNumber", "A-7"),
        ("AccountNumber", 1204117),
        ("Paperless", "yes"),
        ("Paperless", 1),
        ("Paperless", None),
        ("AutoPay", True),
        ("ChangeDate", "2026-01-05T03:04:05"),
        ("ChangeDate", "0001-01-01T00:00:00Z"),
        ("ChangeDate", "2026-01-06T14:00:00.000001Z"),
    ],
)
def test_what_is_wrong_is_named(field, value):
    with pytest.raises(BadInputError) as caught:
        read(**{field: value})
    assert caught.value.field == field


def test_a_clock_that_runs_ahead_by_less_than_a_day_is_borne_with():
    assert read(ChangeDate="2026-01-06T14:00:00Z").changed_at > NOW
