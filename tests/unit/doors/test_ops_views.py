"""Rows of the ledger as JSON: money as text with two decimals, times in UTC, enums by value."""

from datetime import UTC, datetime
from decimal import Decimal

from adapter.domain.delivery import (
    Cause,
    Delivery,
    DeliveryEvent,
    DeliveryState,
    Evidence,
    Source,
)
from adapter.domain.enrollment import (
    Enrollment,
    EnrollmentChange,
    EnrollmentEvent,
    EnrollmentKind,
    EnrollmentSource,
    EnrollmentState,
)
from adapter.domain.payment import Payment, PaymentMethod
from adapter.domain.upload import Upload, UploadState
from adapter.doors.ops_views import (
    delivery_view,
    enrollment_event_view,
    enrollment_view,
    event_view,
    upload_view,
)

AT = datetime(2026, 1, 5, 8, 0, 0, 500000, tzinfo=UTC)


def delivery(**changes):
    values = {
        "id": 7,
        "payment": Payment(
            biller="alpha",
            payment_guid="9F2C4B6E-0000-4000-8000-0123456789AB",
            invoice_number="30254",
            account_number="1204117",
            customer_name="Ada Carver",
            paid_at=AT,
            amount=Decimal(10),
            fee=Decimal(0),
            payment_reference="",
            payment_message="",
            method=PaymentMethod.ACH,
            approved=True,
        ),
        "source": Source.PAYMENT_REPORT,
        "state": DeliveryState.APPLIED,
        "attempts": 2,
        "accepted_at": AT,
        "next_at": None,
        "sent_at": AT,
        "lease_owner": None,
        "lease_until": None,
        "fence": 3,
        "balance_before": Decimal("741.3"),
        "receipt_id": None,
        "evidence": Evidence.BALANCE,
        "confirmed_at": None,
        "last_error": "",
    }
    return Delivery(**{**values, **changes})


def test_a_delivery_is_told_by_its_contract():
    assert delivery_view(delivery()) == {
        "biller": "alpha",
        "payment_guid": "9f2c4b6e-0000-4000-8000-0123456789ab",
        "invoice_number": "30254",
        "account_number": "1204117",
        "amount": "10.00",
        "fee": "0.00",
        "method": "ACH",
        "paid_at": "2026-01-05T08:00:00.500000Z",
        "state": "applied",
        "source": "payment_report",
        "correlation_id": "",
        "attempts": 2,
        "accepted_at": "2026-01-05T08:00:00.500000Z",
        "next_at": None,
        "sent_at": "2026-01-05T08:00:00.500000Z",
        "balance_before": "741.30",
        "receipt_id": None,
        "evidence": "balance",
        "inferred": True,
        "confirmed_at": None,
        "last_error": "",
    }


def test_only_a_balance_infers():
    for evidence in (None, Evidence.ANSWER, Evidence.RECEIPTS_FEED):
        assert delivery_view(delivery(evidence=evidence))["inferred"] is False


def test_an_event_names_both_states_and_the_cause():
    event = DeliveryEvent(
        at=AT,
        from_state=DeliveryState.SENDING,
        to_state=DeliveryState.IN_DOUBT,
        cause=Cause.ANSWER_LOST,
        detail="no answer came in time",
        attempt=1,
    )
    assert event_view(event) == {
        "at": "2026-01-05T08:00:00.500000Z",
        "from": "sending",
        "to": "in_doubt",
        "cause": "answer_lost",
        "detail": "no answer came in time",
        "attempt": 1,
    }


def test_an_upload_is_told_with_its_figures():
    upload = Upload(
        id=1,
        biller="alpha",
        reference="ref",
        state=UploadState.ACCEPTED,
        invoice_count=25,
        total=Decimal("1234.5"),
        as_of=AT,
        created_at=AT,
        sent_at=AT,
        answered_at=None,
        tries=1,
        file_name="x.BIF",
        file_guid="",
        message="",
    )
    told = upload_view(upload)
    assert (told["state"], told["total"], told["answered_at"]) == ("accepted", "1234.50", None)


def test_an_enrolment_is_told_by_its_contract():
    told = enrollment_view(
        Enrollment(
            id=7,
            change=EnrollmentChange(
                biller="alpha",
                event_guid="7D0C2B8E-41A5-4F6D-9A37-5E8B1C40D2F9",
                account_number="1204117",
                kind=EnrollmentKind.PAPERLESS,
                enrolled=False,
                changed_at=AT,
            ),
            source=EnrollmentSource.DATA_PUMP,
            state=EnrollmentState.FAILED,
            attempts=2,
            accepted_at=AT,
            next_at=AT,
            sent_at=AT,
            settles_at=AT,
            lease_owner="x",
            lease_until=None,
            fence=3,
            delivered_at=None,
            last_error="answered 503",
        )
    )
    moment = "2026-01-05T08:00:00.500000Z"
    assert told == {
        "number": 7,
        "biller": "alpha",
        "event_guid": "7d0c2b8e-41a5-4f6d-9a37-5e8b1c40d2f9",
        "account_number": "1204117",
        "kind": "paperless",
        "enrolled": False,
        "changed_at": moment,
        "source": "data_pump",
        "state": "failed",
        "attempts": 2,
        "accepted_at": moment,
        "next_at": moment,
        "sent_at": moment,
        "delivered_at": None,
        "last_error": "answered 503",
    }


def test_an_event_of_an_enrolment():
    event = EnrollmentEvent(
        at=AT,
        from_state=None,
        to_state=EnrollmentState.WAITING,
        detail="taken over",
        attempt=0,
    )
    assert enrollment_event_view(event) == {
        "at": "2026-01-05T08:00:00.500000Z",
        "from": None,
        "to": "waiting",
        "detail": "taken over",
        "attempt": 0,
    }
