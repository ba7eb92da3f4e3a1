"""Enrolments over real sockets: from the pump's notices and the reports to IMT's settings."""

import copy
import json
import uuid
from datetime import timedelta

import httpx
import pytest
import structlog
from typer.testing import CliRunner

from adapter.domain.enrollment import EnrollmentKind
from adapter.doors.cli import app
from sandbox.fakes.imt.book import ImtBook
from sandbox.fakes.invoice_cloud.book import InvoiceCloudBook
from sandbox.fakes.spectrum.book import SpectrumBook
from sandbox.faults import FAULTS

HOUR = 3600
PAPERLESS, AUTOPAY = EnrollmentKind.PAPERLESS, EnrollmentKind.AUTOPAY
REPORTS = {
    PAPERLESS: "BillerPaperlessCustomerReportDataSet",
    AUTOPAY: "BillerAutoPayCustomerReportDataSet",
}
SWITCHES = {PAPERLESS: "Paperless", AUTOPAY: "AutoPay"}


class Carrier:
    """One carrier's payers at Invoice Cloud, IMT's policies, and the adapter between them."""

    def __init__(self, doors):
        self.doors = doors
        self.world = doors.world
        self.slug = doors.biller.slug
        self.imt = doors.world.book(ImtBook)
        invoices = doors.world.book(SpectrumBook).invoices.values()
        open_ones = [i.policy.policy_number for i in invoices if i.balance > 0]
        self.accounts = list(dict.fromkeys(open_ones))

    def settings(self, account):
        row = self.imt.settings[self.slug, account]
        return row.paperless, row.bill_mode

    def tell(self, kind, account, *, on=True, ago=0, guid=None):
        """Bring a notice to the adapter's door, as Invoice Cloud's pump does."""
        changed_at = self.world.clock.now() - timedelta(seconds=ago)
        notice = {
            "BillerGUID": self.doors.biller.biller_guid,
            "EventGUID": guid or str(uuid.uuid4()),
            "AccountNumber": account,
            SWITCHES[kind]: on,
            "ChangeDate": changed_at.isoformat(),
        }
        return self.doors.client.post(
            f"/billers/{self.slug}/{kind.value}", json=notice, auth=self.doors.credentials
        )

    def enroll(self, kind, account, *, on=True):
        """Let a payer enroll, or leave, at Invoice Cloud; the pump is not connected.

        Invoice Cloud knows an account once it has billed it.
        """
        if not self.world.book(InvoiceCloudBook).bills:
            self.run("send_invoices")
        told = {"biller": self.slug, "account_number": account, "kind": kind.value, "on": on}
        answer = httpx.post(f"{self.world.base_url}/_sandbox/payers/enrollments", json=told)
        assert answer.is_success, answer.text

    def run(self, job):
        (report,) = self.doors.adapter.engine.run_job(job, self.slug)
        return report

    def poll(self):
        report = self.run("follow_change_log")
        self.world.clock.settle()
        return report

    def listed(self, query=""):
        answer = self.doors.client.get(f"/ops/enrollments?{query}")
        return answer.json()["enrollments"]

    def arm(self, kind, operation, moment, *, count=1, partner="imt", **parameters):
        self.world.faults.arm(
            kind=kind,
            effect=FAULTS[kind](parameters),
            partner=partner,
            operation=operation,
            moment=moment,
            count=count,
            match={},
            parameters=parameters,
        )

    def calls(self, operation):
        entries = self.world.journal.entries()
        return [e for e in entries if e.target == "imt" and e.operation == operation]

    def set_imt(self, **changes):
        settings = copy.deepcopy(self.doors.settings)
        table = settings["billers"][self.slug]
        table["imt"].update(changes)
        self.doors.write(settings)


@pytest.fixture
def carrier(doors):
    return Carrier(doors)


# Sessions


@pytest.mark.requirement("B1")
def test_one_session_serves_every_call_and_its_one_cookie_of_several(carrier):
    first, second = carrier.accounts[:2]
    carrier.tell(PAPERLESS, first)
    carrier.tell(AUTOPAY, second)
    carrier.world.clock.settle()
    assert carrier.settings(first) == (True, "direct")
    assert carrier.settings(second) == (False, "autopay")
    assert [call.status for call in carrier.calls("Sessions")] == [201]
    assert [call.status for call in carrier.calls("Settings")] == [200, 200]


