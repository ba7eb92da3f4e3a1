"""Wrongs in Spectrum's book: receipts that are doubled, lost, foreign, or unlike their payment."""

from dataclasses import replace
from datetime import timedelta

from sandbox.fakes.spectrum.book import SpectrumBook
from tests.planted.wrongs import CENT, number_of, payment_of, receipt_of, wrong


def rewrite(scene, place=0, **changes):
    scene.rewrite(SpectrumBook, receipt_of(scene, place).applied, **changes)


def apply_more(scene, place=0, **changes):
    """Apply a receipt like that of the payment at a place, under a number of its own."""
    receipt = receipt_of(scene, place)
    number = scene.book(SpectrumBook).next_receipt_id()
    more = replace(receipt.applied, receipt_id=number, **changes)
    scene.put_in(SpectrumBook, more, at=receipt.applied_at)


@wrong(1, sample=True)
def a_receipt_applied_twice(scene):
    apply_more(scene)


@wrong(1)
def a_receipt_applied_twice_under_another_spelling_of_the_vendor(scene):
    apply_more(scene, online_vendor="Invoice Cloud")


@wrong(1)
def a_receipt_applied_twice_under_another_spelling_of_the_guid(scene):
    guid = receipt_of(scene, 0).applied.reference_number
    apply_more(scene, reference_number="{" + guid.upper() + "}")


@wrong(1, sample=True)
def a_receipt_lost(scene):
    scene.take_out(SpectrumBook, receipt_of(scene, 0).applied)


@wrong(2)
def a_receipt_on_another_invoice(scene):
    other = number_of(scene, 20)
    policy = scene.book(SpectrumBook).invoices[other].policy.policy_number
    rewrite(scene, invoice_number=other, policy_number=policy)


@wrong(2, sample=True)
def a_receipt_of_nobodys_payment(scene):
    apply_more(scene, reference_number="1c3e1d0e-6d5c-4a2b-9f0a-5b7f6c2d9e10")


@wrong(2)
def a_receipt_of_nobodys_payment_by_a_vendor_in_capitals(scene):
    guid = "1c3e1d0e-6d5c-4a2b-9f0a-5b7f6c2d9e10"
    apply_more(scene, reference_number=guid, online_vendor="INVOICE CLOUD")


@wrong(2)
def a_receipt_of_a_declined_payment(scene):
    declined = next(
        p for p in _payments(scene) if not p.made.approved and p.made.invoice_number
    ).made
    policy = scene.book(SpectrumBook).invoices[declined.invoice_number].policy.policy_number
    apply_more(
        scene,
        invoice_number=declined.invoice_number,
        policy_number=policy,
        reference_number=declined.payment_guid,
        amount=declined.amount,
    )


@wrong(13, sample=True)
def a_receipt_of_a_cent_less(scene):
    rewrite(scene, amount=receipt_of(scene, 0).applied.amount - CENT)


@wrong(13)
def a_receipt_with_another_fee(scene):
    rewrite(scene, fee=receipt_of(scene, 0).applied.fee + CENT)


@wrong(13)
def a_receipt_with_another_policy(scene):
    policy = scene.book(SpectrumBook).invoices[number_of(scene, 20)].policy
    rewrite(scene, policy_number=policy.policy_number)


@wrong(13)
def a_receipt_dated_a_day_before(scene):
    made_at = payment_of(scene, 0).made_at - timedelta(days=1)
    rewrite(scene, date_paid=f"{made_at:%Y-%m-%dT%H:%M:%SZ}")


@wrong(13)
def a_receipt_dated_in_another_time_zone(scene):
    made_at = payment_of(scene, 0).made_at
    rewrite(scene, date_paid=f"{made_at:%Y-%m-%dT%H:%M:%S}-06:00")


@wrong(13)
def a_receipt_of_another_kind(scene):
    rewrite(scene, payment_type="ACH")


@wrong(13)
def a_receipt_with_another_transaction_id(scene):
    rewrite(scene, transaction_id="IC000000001")


@wrong(13)
def a_receipt_in_another_name(scene):
    rewrite(scene, full_name="Somebody Else")


@wrong(13)
def a_receipt_of_the_second_invoice_with_the_fee_again(scene):
    rewrite(scene, 4, fee=payment_of(scene, 3).made.fee)


@wrong(13)
def a_receipt_by_a_vendor_of_another_name(scene):
    rewrite(scene, online_vendor="Lockbox")


def _payments(scene):
    from sandbox.fakes.invoice_cloud.book import InvoiceCloudBook

    return scene.book(InvoiceCloudBook).payments.values()
