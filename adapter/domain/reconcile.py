"""Comparing Invoice Cloud's payment report with the ledger, row by row (C2)."""

from __future__ import annotations

from enum import Enum

from adapter.domain.money import money_text
from adapter.domain.payment import Payment, PaymentItem


class Finding(Enum):
    """What one reported payment turns out to be."""

    CONFIRMED = "confirmed"  # the ledger has it, and every figure agrees
    MISSING = "missing"  # approved, and the data pump never brought it: post it
    DECLINED = "declined"  # declined at Invoice Cloud, nothing posted: nothing to do
    MISMATCH = "mismatch"  # both have it and disagree: an exception


def compare(reported: Payment, item: PaymentItem | None) -> Finding:
    """Judge one row of the report against the delivery of the same key, if there is one."""
    if item is None:
        return Finding.MISSING if reported.approved else Finding.DECLINED
    if reported.fingerprint() == item.payload.fingerprint():
        return Finding.CONFIRMED
    return Finding.MISMATCH


def differences(reported: Payment, posted: Payment) -> str:
    """Name each figure that differs, as `field: reported X, posted Y`."""
    pairs = {
        "account_number": (reported.account_number, posted.account_number),
        "amount": (money_text(reported.amount), money_text(posted.amount)),
        "fee": (money_text(reported.fee), money_text(posted.fee)),
        "method": (reported.method.value, posted.method.value),
        "approved": (str(reported.approved), str(posted.approved)),
    }
    return "; ".join(
        f"{field}: reported {told}, posted {ours}"
        for field, (told, ours) in pairs.items()
        if told != ours
    )
