"""Wrongs in the books of payments: at Invoice Cloud, at its processor, and in its batches."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from sandbox.fakes.invoice_cloud.book import (
    InvoiceCloudBook,
    PaymentTakenBack,
    PumpDelivered,
)
from sandbox.fakes.invoice_cloud.processor.book import (
    BatchSettled,
    PaymentReturned,
    ProcessorBook,
)
from tests.planted.wrongs import CENT, number_of, payment_of, wrong

NEW_GUID = "1c3e1d0e-6d5c-4a2b-9f0a-5b7f6c2d9e10"


def pay_unseen(scene, *, hours, number=None):
    """Let a payer pay, so many hours ago, and tell nobody of it."""
    made = payment_of(scene, 0).made
    bill = scene.book(InvoiceCloudBook).bills[scene.slug, number or number_of(scene, 20)]
    made = replace(
        made,
        payment_guid=NEW_GUID,
        invoice_number=bill.invoice.invoice_number,
        account_number=bill.invoice.account_number,
        customer_name=bill.invoice.customer_name,
        amount=bill.balance,
    )
    scene.put_in(InvoiceCloudBook, made, at=scene.world.clock.now() - timedelta(hours=hours))
    return made


def rewrite_entry(scene, transaction="Payment", **changes):
    """Change the first entry of a kind in the batches that were settled."""
    for each in scene.book(ProcessorBook).events:
        batch = each.event
        if not isinstance(batch, BatchSettled):
            continue
        for place, entry in enumerate(batch.entries):
            if entry.transaction.value == transaction:
                entries = list(batch.entries)
                entries[place] = replace(entry, **changes)
                scene.rewrite(ProcessorBook, batch, entries=tuple(entries))
                return


@wrong(1, sample=True)
def a_payment_that_nobody_was_told_of(scene):
    pay_unseen(scene, hours=5)


@wrong(15)
def a_payment_taken_over_that_the_ledger_lacks(scene):
    pay_unseen(scene, hours=1)
    delivered = PumpDelivered(payment_guid=NEW_GUID)
    scene.put_in(InvoiceCloudBook, delivered, at=scene.world.clock.now())


@wrong(2)
def a_payment_declined_after_all(scene):
    scene.rewrite(InvoiceCloudBook, payment_of(scene, 0).made, approved=False)


@wrong(13)
def a_payment_of_another_amount(scene):
    made = payment_of(scene, 0).made
    scene.rewrite(InvoiceCloudBook, made, amount=made.amount - CENT)


@wrong(13)
def a_payment_with_another_fee(scene):
    made = payment_of(scene, 0).made
    scene.rewrite(InvoiceCloudBook, made, fee=made.fee + CENT)


@wrong(6)
def a_payment_given_back_that_no_bank_returned(scene):
    guid = payment_of(scene, 2).made.payment_guid
    taken = PaymentTakenBack(payment_guid=guid)
    scene.put_in(InvoiceCloudBook, taken, at=scene.world.clock.now())


@wrong(6)
def a_returned_payment_that_still_counts_as_paid(scene):
    scene.take_out(InvoiceCloudBook, scene.event(InvoiceCloudBook, PaymentTakenBack))


@wrong(6)
def a_reject_struck_out(scene):
    reject = next(
        each.event
        for each in scene.book(ProcessorBook).events
        if isinstance(each.event, PaymentReturned) and each.event.goes_back
    )
    scene.take_out(ProcessorBook, reject)


@wrong(17)
def a_reject_with_another_code(scene):
    scene.rewrite(
        ProcessorBook, scene.event(ProcessorBook, PaymentReturned, code="R01"), code="R10"
    )


@wrong(17)
def a_reject_that_takes_the_money_back_again(scene):
    first = scene.event(ProcessorBook, PaymentReturned, code="R01")
    book = scene.book(ProcessorBook)
    again = replace(first, reject_guid=NEW_GUID)
    book.open_batches.setdefault(_open_key(scene, first), [])
    scene.put_in(ProcessorBook, again, at=scene.world.clock.now() - timedelta(hours=6))


@wrong(8, sample=True)
def a_batch_entry_of_a_cent_less(scene):
    amount = payment_of(scene, 0).made.amount
    rewrite_entry(scene, amount=amount - CENT)


@wrong(8)
def a_batch_entry_of_another_fee(scene):
    rewrite_entry(scene, fee=Decimal("9.00"))


@wrong(8)
def a_batch_entry_of_another_account(scene):
    rewrite_entry(scene, account_number="1234567")


@wrong(8)
def a_batch_entry_of_nobodys_payment(scene):
    rewrite_entry(scene, payment_guid=NEW_GUID)


@wrong(8)
def a_returned_amount_paid_out_again(scene):
    rewrite_entry(scene, "Return", amount=payment_of(scene, 1).made.amount)


@wrong(8)
def a_payment_in_two_batches(scene):
    batches = [
        each.event
        for each in scene.book(ProcessorBook).events
        if isinstance(each.event, BatchSettled)
    ]
    entries = (*batches[1].entries, batches[0].entries[0])
    scene.rewrite(ProcessorBook, batches[1], entries=entries)


@wrong(8)
def a_payment_that_no_batch_ever_paid_out(scene):
    batch = scene.event(ProcessorBook, BatchSettled)
    scene.rewrite(ProcessorBook, batch, entries=batch.entries[1:])


@wrong(8)
def two_batches_of_one_number(scene):
    batches = [
        each.event
        for each in scene.book(ProcessorBook).events
        if isinstance(each.event, BatchSettled)
    ]
    scene.rewrite(ProcessorBook, batches[1], batch_id=batches[0].batch_id)


def _open_key(scene, returned):
    from sandbox.fakes.invoice_cloud.processor.book import BatchKey, BatchType

    return BatchKey(scene.slug, BatchType.ACH, returned.settles_on)
