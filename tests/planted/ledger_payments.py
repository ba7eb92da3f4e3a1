"""Wrongs in the adapter's ledger: payments, their review items, and what reverses them."""

from tests.planted.wrongs import number_of, payment_of, wrong

NEW_GUID = "1c3e1d0e-6d5c-4a2b-9f0a-5b7f6c2d9e10"


def delivery(scene, place=0):
    return scene.row("deliveries", invoice_number=number_of(scene, place))


def not_applied(scene):
    return scene.row("deliveries", state="not_applied")


def item_of(scene, kind="not_applied"):
    return scene.row("exceptions", kind=kind)


@wrong(15, sample=True)
def a_delivery_that_has_vanished(scene):
    scene.forget("deliveries", delivery(scene))


@wrong(15)
def a_delivery_twice(scene):
    scene.invent("deliveries", dict(delivery(scene)))


@wrong(9)
def a_delivery_of_nobodys_payment(scene):
    scene.invent("deliveries", {**delivery(scene), "payment_guid": NEW_GUID, "receipt_id": None})


@wrong(9)
def a_delivery_of_another_amount(scene):
    delivery(scene)["amount"] = "1.00"


@wrong(9)
def a_delivery_with_another_fee(scene):
    delivery(scene)["fee"] = "0.00"


@wrong(9)
def a_delivery_of_another_account(scene):
    delivery(scene)["account_number"] = "1234567"


@wrong(9)
def a_delivery_of_another_kind(scene):
    delivery(scene)["method"] = "ACH"


@wrong(9)
def a_delivery_paid_on_another_day(scene):
    delivery(scene)["paid_at"] = "2026-01-04T09:00:00Z"


@wrong(9)
def a_delivery_taken_over_before_it_was_paid(scene):
    delivery(scene)["accepted_at"] = "2026-01-05T08:59:00Z"


@wrong(9)
def a_delivery_with_another_receipt(scene):
    delivery(scene)["receipt_id"] = delivery(scene, 2)["receipt_id"]


@wrong(9, sample=True)
def a_delivery_called_applied_that_is_not(scene):
    not_applied(scene).update(state="applied", evidence="answer", receipt_id=None)


@wrong(9)
def a_delivery_called_in_doubt_that_nobody_looks_at(scene):
    delivery(scene).update(state="in_doubt", receipt_id=None)


@wrong(9)
def a_delivery_called_something_that_nobody_knows(scene):
    delivery(scene)["state"] = "posted"


@wrong(9)
def a_delivery_called_given_back_whose_receipt_stands(scene):
    delivery(scene).update(state="given_back", receipt_id=None)


@wrong(16)
def a_delivery_called_dead_whose_receipt_stands(scene):
    delivery(scene).update(state="dead", receipt_id=None)


@wrong(1)
def a_failed_delivery_that_nobody_looks_at_again(scene):
    delivery(scene, 15)["next_at"] = None


@wrong(1)
def a_delivery_in_flight_while_all_rests(scene):
    delivery(scene, 15).update(state="sending", next_at=None)


@wrong(1)
def a_delivery_in_a_state_that_nobody_knows(scene):
    delivery(scene, 15)["state"] = "lost"


@wrong(16, sample=True)
def a_payment_not_applied_whose_item_is_resolved(scene):
    item_of(scene).update(resolved_at="2026-01-06T09:00:00Z", resolution="seen")


@wrong(16)
def a_payment_not_applied_without_an_item(scene):
    scene.forget("exceptions", item_of(scene))


@wrong(16)
def a_payment_not_applied_whose_item_names_another_payment(scene):
    item_of(scene)["payment_guid"] = payment_of(scene, 0).made.payment_guid


@wrong(16)
def a_payment_not_applied_whose_item_names_another_invoice(scene):
    item_of(scene)["invoice_number"] = number_of(scene, 0)


@wrong(16)
def a_payment_not_applied_whose_item_is_of_another_kind(scene):
    item_of(scene)["kind"] = "mismatch"


@wrong(16)
def a_dead_payment_without_an_item(scene):
    delivery(scene, 15).update(state="dead", next_at=None)


@wrong(16)
def a_refused_reversal_without_an_item(scene):
    from sandbox.fakes.spectrum.book import ReceiptReversed, SpectrumBook

    scene.take_out(SpectrumBook, scene.event(SpectrumBook, ReceiptReversed))
    scene.ledger.reversals[0].update(state="refused", receipt_id=None, reversed_at=None)


@wrong(16)
def a_refused_enrolment_without_an_item(scene):
    scene.ledger.enrollments[0].update(state="refused", delivered_at=None)


@wrong(15)
def a_reversal_that_has_vanished(scene):
    scene.forget("reversals", scene.ledger.reversals[0])


@wrong(15)
def a_reversal_of_nobodys_reject(scene):
    row = {**scene.ledger.reversals[0], "reject_guid": NEW_GUID}
    row["reversal_id"] = f"{NEW_GUID}:{row['invoice_number']}"
    scene.invent("reversals", row)


@wrong(17)
def a_reversal_of_another_amount(scene):
    scene.ledger.reversals[0]["amount"] = "1.00"


@wrong(17)
def a_reversal_with_another_code(scene):
    scene.ledger.reversals[0]["code"] = "R10"


@wrong(17)
def a_reversal_of_another_name(scene):
    scene.ledger.reversals[0]["reversal_id"] = f"{NEW_GUID}:{number_of(scene, 1)}"


@wrong(17)
def a_reversal_returned_at_another_time(scene):
    scene.ledger.reversals[0]["returned_at"] = "2026-01-07T10:00:00Z"


@wrong(17)
def a_reversal_of_another_receipt(scene):
    scene.ledger.reversals[0]["receipt_id"] = delivery(scene)["receipt_id"]


@wrong(17)
def a_reversal_of_another_payment(scene):
    scene.ledger.reversals[0]["payment_guid"] = payment_of(scene, 2).made.payment_guid


@wrong(17)
def a_reversal_of_another_account(scene):
    scene.ledger.reversals[0]["account_number"] = "1234567"


@wrong(9)
def a_reversal_called_waiting_that_spectrum_has(scene):
    scene.ledger.reversals[0].update(state="waiting", receipt_id=None, next_at=None)


@wrong(6)
def a_reversal_called_done_whose_receipt_stands(scene):
    from sandbox.fakes.spectrum.book import ReceiptReversed, SpectrumBook

    scene.take_out(SpectrumBook, scene.event(SpectrumBook, ReceiptReversed))
