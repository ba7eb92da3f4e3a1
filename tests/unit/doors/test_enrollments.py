"""The enrolment doors' own: which setting a notice is about, and what comes too late."""

import pytest

from adapter.domain.enrollment import EnrollmentKind
from adapter.kinds import ENROLLMENTS
from tests.unit.doors.conftest import BILLER, BILLER_GUID

GUID = "7d0c2b8e-41a5-4f6d-9a37-5e8b1c40d2f9"
SWITCHES = {EnrollmentKind.PAPERLESS: "Paperless", EnrollmentKind.AUTOPAY: "AutoPay"}


@pytest.fixture
def send(client, credentials):
    def send_notice(kind, switch=None, *, day=5, guid=GUID):
        notice = {
            "BillerGUID": BILLER_GUID,
            "EventGUID": guid,
            "AccountNumber": "1204117",
            switch or SWITCHES[kind]: True,
            "ChangeDate": f"2026-01-0{day}T00:00:00Z",
        }
        path = f"/billers/{BILLER}/{kind.value}"
        return client.post(path, json=notice, headers=credentials)

    return send_notice


@pytest.mark.parametrize("kind", EnrollmentKind)
def test_each_door_is_about_its_own_setting(adapter, send, kind):
    assert send(kind).status_code == 202
    found = adapter.ledger.items(ENROLLMENTS.item).find(BILLER, GUID)
    assert (found.payload.kind, found.payload.enrolled) == (kind, True)
    [other] = set(EnrollmentKind) - {kind}
    assert send(other).status_code == 409
    assert send(kind, SWITCHES[other]).status_code == 400


def test_a_change_that_comes_too_late_is_accepted_and_superseded(send):
    send(EnrollmentKind.PAPERLESS)
    late = send(EnrollmentKind.PAPERLESS, day=4, guid="00000000-0000-4000-8000-000000000001")
    assert (late.status_code, late.get_json()["state"]) == (202, "superseded")
