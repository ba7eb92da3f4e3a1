"""Notices at the doors: strict types of fields, and which wrong field is named (0005, 0020).

A field's description is the rule that a wrong value breaks, and perhaps ". " and a remedy. Below
them the notices of Invoice Cloud's data pump become payments and enrolment changes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import ErrorDetails

from adapter.domain.enrollment import EnrollmentChange, EnrollmentKind
from adapter.domain.money import CENT, ZERO
from adapter.domain.payment import (
    METHOD_LENGTH_MAX,
    PAYMENT_REFERENCE_LENGTH,
    Payment,
    method_of,
)
from adapter.errors import BadInputError

_SHOWN_MAX = 60
_DIGITS_BEFORE_POINT_MAX = 15
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,2}(00)?)?")
_DATE = r"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
# A moment far ahead would count as the newest for as long, whatever the payer does meanwhile.
AHEAD_MAX = timedelta(days=1)
# Decision 0008: declined payments are not pumped.
_APPROVED = 'it must be true or "True": a declined payment is not accepted'
# An unknown field is named before a missing one, and that before a wrong one.
_RANKS = {"extra_forbidden": 0, "missing": 1}


class Notice(BaseModel, extra="forbid"):
    """A JSON object in a partner's words; its title says what it is."""


T = TypeVar("T", bound=Notice)


def read(model: type[T], body: Mapping[str, Any], **context: str) -> T:
    """Return a JSON object as a model; BadInputError names the first wrong field."""
    try:
        return model.model_validate(body, context=context)
    except ValidationError as error:
        problems = error.errors(include_url=False)
    raise _refusal(
        model, min(problems, key=lambda one: (len(one["loc"]), _RANKS.get(one["type"], 2)))
    )


def refused(field: str, value: object, rule: str) -> BadInputError:
    shown = "" if isinstance(value, dict | list) else str(value)
    rule, _, remedy = rule.partition(". ")
    return BadInputError(
        field=field[:_SHOWN_MAX],
        value="".join(c if c.isprintable() else "?" for c in shown[:_SHOWN_MAX]),
        rule=rule,
        remedy=remedy or "Send the notice as the contract of the doors says",
    )


def _refusal(model: Any, problem: ErrorDetails) -> BadInputError:
    # A name that is no Unicode stands in no place.
    *place, name = [str(part) for part in problem["loc"] or (problem["input"],)]
    for part in place:
        model = model.model_fields[part].annotation
    fields = {field.alias or field_name: field for field_name, field in model.model_fields.items()}
    value = problem["input"]
    if name not in fields:
        known = sorted(fields, key=lambda one: not fields[one].is_required())
        names = ", ".join(".".join((*place, one)) for one in known)
        value = ""
        rule = f"it is no field of {model.model_config['title']}. Send these fields only: {names}"
    elif problem["type"] == "missing":
        rule = "it is missing. Send it"
    elif problem["type"] == "string_too_long":
        rule = f"it must have at most {problem['ctx']['max_length']} characters"
    else:
        rule = fields[name].description
        value = value if fields[name].repr else ""
    return refused(".".join((*place, name)), value, rule)


def text(pattern: str, rule: str, length_max: int | None = None) -> Any:
    """Describe text of one shape; figures and the like are not made into text."""
    return Field(strict=True, pattern=f"^{pattern}$", max_length=length_max, description=rule)


def free_text(length_max: int) -> Any:
    return text(r"[^\x00]*", "it must be text that can be stored", length_max)


def _biller(guid: str, info: ValidationInfo[Mapping[str, str]]) -> str:
    """Return the name of the door's biller, if the GUID is its own."""
    if guid.lower() != info.context["biller_guid"].lower():
        raise ValueError
    return info.context["biller"]


