"""Invariant 16: what waits for a person has a review item that is open."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.audit.evidence import Evidence
from sandbox.audit.ledger_view import Row
from sandbox.audit.payments import delivery_key
from sandbox.audit.report import Violation

FOR_A_PERSON = frozenset({"dead", "not_applied"})
# These wait for a person once nothing looks at them by itself.
GIVEN_UP = frozenset({"refused", "failed"})


def what_waits_for_a_person_is_asked(evidence: Evidence) -> Iterator[Violation]:
    """Invariant 16: dead and not applied are visible only while their review item is open.

    So are reversals and enrolments that were refused, or whose tries are used up.
    """
    items = evidence.open_items
    asked = {delivery_key(item) for item in items}
    asked_of_outcome = {delivery_key(item) for item in items if item["kind"] == "not_applied"}
    about = {(item["biller"], item["reference"]) for item in items}
    for row in evidence.deliveries:
        key, state = delivery_key(row), row["state"]
        fitting = asked_of_outcome if state == "not_applied" else asked
        if state in FOR_A_PERSON and key not in fitting:
            yield _unasked(f"payment {key[1]} on invoice {key[2]}", row)
    for row in evidence.reversals:
        reference = f"{row['payment_guid']}:{row['invoice_number']}"
        if _is_given_up(row) and (row["biller"], reference) not in about:
            yield _unasked(f"reversal {row['reversal_id']}", row)
    for row in evidence.pushes:
        if _is_given_up(row) and (row["biller"], row["event_guid"]) not in about:
            yield _unasked(f"account {row['account_number']}'s change in {row['kind']}", row)


def _is_given_up(row: Row) -> bool:
    return row["state"] in GIVEN_UP and not row["next_at"]


def _unasked(what: str, row: Row) -> Violation:
    return Violation(
        story=f"{what} is {row['state']} in the ledger, and no open review item asks a person",
        payment_guid=row.get("payment_guid") or "",
        invoice_number=row.get("invoice_number") or "",
    )
