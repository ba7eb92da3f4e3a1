"""Following the change log: polls that die, come twice or come late lose and double nothing."""

from datetime import timedelta

from adapter.domain.enrollment import EnrolledAccount, EnrollmentKind
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import Source
from adapter.errors import BadInputError, RetryableError
from adapter.jobs.follow_change_log import run_once
from adapter.kinds import ENROLLMENTS
from adapter.kinds.enrollments import newest_changes

PAPERLESS, AUTOPAY = EnrollmentKind
UNREADABLE = BadInputError(field="EnrollmentDate", value="soon", rule="a rule", remedy="Ask")
DOWN = RetryableError("answered 503", partner="invoice_cloud", operation="report")


def run(bench):
    return run_once(bench.biller, bench.work)


def account(number, since):
    return EnrolledAccount(account_number=str(number), since=since)


def told(bench):
    """Return what the ledger has, as (account, kind, enrolled); all of it from the reports."""
    items = bench.items(ENROLLMENTS)
    assert {item.source for item in items} <= {Source.CUSTOMER_REPORT}
    changes = [item.payload for item in items]
    return [(change.account_number, change.kind, change.enrolled) for change in changes]


def marks(bench):
    return {mark.job: mark.mark for mark in bench.ledger.watermarks.all()}


def hour(bench, hours=1):
    return bench.clock.at - timedelta(hours=hours)


def test_enrolments_and_un_enrolments_that_the_pump_lost_are_received(bench):
    bench.partners.customers = {
        PAPERLESS: [account(1, hour(bench)), account(2, hour(bench, 2))],
        AUTOPAY: [account(2, hour(bench))],
    }
    assert run(bench).counts == {"paperless": 2, "autopay": 1, "taken_over": 3}
    assert told(bench) == [
        ("1", PAPERLESS, True),
        ("2", PAPERLESS, True),
        ("2", AUTOPAY, True),
    ]
    began = bench.clock.now().isoformat()
    reports = ("follow_change_log.paperless", "follow_change_log.autopay")
    assert marks(bench) == dict.fromkeys(reports, began)
    bench.pass_time(10_800)
    bench.partners.customers[PAPERLESS].pop(0)
    assert run(bench).counts == {"paperless": 1, "autopay": 1, "taken_over": 1}
    assert told(bench)[-1] == ("1", PAPERLESS, False)
    newest = newest_changes(bench.ledger, bench.biller, PAPERLESS)
    assert newest["1"].change.changed_at == bench.clock.now()


def test_a_poll_that_runs_twice_doubles_nothing(bench):
    bench.partners.customers = {PAPERLESS: [account(1, hour(bench))]}
    run(bench)
    assert run(bench).counts == {"paperless": 1}
    bench.partners.customers = {}
    bench.pass_time(1)
    assert run(bench).counts == {"taken_over": 1}
    assert run(bench).counts == {}
    assert len(told(bench)) == 2


def test_a_poll_that_dies_half_way_changes_nothing_and_is_made_up_for(bench):
    rows = [account(1, hour(bench)), account(2, hour(bench))]
    bench.partners.customers = {PAPERLESS: rows}
    run(bench)
    before = (told(bench), marks(bench))
    bench.pass_time(10_800)
    bench.partners.customers = {PAPERLESS: [account(3, hour(bench)), DOWN], AUTOPAY: [DOWN]}
    assert run(bench).failure is DOWN
    assert (told(bench), marks(bench)) == before
    bench.partners.customers = {PAPERLESS: [account(3, hour(bench)), rows[1]]}
    assert run(bench).counts == {"paperless": 2, "taken_over": 2}
    assert told(bench)[2:] == [
        ("3", PAPERLESS, True),
        ("1", PAPERLESS, False),
    ]


def test_one_report_that_fails_stops_not_the_other(bench):
    bench.partners.customers = {PAPERLESS: [DOWN], AUTOPAY: [account(1, hour(bench))]}
    report = run(bench)
    assert report.failure is DOWN
    assert told(bench) == [("1", AUTOPAY, True)]
    assert set(marks(bench)) == {"follow_change_log.autopay"}


def test_a_row_that_cannot_be_read_makes_nobody_un_enrolled(bench):
    bench.partners.customers = {PAPERLESS: [account(1, hour(bench)), account(2, hour(bench))]}
    run(bench)
    before = marks(bench)
    bench.pass_time(10_800)
    bench.partners.customers = {PAPERLESS: [account(3, hour(bench)), UNREADABLE]}
    report = run(bench)
    assert report.counts == {"paperless": 1, "taken_over": 1, "unreadable": 1}
    assert report.failure is None
    assert told(bench)[-1] == ("3", PAPERLESS, True)
    assert marks(bench)["follow_change_log.paperless"] == before["follow_change_log.paperless"]
    (item,) = bench.exceptions()
    assert (item.kind, item.reference) == (ExceptionKind.REPORT_UNREADABLE, "paperless report")
    bench.partners.customers = {PAPERLESS: [account(3, hour(bench))]}
    bench.pass_time(10_800)
    assert run(bench).counts["taken_over"] == 2


def test_an_account_that_stands_twice_counts_with_its_newest_date(bench):
    rows = [account(1, hour(bench, 1)), account(1, hour(bench, 3))]
    bench.partners.customers = {PAPERLESS: rows}
    run(bench)
    newest = newest_changes(bench.ledger, bench.biller, PAPERLESS)
    assert newest["1"].change.changed_at == hour(bench, 1)
    assert newest["1"].source is Source.CUSTOMER_REPORT


def test_the_pump_wins_over_an_older_poll(bench):
    """The report of an hour ago still has the account; the payer left since."""
    bench.enroll(1, account_number="1", enrolled=False, changed_at=bench.clock.at)
    bench.partners.customers = {PAPERLESS: [account(1, hour(bench))]}
    assert run(bench).counts == {"paperless": 1}
    bench.run(ENROLLMENTS)
    assert [change.enrolled for change in bench.partners.pushed] == [False]
