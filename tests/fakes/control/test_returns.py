"""The resource `payers/returns`: rows of any code, again and again, for bank payments only."""

from decimal import Decimal

import pytest

from sandbox.fakes.invoice_cloud.book import (
    BilledInvoice,
    BillPosted,
    InvoiceCloudBook,
    PaymentMade,
)
from sandbox.fakes.invoice_cloud.processor.book import ProcessorBook
from sandbox.fakes.invoice_cloud.processor.settlement import capture
from sandbox.server import Sandbox
from sandbox.world.clock import DEMO_START

GUID = "5f0c8d50-31c4-4d6f-9a52-7f0f4a3b8f11"


@pytest.fixture
def paid():
    """Return a world in which a bill was paid by bank account, without a socket or a file."""
    sandbox = Sandbox()
    world = sandbox.create_world(start=DEMO_START)
    slug, number = world.billers[0].slug, "30254"
    invoice = BilledInvoice(
        invoice_number=number,
        account_number="1000001",
        customer_name="Pat Payer",
        email_address="",
        invoice_date="01/01/2026",
        due_date="02/01/2026",
        autopay_date="",
        total_due=Decimal("10.00"),
        allow_partial=False,
        details=(),
    )
    book = world.book(InvoiceCloudBook)
    book.record(BillPosted(biller=slug, file_name="a.BIF", invoice=invoice))
    made = PaymentMade(
        biller=slug,
        payment_guid=GUID,
        invoice_number=number,
        account_number="1000001",
        customer_name="Pat Payer",
        amount=Decimal("10.00"),
        fee=Decimal("0.00"),
        method="ACH",
        card_type=None,
        last_four="6789",
        reference="IC-1",
        message="Approved",
        approved=True,
    )
    book.record(made)
    capture(world, made)
    sandbox.start(port=0)
    yield world
    sandbox.stop()


def test_two_returns_and_a_notice_are_three_rows_and_one_movement(paid, control_of):
    call = control_of(paid)
    told = [
        call("POST", "payers/returns", {"payment_guid": GUID.upper(), "code": code}).json()
        for code in ("C01", "R02", "R02")
    ]
    assert [row["money_moved"] for row in told] == [False, True, False]
    assert [row["reason"] for row in told][:2] == [
        "Incorrect DFI Account Number",
        "Account Closed",
    ]
    assert len(paid.book(ProcessorBook).rejects) == 3
    bill = call("GET", "state").json()["invoice_cloud"]["bills"][0]
    assert bill["balance_due"] == "10.00"


def test_a_reason_may_be_told(paid, control_of):
    order = {"payment_guid": GUID, "code": "R61", "reason": "sent to the wrong bank"}
    told = control_of(paid)("POST", "payers/returns", order).json()
    assert (told["reason"], told["money_moved"]) == ("sent to the wrong bank", False)


@pytest.mark.parametrize(
    ("order", "told"),
    [
        ({"payment_guid": GUID, "code": "R01"}, "no approved payment from a bank account"),
        ({"payment_guid": "one", "code": "R01"}, "payment_guid"),
        ({"payment_guid": GUID, "code": "01"}, "code"),
        ({"payment_guid": GUID}, "code is missing"),
    ],
)
def test_wrong_return_is_named(refusal, order, told):
    assert told in refusal(400, "POST", "payers/returns", order)["message"]
