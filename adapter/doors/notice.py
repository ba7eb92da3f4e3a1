"""Maps what Invoice Cloud's data pump tells to a payment (0005) or to an enrolment (0020)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from adapter.domain.enrollment import EnrollmentChange, EnrollmentKind
from adapter.domain.money import ZERO
from adapter.domain.payment import PAYMENT_REFERENCE_LENGTH, Payment, PaymentMethod
from adapter.doors import notice_fields as fields

# A moment far ahead would count as the newest for as long, whatever the payer does meanwhile.
AHEAD_MAX = timedelta(days=1)
_METHOD = "it must be CreditCard or ACH"
# Decision 0008: declined payments are not pumped.
_APPROVED = 'it must be true or "True": a declined payment is not taken over'


class _Payment(fields.Notice, title="a payment notice"):
    biller: fields.Biller = Field(alias="BillerGUID")
    payment_guid: fields.Guid = Field(alias="PaymentGUID")
    invoice_number: fields.Number = Field(alias="InvoiceNumber")
    account_number: fields.Number = Field(alias="AccountNumber")
    customer_name: Annotated[str, fields.free_text(200)] = Field("", alias="CustomerName")
    paid_at: fields.Moment = Field(alias="PaymentDate")
    amount: fields.Money = Field(alias="PaymentAmount")
    fee: fields.Money = Field(ZERO, alias="ConvenienceFee")
    payment_reference: Annotated[str, fields.free_text(PAYMENT_REFERENCE_LENGTH)] = Field(
        "", alias="PaymentReference"
    )
    payment_message: Annotated[str, fields.free_text(500)] = Field("", alias="PaymentMessage")
    method: PaymentMethod = Field(
        PaymentMethod.CREDIT_CARD, alias="PaymentType", description=_METHOD
    )
    approved: fields.Truth = Field(alias="Approved", ge=True, description=_APPROVED)


class _Paperless(fields.Notice, title="a Paperless notice"):
    biller: fields.Biller = Field(alias="BillerGUID")
    event_guid: fields.Guid = Field(alias="EventGUID")
    account_number: fields.Number = Field(alias="AccountNumber")
    enrolled: fields.Truth = Field(alias="Paperless")
    changed_at: fields.Moment = Field(alias="ChangeDate")


class _AutoPay(_Paperless, title="an AutoPay notice"):
    enrolled: fields.Truth = Field(alias="AutoPay")


def payment_of(notice: Mapping[str, Any], *, biller: str, biller_guid: str) -> Payment:
    """Return the payment that a notice tells of; BadInputError names the first wrong field."""
    told = fields.read(_Payment, notice, biller=biller, biller_guid=biller_guid)
    if told.amount == ZERO:
        raise fields.refused("PaymentAmount", notice["PaymentAmount"], "it must be positive")
    return Payment(**dict(told))


def change_of(
    notice: Mapping[str, Any],
    kind: EnrollmentKind,
    *,
    biller: str,
    biller_guid: str,
    now: datetime,
) -> EnrollmentChange:
    """Return the change that a notice tells of; BadInputError names the first wrong field."""
    model = _Paperless if kind is EnrollmentKind.PAPERLESS else _AutoPay
    told = fields.read(model, notice, biller=biller, biller_guid=biller_guid)
    change = EnrollmentChange(kind=kind, **dict(told))
    if change.changed_at > now + AHEAD_MAX:
        rule = "it must not be more than a day ahead"
        raise fields.refused("ChangeDate", notice["ChangeDate"], rule)
    return change
