"""A person's hand on payments over real sockets, with de-duplication at Spectrum off.

Whatever is sent again, or said, no payment is applied twice.
"""

from decimal import Decimal

import pytest

from sandbox.audit import run_audit
from sandbox.fakes.spectrum.book import SpectrumBook

MINUTE = 60
# Longer than the guard's settle time.
SETTLED = 20 * MINUTE


@pytest.fixture
def blurred(operator):
    """Return a maker of a payment whose evidence somebody else's charge has blurred.

    Spectrum tells no receipts and believes every repeat; `moment` says whether it had applied
    the receipt when the answer was lost.
    """
    feed = {**operator.settings["billers"][operator.slug]["feed"], "receipts": False}
    operator.world.behaviours.change({"spectrum_deduplicates": False})
    operator.change_biller(feed=feed)

    def make(moment):
        operator.arm("sever", "spectrum", "OnlineReceipt", moment=moment, count=1)
        invoice = operator.pay()
        operator.advance(30)
        charge(operator, invoice, "5.00")
        operator.advance(SETTLED)
        row = operator.payment(invoice)
        assert row["state"] == "dead"
        return invoice, row["payment_guid"]

    return make


def charge(operator, invoice, amount):
    operator.world.book(SpectrumBook).adjust_balance(invoice, Decimal(amount), "a test")


def release(operator, guid, balance):
    """Say that the payment is not among Spectrum's receipts, and what is due on its invoice."""
    finding = ("--as", "never-applied", "--balance", f"{balance:.2f}", "--note", "not there")
    operator.say("payments", "resolve", guid, *finding)


def run(operator):
    operator.advance(MINUTE)
    operator.say("run", "post_payments")


def audit(operator):
    report = run_audit(operator.world)
    return [v.story for f in report.findings for v in f.violations]


def test_sending_again_without_evidence_posts_nothing(operator, blurred):
    invoice, guid = blurred("after")
    for _ in range(2):
        operator.say("payments", "retry", guid)
        run(operator)
        assert operator.payment(invoice)["state"] == "dead"
    assert len(operator.receipts(invoice)) == 1
    assert [item["kind"] for item in operator.read("exceptions", "list")] == ["evidence_unclear"]
    charge(operator, invoice, "-5.00")
    operator.say("payments", "retry", guid)
    run(operator)
    operator.advance(2 * SETTLED)
    row = operator.payment(invoice)
    assert (row["state"], row["evidence"]) == ("applied", "balance")
    assert operator.is_paid_once(invoice)
    assert operator.read("exceptions", "list") == []
    assert audit(operator) == []


def test_a_balance_that_moved_and_came_back_is_for_a_person(operator, blurred):
    invoice, guid = blurred("before")
    charge(operator, invoice, "-5.00")
    operator.say("payments", "retry", guid)
    run(operator)
    assert operator.payment(invoice)["state"] == "dead"
    release(operator, guid, operator.balance(invoice))
    run(operator)
    assert operator.payment(invoice)["evidence"] == "answer"
    assert operator.is_paid_once(invoice)


def test_a_person_who_saw_the_receipt_ends_it(operator, blurred):
    invoice, guid = blurred("after")
    [receipt] = operator.receipts(invoice)
    arguments = ("--as", "applied", "--receipt", receipt.id, "--note", "seen", "--by", "ada")
    operator.say("payments", "resolve", guid, *arguments)
    [story] = operator.read("payments", "show", guid)
    assert story["delivery"]["evidence"] == "person"
    assert "ada says it is applied" in story["events"][-1]["detail"]
    operator.say("payments", "resolve", guid, *arguments, code=2)
    operator.say("payments", "retry", guid, code=2)
    run(operator)
    assert len(operator.receipts(invoice)) == 1


def test_a_person_who_saw_none_has_it_posted_and_what_waited_goes_on(operator, blurred):
    invoice, guid = blurred("before")
    release(operator, guid, operator.balance(invoice))
    run(operator)
    assert len(operator.receipts(invoice)) == 1
    assert operator.payment(invoice)["state"] == "applied"


def test_a_release_by_another_balance_posts_nothing(operator, blurred):
    invoice, guid = blurred("after")
    release(operator, guid, operator.balance(invoice) + Decimal("1.00"))
    operator.advance(SETTLED)
    assert operator.payment(invoice)["state"] == "dead"
    assert len(operator.receipts(invoice)) == 1


def test_what_was_refused_again_and_again_is_released_by_a_person(operator):
    operator.refuse("spectrum", "OnlineReceipt", count=9)
    invoices = []
    for _ in range(3):
        invoices.append(operator.pay())
        operator.advance(MINUTE)
    operator.advance(4 * SETTLED)
    told = operator.read("payments", "retry", "--all-dead", "--biller", operator.slug)
    assert len(told["done"]) == 3
    run(operator)
    for invoice in invoices:
        row = operator.payment(invoice)
        assert (row["state"], operator.receipts(invoice)) == ("dead", [])
        release(operator, row["payment_guid"], operator.balance(invoice))
    run(operator)
    assert [operator.is_paid_once(invoice) for invoice in invoices] == [True] * 3
    assert audit(operator) == []


def test_outcome_c_is_posted_again_only_when_a_person_has_looked(operator):
    operator.arm("status", "spectrum", "OnlineReceipt", count=1, status=200, body="")
    invoice = operator.pay()
    operator.advance(SETTLED)
    row = operator.payment(invoice)
    assert row["state"] == "not_applied"
    operator.say("payments", "retry", row["payment_guid"])
    run(operator)
    assert operator.payment(invoice)["state"] == "not_applied"
    assert operator.receipts(invoice) == []
    release(operator, row["payment_guid"], operator.balance(invoice))
    run(operator)
    assert operator.is_paid_once(invoice)
