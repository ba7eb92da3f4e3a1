"""The change log over real sockets: what the customer reports tell reaches IMT (C5, C6)."""

import pytest

from adapter.domain.enrollment import EnrollmentKind

HOUR = 3600
PAPERLESS, AUTOPAY = EnrollmentKind
REPORTS = {
    PAPERLESS: "BillerPaperlessCustomerReportDataSet",
    AUTOPAY: "BillerAutoPayCustomerReportDataSet",
}


@pytest.mark.requirement("C5", "B2", "B3", "G")
def test_what_no_pump_told_reaches_imt_with_the_next_poll(carrier):
    first, second = carrier.accounts[:2]
    carrier.enroll(PAPERLESS, first)
    carrier.enroll(AUTOPAY, second)
    carrier.world.clock.advance(3 * HOUR)
    assert carrier.settings(first) == (True, "direct")
    assert carrier.settings(second) == (False, "autopay")
    carrier.enroll(PAPERLESS, first, on=False)
    carrier.enroll(AUTOPAY, second, on=False)
    carrier.world.clock.advance(3 * HOUR)
    assert carrier.settings(first) == carrier.settings(second) == (False, "direct")
    assert {row["source"] for row in carrier.listed()} == {"customer_report"}


@pytest.mark.requirement("C5")
def test_what_the_pump_told_is_not_told_again(carrier):
    account = carrier.accounts[0]
    carrier.enroll(PAPERLESS, account)
    carrier.tell(PAPERLESS, account)
    carrier.world.clock.advance(7 * HOUR)
    assert len(carrier.listed()) == len(carrier.calls("Settings")) == 1


@pytest.mark.requirement("C5")
def test_the_newest_time_of_invoice_cloud_wins_over_an_older_poll(carrier):
    """The payer came and left; the notice of the leaving is newer than what the report says."""
    account = carrier.accounts[0]
    carrier.enroll(AUTOPAY, account)
    carrier.world.clock.advance(60)
    carrier.tell(AUTOPAY, account, on=False)
    carrier.poll()
    assert carrier.settings(account) == (False, "direct")
    carrier.enroll(AUTOPAY, account, on=False)
    carrier.world.clock.advance(60)
    carrier.enroll(AUTOPAY, account)
    carrier.world.clock.advance(60)
    carrier.poll()
    assert carrier.settings(account) == (False, "autopay")


@pytest.mark.requirement("C5", "C6")
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("kind", [PAPERLESS, AUTOPAY])
def test_a_poll_that_dies_half_way_loses_and_doubles_nothing(carrier, kind, moment):
    first, second = carrier.accounts[:2]
    carrier.enroll(kind, first)
    carrier.poll()
    carrier.enroll(kind, first, on=False)
    carrier.enroll(kind, second)
    carrier.world.clock.advance(60)
    carrier.arm("sever", REPORTS[kind], moment, partner="invoice_cloud")
    assert carrier.poll().failure is not None
    before = len(carrier.listed())
    assert carrier.poll().failure is None
    assert carrier.settings(second) != (False, "direct")
    assert carrier.settings(first) == (False, "direct")
    assert (before, len(carrier.listed())) == (1, 3)


@pytest.mark.requirement("C5", "C6")
def test_a_poll_that_runs_twice_doubles_nothing(carrier):
    for account in carrier.accounts[:3]:
        carrier.enroll(PAPERLESS, account)
    carrier.poll()
    carrier.enroll(PAPERLESS, carrier.accounts[0], on=False)
    carrier.world.clock.advance(60)
    for _ in range(3):
        assert carrier.poll().failure is None
    assert len(carrier.listed()) == len(carrier.calls("Settings")) == 4


@pytest.mark.requirement("C5", "C6")
def test_after_a_day_s_outage_imt_has_everything_once(carrier):
    first, second, third = carrier.accounts[:3]
    for account in (first, second):
        carrier.enroll(PAPERLESS, account)
    carrier.poll()
    for operation in REPORTS.values():
        carrier.arm("status", operation, "before", count=None, partner="invoice_cloud", status=503)
    carrier.enroll(PAPERLESS, first, on=False)
    carrier.world.clock.advance(12 * HOUR)
    carrier.enroll(PAPERLESS, third)
    carrier.world.clock.advance(12 * HOUR)
    assert carrier.settings(first) == (True, "direct")
    carrier.world.faults.disarm()
    carrier.world.clock.advance(3 * HOUR)
    assert carrier.settings(first) == (False, "direct")
    assert carrier.settings(second) == carrier.settings(third) == (True, "direct")
    assert len(carrier.listed()) == 4
    marks = carrier.doors.client.get("/ops/watermarks").json()["watermarks"]
    assert {mark["job"] for mark in marks} >= {
        "follow_change_log.paperless",
        "follow_change_log.autopay",
    }


@pytest.mark.requirement("C5", "C6")
def test_an_outage_of_imt_holds_up_no_poll(carrier):
    carrier.arm("status", "Sessions", "before", count=None, status=503)
    carrier.enroll(AUTOPAY, carrier.accounts[0])
    carrier.world.clock.advance(6 * HOUR)
    assert carrier.settings(carrier.accounts[0]) == (False, "direct")
    carrier.world.faults.disarm()
    carrier.world.clock.advance(HOUR)
    assert carrier.settings(carrier.accounts[0]) == (False, "autopay")
