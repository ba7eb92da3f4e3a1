"""Wrongs in Spectrum's book: balances that do not follow, reversals, what nobody billed."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from sandbox.fakes.invoice_cloud.book import InvoiceCloudBook
from sandbox.fakes.invoice_cloud.processor.book import ProcessorBook
from sandbox.fakes.spectrum.book import (
    BalanceAdjusted,
    InvoiceIssued,
    ReceiptApplied,
    ReceiptReversed,
    SpectrumBook,
)
from tests.planted.wrongs import CENT, number_of, payment_of, receipt_of, wrong


def alter(scene, place, **changes):
    """Change an invoice's state, and let no event say why."""
    invoices = scene.book(SpectrumBook).invoices
    number = number_of(scene, place)
    invoices[number] = replace(invoices[number], **changes)


@wrong(3, sample=True)
def a_balance_a_cent_higher_by_what_was_received(scene):
    invoice = scene.book(SpectrumBook).invoices[number_of(scene, 0)]
    alter(scene, 0, received=invoice.received - CENT)


@wrong(3)
def a_balance_moved_by_an_adjustment_without_an_event(scene):
    alter(scene, 20, adjusted=Decimal("-5.00"))


@wrong(3)
def a_reversal_in_the_balance_that_never_was(scene):
    alter(scene, 0, reversed=Decimal("1.00"))


@wrong(3)
def two_figures_wrong_that_make_up_for_each_other(scene):
    alter(scene, 20, adjusted=Decimal("5.00"), received=Decimal("5.00"))


@wrong(3)
def a_bill_that_says_another_amount_than_was_issued(scene):
    invoice = scene.book(SpectrumBook).invoices[number_of(scene, 20)]
    alter(scene, 20, policy=replace(invoice.policy, billed=invoice.billed + CENT))


@wrong(3)
def an_event_struck_out_of_the_book(scene):
    book = scene.book(SpectrumBook)
    book.events = [each for each in book.events if not isinstance(each.event, BalanceAdjusted)]


@wrong(3)
def an_event_with_another_amount_than_it_had(scene):
    book = scene.book(SpectrumBook)
    book.events = [
        replace(each, event=replace(each.event, amount=each.event.amount + CENT))
        if isinstance(each.event, BalanceAdjusted)
        else each
        for each in book.events
    ]


@wrong(3)
def an_invoice_that_has_vanished(scene):
    del scene.book(SpectrumBook).invoices[number_of(scene, 20)]


@wrong(3)
def a_receipt_reversed_without_an_event(scene):
    receipts = scene.book(SpectrumBook).receipts
    receipt = receipt_of(scene, 0)
    receipts[receipt.id] = replace(receipt, reversed_at=receipt.applied_at)


@wrong(3)
def a_receipt_number_given_twice(scene):
    receipt, other = receipt_of(scene, 0), receipt_of(scene, 2)
    scene.rewrite(SpectrumBook, other.applied, receipt_id=receipt.id)


@wrong(6, sample=True)
def a_receipt_reversed_by_nobodys_return(scene):
    reversed_ = ReceiptReversed(receipt_id=receipt_of(scene, 0).id, reason="R01 by mistake")
    scene.put_in(SpectrumBook, reversed_, at=scene.world.clock.now())


@wrong(6)
def a_return_whose_receipt_stands(scene):
    scene.take_out(SpectrumBook, scene.event(SpectrumBook, ReceiptReversed))


@wrong(17, sample=True)
def a_receipt_reversed_twice(scene):
    reversed_ = scene.event(SpectrumBook, ReceiptReversed)
    scene.put_in(SpectrumBook, replace(reversed_), at=scene.world.clock.now())


@wrong(17)
def a_receipt_reversed_under_another_reject(scene):
    reversed_ = scene.event(SpectrumBook, ReceiptReversed)
    name = "0a1f3c54-0000-4000-8000-3d8ddf1f7d11:" + reversed_.reversal_id.partition(":")[2]
    scene.rewrite(SpectrumBook, reversed_, reversal_id=name)