@pytest.mark.requirement("B1")
def test_an_expired_session_is_renewed_and_the_call_made_again(carrier):
    account = carrier.accounts[0]
    carrier.tell(PAPERLESS, account)
    carrier.world.clock.settle()
    carrier.world.clock.advance(HOUR)
    carrier.tell(PAPERLESS, account, on=False)
    carrier.world.clock.settle()
    assert carrier.settings(account) == (False, "direct")
    assert [call.status for call in carrier.calls("Settings")] == [200, 401, 200]
    assert len(carrier.calls("Sessions")) == 2


@pytest.mark.requirement("B1", "F2")
@pytest.mark.parametrize(
    "wrong", [{"password": "not-the-password"}, {"cookie_name": "jwt"}, {"company_id": "999"}]
)
def test_wrong_settings_use_up_no_try_and_are_mended_without_a_restart(carrier, wrong):
    carrier.set_imt(**wrong)
    assert carrier.tell(PAPERLESS, carrier.accounts[0], on=False).status_code == 202
    carrier.world.clock.advance(12 * HOUR)
    (row,) = carrier.listed()
    assert (row["state"], row["attempts"]) == ("waiting", 0)
    assert row["last_error"].startswith(f"waits for a setting: billers.{carrier.slug}.imt")
    assert "not-the-password" not in row["last_error"]
    carrier.doors.write(carrier.doors.settings)
    assert not [call for call in carrier.calls("Settings") if call.status == 200]
    carrier.world.clock.advance(HOUR)
    assert carrier.listed()[0]["state"] == "delivered"
    assert [call.status for call in carrier.calls("Settings")][-1] == 200


@pytest.mark.requirement("B4", "F2")
def test_without_imt_enrolments_wait_and_say_which_setting_is_missing(carrier):
    settings = copy.deepcopy(carrier.doors.settings)
    del settings["billers"][carrier.slug]["imt"]
    carrier.doors.write(settings)
    assert carrier.tell(AUTOPAY, carrier.accounts[0]).status_code == 202
    carrier.world.clock.settle()
    (row,) = carrier.listed()
    assert row["state"] == "waiting"
    assert f"billers.{carrier.slug}.imt: is missing" in row["last_error"]
    report = carrier.run("push_enrollments")
    assert report.failure is None  # it is not due yet: looking at it would tell nothing new
    carrier.doors.write(carrier.doors.settings)
    carrier.world.clock.advance(HOUR)
    assert carrier.settings(carrier.accounts[0]) == (False, "autopay")


# The two pumps


@pytest.mark.requirement("B2", "B3", "G")
def test_each_pump_sets_its_setting_and_takes_it_back(carrier):
    account = carrier.accounts[0]
    for on, expected in ((True, (True, "autopay")), (False, (False, "direct"))):
        for kind in (PAPERLESS, AUTOPAY):
            assert carrier.tell(kind, account, on=on).json()["state"] == "waiting"
        carrier.world.clock.settle()
        assert carrier.settings(account) == expected
        carrier.world.clock.advance(60)
    assert {row["state"] for row in carrier.listed()} == {"delivered"}
    others = [carrier.settings(other) for other in carrier.accounts[1:]]
    assert set(others) == {(False, "direct")}


@pytest.mark.requirement("B2", "B3")
@pytest.mark.parametrize("kind", [PAPERLESS, AUTOPAY])
def test_a_repeat_answers_the_same_and_other_content_is_refused(carrier, kind):
    account, guid = carrier.accounts[0], str(uuid.uuid4())
    assert carrier.tell(kind, account, guid=guid).json()["repeated"] is False
    carrier.world.clock.settle()
    again = carrier.tell(kind, account, guid=guid)
    assert (again.status_code, again.json()["state"]) == (202, "delivered")
    assert again.json()["repeated"] is True
    assert carrier.tell(kind, account, guid=guid, on=False).status_code == 409
    other_kind = AUTOPAY if kind is PAPERLESS else PAPERLESS
    assert carrier.tell(other_kind, account, guid=guid).status_code == 409
    assert len(carrier.calls("Settings")) == 1


