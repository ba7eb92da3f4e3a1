"""Each rule at its bound: raised beyond it, silent at it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from adapter.domain import alarm_rules as rules
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.figures import (
    ExceptionFigure,
    Figures,
    LedgerFigures,
    MarkFigure,
    StateFigure,
    UnappliedFigure,
)
from adapter.domain.work_item import State

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
TICK = timedelta(microseconds=1)
INTERVALS = {"send_invoices": timedelta(hours=1), "follow_change_log": timedelta(hours=3)}


def found(rule, *, ledger=None, billers=("a",), **fields):
    told = {"intervals": INTERVALS, "billers": frozenset(billers), **fields}
    return list(rule(Figures(now=NOW, ledger=ledger or LedgerFigures(), **told)))


def ledger(**fields):
    return LedgerFigures(**{name: (value,) for name, value in fields.items()})


def state(which, kind="payment", **fields):
    return StateFigure(kind=kind, biller="a", state=which, count=2, oldest="g-1:30254", **fields)


def mark(job, ago):
    return MarkFigure(biller="a", job=job, moved_at=NOW - ago)


DISK = rules.DISK_FREE_BYTES_MIN
SKEWS = {"spectrum": 31.0, "imt": -31.0, "invoice_cloud": 30.0}


@pytest.mark.parametrize(
    ("rule", "figures", "details"),
    [
        (rules.ledger_not_writable, {"ledger_problem": "locked"}, ["locked"]),
        (rules.ledger_not_writable, {}, []),
        (
            rules.disk_low,
            {"disk": "/d", "disk_free_bytes": DISK - 1},
            ["511 MiB are free at /d; 512 are needed"],
        ),
        (rules.disk_low, {"disk": "/d", "disk_free_bytes": DISK}, []),
        (
            rules.posting_switched_off,
            {"posting_off": frozenset("a"), "ledger": ledger(items=state(State.WAITING))},
            ["posting is switched off for a; 2 of its payments and reversals wait"],
        ),
        (rules.posting_switched_off, {"ledger": ledger(items=state(State.WAITING))}, []),
        (rules.disk_low, {}, []),  # a database server's disk is not ours to see
        (
            rules.clock_skewed,
            {"skews": SKEWS},
            ["imt's clock is 31 s behind ours", "spectrum's clock is 31 s ahead of ours"],
        ),
        (
            rules.biller_settings_wrong,
            {"problems": ("p",), "biller_problems": {"a": ("q",)}},
            ["p", "q"],
        ),
    ],
)
def test_what_the_machine_and_the_settings_show(rule, figures, details):
    assert [finding.detail for finding in found(rule, **figures)] == details


def test_a_removed_biller_counts_once_with_all_its_states():
    figures = LedgerFigures(
        items=(
            state(State.RETRYING, oldest_at=NOW - timedelta(hours=2)),
            state(State.NEEDS_PERSON, oldest_at=NOW - timedelta(hours=3)),
        )
    )
    [finding] = found(rules.biller_removed, ledger=figures, billers=("b",))
    assert (finding.count, finding.since) == (4, NOW - timedelta(hours=3))
    assert not found(rules.biller_removed, ledger=figures)


@pytest.mark.parametrize(
    ("rule", "which", "field", "bound"),
    [
        (rules.payment_unfinished_too_long, State.WAITING, "oldest_at", rules.UNFINISHED_MAX),
        (rules.payment_unfinished_too_long, State.SENDING, "oldest_at", rules.UNFINISHED_MAX),
        (rules.payment_in_doubt_too_long, State.IN_DOUBT, "sent_at", rules.IN_DOUBT_MAX),
        (rules.payment_in_doubt_too_long, State.UNCONFIRMED, "sent_at", rules.IN_DOUBT_MAX),
        (rules.work_not_done, State.RETRYING, "due_at", rules.DUE_MAX),
    ],
)
def test_waiting_at_its_bound(rule, which, field, bound):
    assert not found(rule, ledger=ledger(items=state(which, **{field: NOW - bound})))
    since = NOW - bound - TICK
    [finding] = found(rule, ledger=ledger(items=state(which, **{field: since})))
    assert (finding.biller, finding.count, finding.since) == ("a", 2, since)
    assert not found(rule, ledger=ledger(items=state(State.NEEDS_PERSON, sent_at=NOW)))


def test_the_oldest_is_named():
    figure = state(State.RETRYING, oldest_at=NOW - timedelta(hours=3))
    [finding] = found(rules.payment_unfinished_too_long, ledger=ledger(items=figure))
    assert finding.detail.endswith("; the oldest is g-1 on invoice 30254")


@pytest.mark.parametrize("kind", ["payment", "reversal", "enrollment"])
def test_due_work_of_every_kind_is_missed_and_of_a_removed_biller_another_alarm(kind):
    due = ledger(items=state(State.RETRYING, kind, due_at=NOW - timedelta(days=1)))
    [finding] = found(rules.work_not_done, ledger=due)
    assert finding.detail.startswith(f"{kind} items that are retrying have been due since")
    assert not found(rules.work_not_done, ledger=due, billers=("b",))


def test_a_job_is_behind_beyond_two_intervals_and_some_slack():
    bound = 2 * timedelta(hours=3) + rules.INTERVAL_SLACK
    name = "follow_change_log.paperless"
    late = ledger(marks=mark(name, bound + TICK))
    assert not found(rules.poll_behind, ledger=ledger(marks=mark(name, bound)))
    [finding] = found(rules.poll_behind, ledger=late)
    assert finding.detail.startswith(
        "follow_change_log runs every 3 h and has not come to its end since"
    )
    assert not found(rules.poll_behind, ledger=late, billers=("b",))


@pytest.mark.parametrize(("name", "count"), [("send_invoices", 1), ("send_invoices edition", 0)])
def test_invoice_files_are_an_alarm_of_their_own_and_other_marks_say_nothing(name, count):
    late = ledger(marks=mark(name, timedelta(days=1)))
    assert not found(rules.poll_behind, ledger=late)
    assert len(found(rules.invoice_file_late, ledger=late)) == count


def test_what_never_came_to_its_end_is_late_since_the_biller_is_known():
    told = LedgerFigures(known_since={"a": NOW - timedelta(days=1)})
    assert len(found(rules.invoice_file_late, ledger=told)) == 1
    assert len(found(rules.poll_behind, ledger=told)) == 1
    unmarked = dict.fromkeys(rules.UNMARKED_JOBS, timedelta(hours=1))
    assert not found(rules.poll_behind, ledger=told, intervals=unmarked)
    early = LedgerFigures(known_since={"a": NOW - timedelta(hours=1)})
    assert not found(rules.poll_behind, ledger=early)


def test_every_kind_of_exception_belongs_to_one_alarm():
    kinds = [value for name, value in vars(rules).items() if name.endswith("_KINDS")]
    assert sorted(k.value for part in kinds for k in part) == sorted(
        k.value for k in ExceptionKind
    )


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        (rules.payment_dead, ExceptionKind.NOT_APPLIED),
        (rules.payment_stopped_by_setting, ExceptionKind.SETTING_OVERDUE),
        (rules.payment_in_doubt_too_long, ExceptionKind.EVIDENCE_OVERDUE),
        (rules.invoice_file_refused, ExceptionKind.INVOICE_REFUSED),
        (rules.reversal_stuck, ExceptionKind.REVERSAL_FAILED),
        (rules.enrollment_failed, ExceptionKind.ENROLLMENT_REFUSED),
        (rules.batch_mismatch, ExceptionKind.UNSETTLED),
        (rules.exception_open, ExceptionKind.MISMATCH),
    ],
)
def test_open_exceptions_raise_their_alarm_and_no_other(rule, kind):
    item = ExceptionFigure(biller="a", kind=kind, count=2, oldest_at=NOW)
    [finding] = found(rule, ledger=ledger(exceptions=item))
    assert (finding.detail, finding.since) == (f"2 {kind.value} exceptions are open", NOW)
    other = ExceptionKind.DEAD if rule is not rules.payment_dead else ExceptionKind.MISMATCH
    item = ExceptionFigure(biller="a", kind=other, count=1, oldest_at=NOW)
    assert not found(rule, ledger=ledger(exceptions=item))


def unapplied(day, count, biller="a"):
    """Return payments of an invoice that is due on a day of January."""
    return UnappliedFigure(
        biller=biller,
        due_date=date(2026, 1, day),
        count=count,
        payment_guid=f"g-{day}",
        invoice_number=f"302{day}",
        policy_number="410087",
        paid_at=NOW - timedelta(hours=day),
    )


def test_a_policy_may_lapse_from_two_banking_days_before_its_payment_is_due():
    due = tuple(unapplied(day, day) for day in (6, 7, 8))
    [finding] = found(rules.paid_policy_may_lapse, ledger=LedgerFigures(unapplied=due))
    assert finding.detail == (
        "13 payments are not applied and near or past the due date; the most urgent is g-6 on "
        "invoice 3026 of policy 410087, due 2026-01-06"
    )
    assert (finding.biller, finding.count, finding.since) == ("a", 13, due[0].paid_at)
    assert not found(rules.paid_policy_may_lapse, ledger=ledger(unapplied=due[2]))


def test_each_biller_whose_policies_may_lapse_is_told_also_one_that_was_removed():
    due = (unapplied(5, 1, "b"), unapplied(6, 1))
    findings = found(rules.paid_policy_may_lapse, ledger=LedgerFigures(unapplied=due))
    assert [finding.biller for finding in findings] == ["a", "b"]
    assert findings[1].detail.startswith("1 payment is not applied")


@pytest.mark.parametrize(
    ("rule", "kind", "plural", "review"),
    [
        (rules.reversal_stuck, "reversal", "reversals", ExceptionKind.REVERSAL_FAILED),
        (rules.enrollment_failed, "enrollment", "enrolments", ExceptionKind.ENROLLMENT_FAILED),
    ],
)
def test_what_waits_too_long_is_found_even_if_no_review_is_open(rule, kind, plural, review):
    since = NOW - rules.WAITING_MAX - TICK
    waiting = state(State.WAITING, kind, oldest_at=since)
    [finding] = found(rule, ledger=ledger(items=waiting))
    assert (finding.count, finding.since) == (2, since)
    assert finding.detail.startswith(f"2 {plural} wait, the oldest since")
    asked = ExceptionFigure(biller="a", kind=review, count=1, oldest_at=NOW)
    assert len(found(rule, ledger=ledger(items=waiting, exceptions=asked))) == 1
    early = state(State.WAITING, kind, oldest_at=since + TICK)
    assert not found(rule, ledger=ledger(items=early))
    assert not found(rule, ledger=ledger(items=state(State.WAITING, oldest_at=since)))