@wrong(17)
def a_receipt_reversed_with_another_code(scene):
    reversed_ = scene.event(SpectrumBook, ReceiptReversed)
    scene.rewrite(SpectrumBook, reversed_, reason="R10 Customer Advises Not Authorized")


@wrong(17)
def another_payments_receipt_reversed_in_its_place(scene):
    reversed_ = scene.event(SpectrumBook, ReceiptReversed)
    scene.rewrite(SpectrumBook, reversed_, receipt_id=receipt_of(scene, 2).id)


@wrong(17)
def a_receipt_reversed_before_the_bank_returned_it(scene):
    book = scene.book(SpectrumBook)
    events = [
        replace(each, at=each.at - timedelta(hours=12))
        if isinstance(each.event, ReceiptReversed)
        else each
        for each in book.events
    ]
    scene._rebuild(SpectrumBook, events)


@wrong(14, sample=True)
def a_fee_unbilled_for_three_hours(scene):
    fee = BalanceAdjusted(
        invoice_number=number_of(scene, 20), amount=Decimal("25.00"), reason="a fee"
    )
    scene.put_in(SpectrumBook, fee, at=scene.world.clock.now() - timedelta(hours=3))


@wrong(14)
def an_invoice_unbilled_for_three_hours(scene):
    policy = scene.book(SpectrumBook).invoices[number_of(scene, 20)].policy
    issued = InvoiceIssued(biller=scene.slug, policy=replace(policy, invoice_number="99001"))
    scene.put_in(SpectrumBook, issued, at=scene.world.clock.now() - timedelta(hours=3))


@wrong(14)
def a_credit_before_the_first_cut_off_that_no_file_told(scene):
    credit = BalanceAdjusted(
        invoice_number=number_of(scene, 20), amount=Decimal("-5.00"), reason="a credit"
    )
    scene.put_in(SpectrumBook, credit, at=scene.world.born_at)


@wrong(12, sample=True)
def an_invoice_paid_twice_over(scene):
    """By two payments, each with its receipt."""
    payment, receipt = payment_of(scene, 0), receipt_of(scene, 0)
    guid = "1c3e1d0e-6d5c-4a2b-9f0a-5b7f6c2d9e10"
    made = replace(payment.made, payment_guid=guid)
    scene.put_in(InvoiceCloudBook, made, at=payment.made_at)
    applied = replace(receipt.applied, receipt_id="2001", reference_number=guid)
    scene.put_in(SpectrumBook, applied, at=receipt.applied_at)


@wrong(12)
def an_open_payment_of_what_is_paid(scene):
    payment = payment_of(scene, 0)
    made = replace(payment.made, payment_guid="1c3e1d0e-6d5c-4a2b-9f0a-5b7f6c2d9e10")
    scene.put_in(InvoiceCloudBook, made, at=scene.world.clock.now())


@wrong(12)
def a_receipt_of_more_than_was_ever_billed(scene):
    made, applied = payment_of(scene, 0).made, receipt_of(scene, 0).applied
    more = applied.amount + Decimal("100.00")
    scene.rewrite(SpectrumBook, applied, amount=more)
    scene.rewrite(InvoiceCloudBook, made, amount=more)
    captured = scene.book(ProcessorBook).captured[made.payment_guid]
    scene.rewrite(ProcessorBook, captured, made=replace(made, amount=more))


@wrong(8)
def a_receipt_that_was_first_applied_on_an_invoice_of_two(scene):
    """Credit the second invoice's share to the first, at Invoice Cloud too."""
    receipt = receipt_of(scene, 4)
    first = scene.event(SpectrumBook, ReceiptApplied, invoice_number=number_of(scene, 3))
    scene.rewrite(SpectrumBook, first, amount=first.amount + receipt.applied.amount)
    made = payment_of(scene, 3).made
    share = replace(made.further[0], amount=Decimal("0.00"))
    more = made.amount + made.further[0].amount
    scene.rewrite(InvoiceCloudBook, made, amount=more, further=(share,))