def _money(value: Any) -> Decimal:
    """Read dollars from text or from a JSON figure, digit by digit."""
    is_text = isinstance(value, str) and _AMOUNT.fullmatch(value)
    amount = Decimal(value) if is_text or type(value) in {int, Decimal} else Decimal(-1)
    is_bounded = amount.adjusted() < _DIGITS_BEFORE_POINT_MAX
    if not is_bounded or amount < ZERO or amount != amount.quantize(CENT):
        raise ValueError
    return abs(amount.quantize(CENT))


Biller = Annotated[
    str, text(".*", "it must be the GUID of this door's biller, as text"), AfterValidator(_biller)
]
Guid = Annotated[
    str, text("[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", "it must be a GUID, as text")
]
Number = Annotated[str, text("[1-9][0-9]{0,17}", "it must be digits, as text")]
Money = Annotated[
    Decimal,
    BeforeValidator(_money),
    Field(description="it must be dollars and whole cents, not negative"),
]
Moment = Annotated[
    str,  # as it is sent
    text(_DATE, "it must be a set date and time with its offset, as 2026-01-05T08:00:00-06:00"),
    AfterValidator(datetime.fromisoformat),
    # .NET writes no moment as the year 1; any other needs a year in UTC.
    Field(ge=datetime(2, 1, 1, tzinfo=UTC), le=datetime.max.replace(tzinfo=UTC)),
]
Truth = Annotated[
    bool,
    # .NET makes text of a boolean.
    BeforeValidator(lambda sent: sent == "True" if sent in ("True", "False") else sent),
    Field(strict=True, description='it must be true, false, "True" or "False"'),
]


class _Payment(Notice, title="a payment notice"):
    biller: Biller = Field(alias="BillerGUID")
    payment_guid: Guid = Field(alias="PaymentGUID")
    invoice_number: Number = Field(alias="InvoiceNumber")
    account_number: Number = Field(alias="AccountNumber")
    customer_name: Annotated[str, free_text(200)] = Field("", alias="CustomerName")
    paid_at: Moment = Field(alias="PaymentDate")
    amount: Money = Field(alias="PaymentAmount")
    fee: Money = Field(ZERO, alias="ConvenienceFee")
    payment_reference: Annotated[str, free_text(PAYMENT_REFERENCE_LENGTH)] = Field(
        "", alias="PaymentReference"
    )
    payment_message: Annotated[str, free_text(500)] = Field("", alias="PaymentMessage")
    method_reported: Annotated[str, free_text(METHOD_LENGTH_MAX)] = Field("", alias="PaymentType")
    approved: Truth = Field(alias="Approved", ge=True, description=_APPROVED)


class _Paperless(Notice, title="a Paperless notice"):
    biller: Biller = Field(alias="BillerGUID")
    event_guid: Guid = Field(alias="EventGUID")
    account_number: Number = Field(alias="AccountNumber")
    enrolled: Truth = Field(alias="Paperless")
    changed_at: Moment = Field(alias="ChangeDate")


class _AutoPay(_Paperless, title="an AutoPay notice"):
    enrolled: Truth = Field(alias="AutoPay")


def payment_of(notice: Mapping[str, Any], *, biller: str, biller_guid: str) -> Payment:
    """Return the payment of a notice; BadInputError names the first wrong field."""
    fields = read(_Payment, notice, biller=biller, biller_guid=biller_guid)
    if fields.amount == ZERO:
        raise refused("PaymentAmount", notice["PaymentAmount"], "it must be positive")
    return Payment(**dict(fields), method=method_of(fields.method_reported))


def change_of(
    notice: Mapping[str, Any],
    kind: EnrollmentKind,
    *,
    biller: str,
    biller_guid: str,
    now: datetime,
) -> EnrollmentChange:
    """Return the change of a notice; BadInputError names the first wrong field."""
    model = _Paperless if kind is EnrollmentKind.PAPERLESS else _AutoPay
    fields = read(model, notice, biller=biller, biller_guid=biller_guid)
    change = EnrollmentChange(kind=kind, **dict(fields))
    if change.changed_at > now + AHEAD_MAX:
        rule = "it must not be more than a day ahead"
        raise refused("ChangeDate", notice["ChangeDate"], rule)
    return change
