"""A person's hand on a payment: one transaction, with its event, its exceptions and its fence."""

from dataclasses import replace

import pytest

from adapter.domain.delivery import Cause, DeliveryState, Evidence
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.payment import DeliveryKey
from adapter.domain.redrive import Finding, Word
from adapter.errors import BadInputError, LeaseLostError, NotFoundError

APPLIED = Word(by="ada", finding=Finding.APPLIED, note="seen", receipt_id="1003")
NEVER = Word(by="ada", finding=Finding.NEVER_APPLIED, note="not there")


def dead(bench, number=1, *, kind=ExceptionKind.DEAD, at=None, **fields):
    bench.accept(number, at=at, **fields)
    sent = bench.send(at=at)
    if kind is ExceptionKind.EVIDENCE_UNCLEAR:
        doubt = bench.record(sent, DeliveryState.IN_DOUBT, at=at, next_at=at or bench.now)
        bench.claim(at=at)
        held = bench.ledger.deliveries.find(doubt.payment.key)
        return bench.record(held, DeliveryState.DEAD, at=at, cause=Cause.EVIDENCE, exception=kind)
    return bench.record(sent, DeliveryState.DEAD, at=at, exception=kind)


def retry(bench, delivery, **options):
    key = delivery.payment.key
    return bench.ledger.redrives.retry(key, by="ada", now=bench.now, **options)


def resolve(bench, delivery, word, *, at=None):
    key = delivery.payment.key
    return bench.ledger.redrives.resolve(key, word, now=at or bench.now, settle_seconds=120)


def test_a_dead_payment_is_due_again_and_its_exception_is_closed(bench):
    again = retry(bench, dead(bench))
    assert (again.state, again.attempts) == (DeliveryState.FAILED, 0)
    event = bench.events(again)[-1]
    assert (event.from_state, event.cause) == (DeliveryState.DEAD, Cause.PERSON)
    assert "ada" in event.detail
    [item] = bench.exceptions()
    assert not item.is_open
    assert bench.claim().payment.key == again.payment.key


def test_events_are_only_added(bench):
    first = dead(bench)
    before = bench.events(first)
    retry(bench, first)
    assert bench.events(first)[: len(before)] == before


def test_an_unclear_one_is_in_doubt_again_and_keeps_what_evidence_needs(bench):
    first = dead(bench, kind=ExceptionKind.EVIDENCE_UNCLEAR)
    again = retry(bench, first)
    assert again.state is DeliveryState.IN_DOUBT
    assert (again.sent_at, again.balance_before) == (first.sent_at, first.balance_before)
    assert not bench.exceptions()[0].is_open


def test_an_unclear_one_is_refused_once_others_have_moved_the_balance(bench, later):
    first = dead(bench, kind=ExceptionKind.EVIDENCE_UNCLEAR)
    bench.ledger.exceptions.resolve(bench.exceptions()[0].id, now=bench.now, resolution="let go")
    bench.accept(2)
    bench.record(bench.send(at=later(60)), DeliveryState.APPLIED, at=later(61))
    with pytest.raises(BadInputError, match="moved the balance since"):
        retry(bench, first)


def test_a_reversal_since_blurs_the_evidence_too(bench, later):
    bench.accept(2)
    bench.record(bench.send(), DeliveryState.APPLIED)
    first = dead(bench, kind=ExceptionKind.EVIDENCE_UNCLEAR)
    bench.bring_back(2)
    bench.reverse(bench.claim_reversal(at=later(60)), at=later(60))
    with pytest.raises(BadInputError, match="moved the balance since"):
        retry(bench, first)


def test_a_refusal_changes_nothing(bench):
    bench.accept()
    sent = bench.send()
    with pytest.raises(BadInputError, match="sending"):
        retry(bench, sent)
    assert bench.ledger.deliveries.find(sent.payment.key) == sent


def test_one_on_an_invoice_where_another_is_on_its_way_waits(bench):
    first = dead(bench, kind=ExceptionKind.EVIDENCE_UNCLEAR)
    bench.ledger.exceptions.resolve(bench.exceptions()[0].id, now=bench.now, resolution="let go")
    bench.accept(2)
    bench.claim()  # holds the invoice and has sent nothing yet
    with pytest.raises(BadInputError, match="on its way right now"):
        retry(bench, first)


def test_what_is_unknown_is_not_found(bench):
    key = DeliveryKey(biller="camp-point", payment_guid="0", invoice_number="1")
    with pytest.raises(NotFoundError):
        bench.ledger.redrives.retry(key, by="ada", now=bench.now)


def test_all_dead_are_sent_again_but_those_that_must_not_be(bench, later):
    dead(bench, 1, invoice="1")
    unclear = dead(bench, 3, invoice="3", kind=ExceptionKind.EVIDENCE_UNCLEAR)
    bench.ledger.exceptions.resolve(bench.exceptions()[-1].id, now=bench.now, resolution="go")
    bench.accept(4, invoice="3")
    bench.record(bench.send(at=later(5)), DeliveryState.APPLIED, at=later(5))
    done, refused = bench.ledger.redrives.retry_all_dead(by="ada", now=bench.now)
    assert [d.payment.invoice_number for d in done] == ["1"]
    assert [r.key for r in refused] == [unclear.payment.key]
    elsewhere = bench.ledger.redrives.retry_all_dead(by="ada", now=bench.now, biller="other")
    assert elsewhere == ((), ())


def test_a_persons_word_is_final_marked_and_closes_its_exception(bench):
    applied = resolve(bench, dead(bench, kind=ExceptionKind.EVIDENCE_UNCLEAR), APPLIED)
    assert (applied.state, applied.evidence) == (DeliveryState.APPLIED, Evidence.PERSON)
    assert (applied.receipt_id, applied.next_at) == ("1003", None)
    assert bench.exceptions()[0].resolution == "ada: seen"
    with pytest.raises(BadInputError, match="receipt exists"):
        resolve(bench, applied, NEVER)


def test_whoever_held_the_row_records_nothing_any_more(bench, later):
    bench.accept()
    bench.record(bench.send(), DeliveryState.IN_DOUBT, next_at=bench.now)
    held = bench.claim()
    resolve(bench, held, APPLIED, at=later(100))  # the lease is over
    with pytest.raises(LeaseLostError):
        bench.record(held, DeliveryState.FAILED, next_at=bench.now)


def test_never_applied_wakes_what_waited_behind_it(bench):
    first = dead(bench, kind=ExceptionKind.EVIDENCE_UNCLEAR)
    bench.accept(2)
    assert bench.claim() is None  # held back by the exception
    assert resolve(bench, first, NEVER).state is DeliveryState.FAILED
    assert bench.claim().payment.key == first.payment.key


def test_an_exception_about_the_content_stays_open(bench):
    first = dead(bench)
    bench.ledger.exceptions.open(
        bench.biller,
        ExceptionKind.MISMATCH,
        "the amounts differ",
        now=bench.now,
        payment_guid=first.payment.payment_guid,
        invoice_number="30254",
    )
    retry(bench, first)
    assert [i.kind for i in bench.exceptions() if i.is_open] == [ExceptionKind.MISMATCH]


def test_what_was_asked_about_a_setting_is_closed_by_its_reference(bench):
    first = dead(bench)
    bench.ledger.exceptions.open(
        bench.biller,
        ExceptionKind.SETTING_OVERDUE,
        "waits",
        now=bench.now,
        invoice_number="30254",
        reference=first.payment.key.reference,
    )
    resolve(bench, first, replace(APPLIED, note="by hand"))
    assert not [item for item in bench.exceptions() if item.is_open]
