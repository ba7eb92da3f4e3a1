"""The kinds of changes that life brings into Spectrum's book, and what each of them names."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum


class ChangeKind(StrEnum):
    """What happened at the carrier (decision 0033)."""

    NEW_BUSINESS = "new_business"
    RENEWAL = "renewal"
    ENDORSEMENT = "endorsement"
    CANCELLATION = "cancellation"
    REINSTATEMENT = "reinstatement"
    FEE = "fee"
    CREDIT = "credit"
    CHEQUE = "cheque"
    AGENT_PAYMENT = "agent_payment"
    REVERSAL = "reversal"


class Target(Enum):
    """What a change is made to."""

    NOTHING = "nothing"
    INVOICE = "invoice"  # by its number, or as the newest of a policy
    RECEIPT = "receipt"


class Amount(Enum):
    """Which dollars a change takes."""

    NONE = "none"
    POSITIVE = "positive"
    SIGNED = "signed"  # positive or negative, never nothing


@dataclass(frozen=True, kw_only=True)
class Form:
    """What a kind of change needs; `vendor` is who takes the money where nobody else is named."""

    target: Target = Target.INVOICE
    amount: Amount = Amount.POSITIVE
    vendor: str = ""


FORMS: dict[ChangeKind, Form] = {
    ChangeKind.NEW_BUSINESS: Form(target=Target.NOTHING),
    ChangeKind.RENEWAL: Form(),
    ChangeKind.ENDORSEMENT: Form(amount=Amount.SIGNED),
    ChangeKind.CANCELLATION: Form(amount=Amount.NONE),
    ChangeKind.REINSTATEMENT: Form(amount=Amount.NONE),
    ChangeKind.FEE: Form(),
    ChangeKind.CREDIT: Form(),
    ChangeKind.CHEQUE: Form(vendor="Lockbox"),
    ChangeKind.AGENT_PAYMENT: Form(vendor="Agent"),
    ChangeKind.REVERSAL: Form(target=Target.RECEIPT, amount=Amount.NONE),
}
