"""Payments are found by whatever an operator knows of them."""

from uuid import UUID

from adapter.domain.delivery import DeliveryState
from adapter.domain.exceptions import ExceptionKind


def found(bench, **asked):
    rows = bench.ledger.listing.find(**{"limit": 10, **asked})
    return [row.payment.invoice_number for row in rows]


def test_the_newest_come_first_and_no_more_than_asked_for(bench):
    for number in (1, 2, 3):
        bench.accept(number, invoice=str(number))
    assert found(bench) == ["3", "2", "1"]
    assert found(bench, limit=2) == ["3", "2"]


def test_each_filter_and_all_together(bench):
    bench.accept(1, invoice="1")
    bench.accept(2, invoice="2", biller="other")
    bench.accept(3, invoice="3")
    bench.record(bench.send(), DeliveryState.APPLIED)
    assert found(bench, biller="other") == ["2"]
    assert found(bench, invoice_number="3") == ["3"]
    assert found(bench, payment_guid=str(UUID(int=2))) == ["2"]
    assert found(bench, states=[DeliveryState.APPLIED]) == ["1"]
    assert found(bench, states=[DeliveryState.APPLIED], invoice_number="3") == []


def test_what_is_open_on_its_invoice_is_told(bench):
    delivery = bench.accept(1)
    key = delivery.payment.key

    def ask(kind, **subject):
        bench.ledger.exceptions.open(bench.biller, kind, "why", now=bench.now, **subject)

    other = {"payment_guid": str(UUID(int=9)), "invoice_number": key.invoice_number}
    ask(ExceptionKind.DEAD, **other)
    ask(ExceptionKind.INVOICE_REFUSED, invoice_number=key.invoice_number)
    ask(
        ExceptionKind.SETTING_OVERDUE,
        invoice_number=key.invoice_number,
        reference=key.reference,
    )
    ask(ExceptionKind.DEAD, payment_guid=key.payment_guid, invoice_number="another")
    told = [item.kind for item in bench.ledger.listing.open_exceptions(delivery)]
    assert told == [ExceptionKind.DEAD, ExceptionKind.SETTING_OVERDUE]
