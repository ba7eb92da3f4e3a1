"""NACHA's return codes, as far as the sandbox's bank accounts bring them about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ReturnCode:
    """Why a bank takes a payment back, and how many banking days later it does (decision 0017)."""

    code: str
    reason: str
    banking_days: int


_CODES = (
    ReturnCode(code="R01", reason="Insufficient Funds", banking_days=3),
    ReturnCode(code="R02", reason="Account Closed", banking_days=2),
    ReturnCode(code="R03", reason="No Account/Unable to Locate Account", banking_days=2),
    ReturnCode(code="R04", reason="Invalid Account Number", banking_days=2),
    ReturnCode(code="R08", reason="Payment Stopped", banking_days=2),
    ReturnCode(code="R09", reason="Uncollected Funds", banking_days=3),
    # A consumer has 60 days to object; this one takes about four weeks.
    ReturnCode(code="R10", reason="Customer Advises Not Authorized", banking_days=20),
    ReturnCode(code="R16", reason="Account Frozen", banking_days=2),
    ReturnCode(code="R20", reason="Non-Transaction Account", banking_days=2),
)
RETURN_CODES = {code.code: code for code in _CODES}
# Rows of the same report that no account of the sandbox brings about.
_FURTHER = {
    "C01": "Incorrect DFI Account Number",
    "C02": "Incorrect Routing Number",
    "R61": "Misrouted Return",
    "R67": "Duplicate Return",
}


def reason_of(code: str) -> str:
    """Return the words of a code, or the code itself where the sandbox has none."""
    known = RETURN_CODES.get(code)
    return known.reason if known else _FURTHER.get(code, code)
