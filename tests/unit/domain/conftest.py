"""Payments, invoices and work items to reason about."""

from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from adapter.domain.ach_return import AchReturn
from adapter.domain.enrollment import EnrollmentChange, EnrollmentKind
from adapter.domain.invoice import Invoice
from adapter.domain.payment import Payment, PaymentMethod, invoice_lane
from adapter.domain.settlement import SettledRow, TransactionType
from adapter.domain.work_item import Holder, Source, State, WorkItem

PAYMENT = Payment(
    biller="camp-point",
    payment_guid="6f1b7c1e-52d4-4c58-9d53-0d9a3f6a2b11",
    invoice_number="30254",
    account_number="1204117",
    customer_name="Renée O'Brien",
    paid_at=datetime(2026, 1, 5, 9, 12, tzinfo=UTC),
    amount=Decimal("731.37"),
    fee=Decimal("2.95"),
    payment_reference="T-1",
    payment_message="",
    method=PaymentMethod.CREDIT_CARD,
    approved=True,
)
INVOICE = Invoice(
    invoice_number="30254",
    policy_number="1204117",
    organization_name="",
    first_name="Renée",
    last_name="O'Brien",
    address1="12 Maple Ave",
    address2="",
    city="Camp Point",
    state="IL",
    zip_code="62320",
    email_address="",
    invoice_date=date(2026, 1, 2),
    due_date=date(2026, 1, 27),
    balance_due=Decimal("731.37"),
    autopay_date=None,
)


def build_change(number=1, **fields):
    usual = {
        "biller": PAYMENT.biller,
        "event_guid": str(UUID(int=number)),
        "account_number": PAYMENT.account_number,
        "kind": EnrollmentKind.PAPERLESS,
        "enrolled": True,
        "changed_at": datetime(2026, 1, 5, 7, tzinfo=UTC),
    }
    return EnrollmentChange(**{**usual, **fields})


def build_return(number=1, **fields):
    """Return the reject of the payment of this number."""
    usual = {
        "biller": PAYMENT.biller,
        "reject_guid": str(UUID(int=1000 + number)),
        "payment_guid": str(UUID(int=number)),
        "invoice_number": PAYMENT.invoice_number,
        "account_number": PAYMENT.account_number,
        "amount": Decimal("31.37"),
        "code": "R01",
        "reason": "Insufficient Funds",
        "returned_at": datetime(2026, 1, 5, 8, tzinfo=UTC),
    }
    return AchReturn(**{**usual, **fields})


def build_row(number=1, amount="31.37", **fields):
    """Return the row that settles the payment of this number, alone in its batch."""
    usual = {
        "biller": PAYMENT.biller,
        "batch_id": "20260105-CC",
        "settled_on": date(2026, 1, 5),
        "transaction": TransactionType.PAYMENT,
        "payment_guid": str(UUID(int=number)),
        "invoice_number": PAYMENT.invoice_number,
        "amount": Decimal(amount),
        "batch_total": Decimal(amount),
        "batch_count": 1,
    }
    return SettledRow(**{**usual, **fields})


def build_holder(state=State.NEEDS_PERSON, **fields):
    usual = {"id": 7, "kind": "reversal", "reference": "g:30254", "is_leased": False}
    return Holder(state=state, **{"next_at": None, "settles_at": None, **usual, **fields})


@pytest.fixture(scope="session")
def payment():
    return PAYMENT


@pytest.fixture(scope="session")
def invoice():
    return INVOICE


def build_item(state=State.DONE, payload=PAYMENT, **changes):
    usual = {
        "id": 1,
        "kind": "payment",
        "biller": payload.biller,
        "reference": payload.key.reference,
        "lane": invoice_lane(payload.invoice_number),
        "payload": payload,
        "source": Source.DATA_PUMP,
        "correlation_id": "",
        "state": state,
        "may_have_left": False,
        "attempts": 1,
        "accepted_at": datetime(2026, 1, 5, 9, 13, tzinfo=UTC),
        "fence": 0,
        "last_error": "",
    }
    return WorkItem(**{field.name: None for field in fields(WorkItem)} | usual | changes)


@pytest.fixture(scope="session")
def item_of():
    """Return a maker of work items in a state; they carry the payment."""
    return build_item
