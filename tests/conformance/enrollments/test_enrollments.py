"""Enrolments over real sockets: from the pump's notices to IMT's settings (B1 to B4)."""

import copy
import json
import uuid

import pytest
import structlog
from typer.testing import CliRunner

from adapter.domain.enrollment import EnrollmentKind
from adapter.doors.cli import app

HOUR = 3600
PAPERLESS, AUTOPAY = EnrollmentKind

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
    assert (row["state"], row["attempts"]) == ("failed", 0)
    assert f"billers.{carrier.slug}.imt" in row["last_error"]
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
    assert (row["state"], row["attempts"]) == ("failed", 0)
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
    for on, both in ((True, (True, "autopay")), (False, (False, "direct"))):
        for kind in (PAPERLESS, AUTOPAY):
            assert carrier.tell(kind, account, on=on).json()["state"] == "waiting"
        carrier.world.clock.settle()
        assert carrier.settings(account) == both
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


@pytest.mark.requirement("B2", "B3", "C5", "G")
@pytest.mark.parametrize("kind", [PAPERLESS, AUTOPAY])
def test_a_payers_choice_reaches_imt_by_the_pump_and_the_next_polls_tell_nothing_new(
    carrier, kind
):
    carrier.connect()
    account = carrier.accounts[0]
    for on in (True, False, True):
        carrier.enroll(kind, account, on=on)
        carrier.world.clock.advance(30)
        assert carrier.settings(account) == expected(kind, on=on)
    carrier.world.clock.advance(7 * HOUR)
    assert [row["source"] for row in carrier.listed()] == ["data_pump"] * 3
    assert carrier.settings(account) == expected(kind, on=True)


@pytest.mark.requirement("B4", "C5")
def test_what_the_pump_gave_up_on_the_next_poll_makes_up_for(carrier):
    """The adapter was out for longer than the pump repeats itself."""
    account = carrier.accounts[0]
    carrier.enroll(PAPERLESS, account)
    carrier.world.clock.advance(2 * HOUR)
    carrier.connect()
    carrier.world.clock.advance(2 * HOUR)
    assert carrier.settings(account) == (True, "direct")
    (row,) = carrier.listed()
    assert row["source"] == "customer_report"


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
    steps = [event["to"] for event in story.json()["events"]]
    assert steps == ["waiting", "sending", "failed", "sending", "delivered"]


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
    assert [one["state"] for one in told["done"]] == ["failed"]
    carrier.world.clock.advance(HOUR)
    assert carrier.listed()[0]["state"] == "delivered"
    (item,) = carrier.doors.client.get("/ops/exceptions").json()["exceptions"]
    assert item["resolved_at"] is not None
    assert [call.status for call in carrier.calls("Settings")][-1] == 200


def expected(kind, *, on):
    paperless = on and kind is PAPERLESS
    return paperless, "autopay" if on and kind is AUTOPAY else "direct"


def command(carrier, *arguments):
    """Run the `adapter` command beside the server, on the same ledger."""
    try:
        return CliRunner().invoke(app, [*arguments, "--config", str(carrier.doors.path)])
    finally:
        structlog.reset_defaults()