@pytest.mark.requirement("B2", "B3")
def test_a_notice_that_comes_too_late_turns_nothing_back(carrier):
    account = carrier.accounts[0]
    carrier.tell(PAPERLESS, account, on=False, ago=10)
    carrier.world.clock.settle()
    late = carrier.tell(PAPERLESS, account, on=True, ago=60)
    assert (late.status_code, late.json()["state"]) == (202, "superseded")
    carrier.world.clock.settle()
    assert carrier.settings(account) == (False, "direct")
    assert len(carrier.calls("Settings")) == 1


# Failing


@pytest.mark.requirement("B4")
@pytest.mark.parametrize(
    ("fault", "moment", "parameters"),
    [("status", "before", {"status": 500}), ("sever", "before", {}), ("sever", "after", {})],
)
def test_a_failed_call_is_visible_and_made_again(carrier, fault, moment, parameters):
    carrier.arm(fault, "Settings", moment, **parameters)
    carrier.tell(AUTOPAY, carrier.accounts[0])
    carrier.world.clock.settle()
    (row,) = carrier.listed("state=failed")
    assert row["attempts"] == 1
    assert row["next_at"] is not None
    carrier.world.clock.advance(120)
    (row,) = carrier.listed()
    assert (row["state"], row["attempts"]) == ("delivered", 2)
    assert carrier.settings(carrier.accounts[0]) == (False, "autopay")
    story = carrier.doors.client.get(f"/ops/enrollments/{carrier.slug}/{row['event_guid']}")
    assert [event["to"] for event in story.json()["events"]] == ["waiting", "failed", "delivered"]


@pytest.mark.requirement("B4")
def test_what_imt_refuses_stands_until_a_person_sends_it_again(carrier):
    """The policy is not at IMT yet; nothing is dropped, and no secret is shown."""
    carrier.tell(PAPERLESS, "999999999", on=False)
    carrier.world.clock.advance(2 * 24 * HOUR)
    (row,) = carrier.listed("state=refused")
    assert "There is no policy" in row["last_error"]
    (item,) = carrier.doors.client.get("/ops/exceptions").json()["exceptions"]
    assert (item["kind"], item["reference"]) == ("enrollment_refused", row["event_guid"])
    again = command(carrier, "enrollments", "retry", str(row["number"]))
    assert again.exit_code == 0, again.output
    carrier.world.clock.advance(HOUR)
    (row,) = carrier.listed("state=refused")
    assert [call.status for call in carrier.calls("Settings")].count(404) == 2
    told = carrier.doors.client.get("/ops/enrollments").text + again.output
    assert not [secret for secret in carrier.doors.biller.secrets if secret in told]


@pytest.mark.requirement("B4")
def test_after_the_last_try_it_stands_as_failed_and_a_person_sends_it_again(carrier):
    carrier.arm("status", "Settings", "before", count=None, status=503)
    carrier.tell(PAPERLESS, carrier.accounts[0], on=False)
    carrier.world.clock.advance(4 * 24 * HOUR)
    (row,) = carrier.listed()
    assert (row["state"], row["next_at"]) == ("failed", None)
    (item,) = carrier.doors.client.get("/ops/exceptions").json()["exceptions"]
    assert (item["kind"], item["resolved_at"]) == ("enrollment_failed", None)
    carrier.world.faults.disarm()
    carrier.world.clock.advance(24 * HOUR)
    assert carrier.listed()[0]["state"] == "failed"
    told = json.loads(command(carrier, "enrollments", "retry", "--all", "--json").stdout)
    assert [one["state"] for one in told] == ["waiting"]
    carrier.world.clock.advance(HOUR)
    assert carrier.listed()[0]["state"] == "delivered"
    (item,) = carrier.doors.client.get("/ops/exceptions").json()["exceptions"]
    assert item["resolved_at"] is not None
    assert [call.status for call in carrier.calls("Settings")][-1] == 200


# The change log


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


def command(carrier, *arguments):
    """Run the `adapter` command beside the server, on the same ledger."""
    try:
        return CliRunner().invoke(app, [*arguments, "--config", str(carrier.doors.path)])
    finally:
        structlog.reset_defaults()
