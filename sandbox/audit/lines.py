"""One line of an invoice file against Spectrum's record of the policy, by column (E2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sandbox.audit.rows import LineRow
from sandbox.world.carrier import Policy


def problems_of_line(line: LineRow, policy: Policy) -> Iterator[str]:
    """Yield each column that says otherwise; a character that no file can carry may be another."""
    told = {
        "account number": (line.account_number, policy.policy_number),
        "customer name": (line.customer_name, policy.customer_name),
        "e-mail address": (line.email_address, policy.email_address),
        "address": (line.address, _address(policy)),
        "invoice date": (line.invoice_date, _day(policy.invoice_date)),
        "due date": (line.due_date, _day(policy.due_date)),
        "AutoPay date": (line.autopay_date, _day(policy.autopay_date)),
    }
    for column, (billed, known) in told.items():
        if not _is_same(billed, known):
            yield f"its {column} is not Spectrum's"
    if line.details != ((policy.policy_number, line.total_due),):
        yield "its detail is not the policy with what is due"


def _is_same(billed: str, known: str) -> bool:
    """Tell what is the same but for characters that an invoice file cannot carry (E1)."""
    return len(billed) == len(known) and all(
        one == other or not (other.isalnum() or other.isspace())
        for one, other in zip(billed, known, strict=True)
    )


def _address(policy: Policy) -> str:
    place = ", ".join(filter(None, (policy.city, f"{policy.state} {policy.zip_code}".strip())))
    return "\n".join(filter(None, (policy.address1, policy.address2, place)))


def _day(day: date | None) -> str:
    return "" if day is None else f"{day:%m/%d/%Y}"
