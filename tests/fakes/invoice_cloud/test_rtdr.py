"""Real-time data refresh: asked before a payment, with the biller's key, and not too often."""

from decimal import Decimal

import pytest

from sandbox.fakes.invoice_cloud import rtdr
from sandbox.fakes.invoice_cloud.connector import ConnectorAnswer
from sandbox.fakes.invoice_cloud.payers import PaymentRefusedError

HOUR = 3600
BALANCE = "GET /billers/camp-point-mutual/balance?invoiceNumber=30254"


def told(balance):
    return 200, {"invoiceNumber": "30254", "balanceDue": balance}


def asked(adapter):
    return [call["line"] for call in adapter.calls if call["line"].startswith("GET")]


def test_the_payer_pays_the_balance_that_the_connector_tells(cloud, adapter):
    cloud.bill()
    adapter.planned.append(told("12.30"))
    assert cloud.pay().amount == Decimal("12.30")
    assert asked(adapter) == [BALANCE]
    biller = cloud.billers[0]
    assert adapter.calls[0]["credentials"] == ("Basic", biller.biller_guid, biller.door_key)


def test_the_journal_tells_the_answer(cloud, adapter):
    cloud.bill()
    adapter.planned.append(told("12.30"))
    cloud.pay()
    entry = cloud.world.journal.entries(operation="Balance")[0]
    assert (entry.source, entry.target, entry.status) == ("invoice_cloud", "adapter", 200)
    assert entry.outcome == "12.30 is due"
    assert entry.tags == {"biller": "camp-point-mutual", "invoice_number": "30254"}
    assert cloud.billers[0].door_key not in cloud.world.journal.as_lines()


@pytest.mark.parametrize(
    "answer",
    [
        None,
        (503, {"error": {"code": "unavailable"}}),
        (404, {"balanceDue": "1.00"}),
        (200, b"not json"),
        (200, b"[]"),
        (200, b"\xff\xfe"),
        (200, {"balanceDue": None}),
        (200, {"balanceDue": 12.30}),
        (200, {"balanceDue": "12,30"}),
        (200, {"balanceDue": "1e3"}),
        (200, {"balanceDue": "NaN"}),
        (200, {"balanceDue": "\u0661"}),
        (200, {}),
        (200, b"no gzip", ("Content-Encoding", "gzip")),
    ],
    ids=repr,
)
def test_without_a_readable_answer_the_last_known_balance_stands(cloud, adapter, answer):
    cloud.bill()
    adapter.planned.append(answer)
    assert cloud.pay().amount == Decimal("731.37")
    entry = cloud.world.journal.entries(operation="Balance")[0]
    assert "the last known" in entry.outcome
    assert cloud.book.bills["camp-point-mutual", "30254"].refreshed_at is None


@pytest.mark.usefixtures("nobody")
def test_a_refused_connection_is_no_answer(cloud):
    assert cloud.pay_new().amount == Decimal("731.37")
    entry = cloud.world.journal.entries(operation="Balance")[0]
    assert entry.outcome == "no answer (ConnectError): the last known balance stands"


def test_without_a_connector_nobody_is_asked(cloud):
    assert cloud.pay_new().amount == Decimal("731.37")
    assert cloud.world.journal.entries(operation="Balance") == []


@pytest.mark.parametrize("balance", ["0.00", "-5.00"])
def test_a_credit_is_shown_as_nothing_due(cloud, adapter, balance):
    cloud.bill()
    adapter.planned.append(told(balance))
    with pytest.raises(PaymentRefusedError, match="nothing is due"):
        cloud.pay()
    assert cloud.book.bills["camp-point-mutual", "30254"].balance == 0


def test_a_balance_is_not_asked_for_again_within_six_hours(cloud, adapter):
    """Nor does a new file end the wait: it counts from the last answer that told a balance."""
    cloud.bill()
    adapter.planned.extend([told("0.00"), told("5.00")])
    for seconds in (0, 6 * HOUR - 1):
        cloud.world.clock.advance(seconds)
        with pytest.raises(PaymentRefusedError):
            cloud.pay()
    assert len(asked(adapter)) == 1
    cloud.world.clock.advance(1)
    assert cloud.pay().amount == Decimal("5.00")
    assert len(asked(adapter)) == 2


def test_a_paid_invoice_is_not_asked_for_within_a_day(cloud, adapter):
    cloud.bill()
    adapter.planned.extend([told("10.00"), (202, {}), told("7.00")])
    cloud.pay()
    cloud.world.clock.advance(24 * HOUR - 1)
    cloud.bill(due="3.00")
    assert len(asked(adapter)) == 1
    assert cloud.book.bills["camp-point-mutual", "30254"].balance == Decimal("3.00")
    with pytest.raises(PaymentRefusedError, match=r"3\.00 is due"):
        cloud.pay(amount="7.00")
    cloud.world.clock.advance(1)
    assert cloud.pay(amount="7.00").amount == Decimal("7.00")


def test_no_answer_is_asked_again_at_once(cloud, adapter):
    cloud.bill()
    adapter.planned.extend([(503, {}), told("0.00")])
    with pytest.raises(PaymentRefusedError, match="AllowPartialPayments"):
        cloud.pay(amount="1.00")
    with pytest.raises(PaymentRefusedError, match="nothing is due"):
        cloud.pay(amount="1.00")


def test_the_behaviour_lifts_both_waits(cloud, adapter):
    cloud.world.behaviours.change({"rtdr_suppressed": False})
    cloud.bill()
    adapter.planned.extend([told("10.00"), told("5.00")])
    assert [cloud.pay().amount for _ in range(2)] == [Decimal("10.00"), Decimal("5.00")]


def test_an_answer_from_before_a_payment_opens_no_paid_bill_again(cloud, monkeypatch):
    """Another payer pays while the balance is on its way."""
    bill = cloud.bill()
    connector = cloud.world.connectors[bill.biller]
    connector.url = "http://127.0.0.1:9"

    def somebody_pays(*_asked):
        connector.url = None
        assert cloud.pay().approved
        return ConnectorAnswer(status=200, document={"balanceDue": "731.37"})

    monkeypatch.setattr(rtdr, "_ask", somebody_pays)
    assert rtdr.refresh_balance(cloud.world, bill).balance == 0
