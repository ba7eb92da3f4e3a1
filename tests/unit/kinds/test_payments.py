"""Payments: what every answer of Spectrum becomes, and the balance that is read before a post."""

from datetime import timedelta

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.payment import ReceiptEmpty, ReceiptPending
from adapter.domain.work_item import Cause, State
from adapter.errors import (
    BadInputError,
    ConfigurationError,
    LedgerError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.kinds import PAYMENTS

WHERE = {"partner": "spectrum", "operation": "OnlineReceipt"}
LOST = OutcomeUnknownError("connection lost", **WHERE)
REFUSED = RejectedError("answered 400", status=400, **WHERE)
OKAY = ReceiptPending(message="maybe already was")


@pytest.fixture
def run(bench):
    return lambda: bench.run(PAYMENTS)


@pytest.fixture
def doubtful(bench, run):
    """Return a payment whose answer was lost."""
    payment = bench.accept()
    bench.partners.receipt_answers = [LOST]
    run()
    return payment


def test_the_balance_before_the_post_is_on_disk_before_it_leaves(bench, run):
    payment, seen = bench.accept(), []
    bench.partners.receipt_answers = [lambda: seen.append(bench.item(payment)) or OKAY]
    run()
    assert seen[0].balance_before == bench.partners.balance
    assert bench.events(payment)[1].detail == (
        "balance 731.37 (guard, row 6); posting the receipt, try 1"
    )


@pytest.mark.parametrize(
    ("answer", "word", "seconds", "words", "review"),
    [
        (OKAY, "pending", 120, "(maybe already was): pending, looked for later", None),
        (LOST, "in_doubt", 120, "evidence is looked for at 2026-01-05T08:02:00Z", None),
        (ReceiptEmpty(), "in_doubt", 120, "to policy 1204117? Evidence is looked for", None),
        (REFUSED, "in_doubt", 120, "refused (spectrum OnlineReceipt: answered 400)", None),
    ],
)
def test_what_becomes_of_an_answer(bench, run, *, answer, word, seconds, words, review):
    payment = bench.accept()
    bench.partners.receipt_answers = [answer]
    assert run().counts == {word: 1}
    item = bench.item(payment)
    at = None if seconds is None else bench.clock.now() + timedelta(seconds=seconds)
    assert (item.next_at, item.may_have_left, item.review) == (at, at is not None, review)
    assert words in bench.events(payment)[-1].detail
    wanted = [(review, payment.payment_guid, "30254")] if review else []
    reviews = bench.exceptions()
    assert [(each.kind, each.payment_guid, each.invoice_number) for each in reviews] == wanted


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (RetryableError("503", **WHERE), "failed"),
        (OutcomeUnknownError("silence", **WHERE), "failed"),
        (OSError(), "failed"),
        (RejectedError("404", **WHERE), "dead"),
    ],
)
def test_without_a_balance_nothing_is_posted(bench, run, error, word):
    payment = bench.accept()
    bench.partners.balance = error
    assert run().counts == {word: 1}
    assert bench.partners.posted == []
    item = bench.item(payment)
    assert (item.attempts, item.sent_at, item.may_have_left) == (1, None, False)
    assert "not sent, it could not be prepared" in item.last_error
    assert bench.events(payment)[-1].cause is Cause.NOT_SENT
    assert bench.open_kinds() == ([ExceptionKind.DEAD] if word == "dead" else [])


def test_a_setting_that_stops_the_balance_stops_all_and_is_reviewed_after_a_day(bench, run):
    payments = [bench.accept(number, invoice_number=str(number)) for number in (1, 2, 3)]
    bench.partners.balance = ConfigurationError("setting 13 is refused")
    report = run()
    assert isinstance(report.failure, ConfigurationError)
    for payment in payments:
        item = bench.item(payment)
        assert (item.state, item.attempts) == (State.WAITING, 0)
        assert item.next_at == bench.clock.now() + timedelta(seconds=300)
        assert item.last_error == "waits for a setting: setting 13 is refused"
        assert len(bench.events(payment)) == 1
    bench.pass_time(86_400)
    run()
    assert bench.open_kinds() == [ExceptionKind.SETTING_OVERDUE]
    bench.partners.balance = payments[0].amount
    bench.pass_time(3600)
    assert run().counts == {"applied": 3}
    assert bench.open_kinds() == []


def test_no_more_leave_within_a_minute_than_the_biller_wants(bench, run):
    for number in (1, 2):
        bench.accept(number, invoice_number=str(number))
    bench.partners.posts_per_minute = 1
    assert run().counts == {"applied": 1}
    bench.pass_time(60)
    assert run().counts == {"applied": 1}
    assert [item.receipt_id for item in bench.items(PAYMENTS)] == ["R-1", "R-2"]


@pytest.mark.parametrize(
    "error",
    [
        RetryableError("503", **WHERE),
        BadInputError(field="row 3", value="", rule="broken", remedy="mend it"),
        KeyError("odd"),
    ],
)
@pytest.mark.parametrize("with_feed", [True, False])
def test_who_cannot_look_looks_again_later_and_posts_nothing(
    bench, run, doubtful, error, with_feed
):
    bench.pass_time(120)
    bench.partners.balance = error
    bench.partners.searches = [error] if with_feed else None
    assert run().counts == {"in_doubt": 1}
    item = bench.item(doubtful)
    assert item.next_at > bench.clock.now()
    assert item.last_error.startswith(("could not look: ", "answer lost after sending; "))
    assert len(bench.partners.posted) == 1


def test_a_wrong_setting_of_the_feed_does_not_hold_up_the_posts(bench, run, doubtful):
    bench.partners.searches = [ConfigurationError("the feed's folder is missing")]
    bench.pass_time(120)
    other = bench.accept(2, invoice_number="30255")
    assert isinstance(run().failure, ConfigurationError)
    assert bench.item(other).state is State.DONE
    item = bench.item(doubtful)
    assert item.state is State.IN_DOUBT
    assert item.next_at == bench.clock.now() + timedelta(seconds=300)
    assert item.last_error == "waits for a setting: the feed's folder is missing"


@pytest.mark.usefixtures("doubtful")
def test_a_failing_ledger_is_no_evidence(bench, run):
    bench.pass_time(120)
    bench.partners.balance = LedgerError("disk full")
    with pytest.raises(LedgerError):
        run()
