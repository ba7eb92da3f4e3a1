"""A cash position as commands and the ops door show it: plain JSON, one row a payment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from adapter.domain.cash import CashLine, CashPosition, Part
from adapter.domain.money import ZERO
from adapter.doors.ops_views import plain
from adapter.errors import BadInputError
from adapter.kinds import PAYMENTS, REVERSALS
from adapter.kinds.cash import cash_position

if TYPE_CHECKING:
    from adapter.bootstrap import Adapter

# How the parts of a position are called, in the order in which they add up to what was taken.
NAMES = {
    "taken": "taken at Invoice Cloud",
    "applied": "applied in Spectrum",
    "open": "open",
    "given_back": "given back",
    "returned": "returned",
    "differences": "differences",
}
ROW_FIELDS = (
    "payment_guid",
    "invoice_number",
    "account_number",
    "paid_at",
    "taken",
    "received",
    "part",
    "state",
    "why",
)


def day_of(text: str | None) -> date | None:
    """Read a carrier's own date as ISO 8601 writes it; raises BadInputError for anything else."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise BadInputError(
            field="day",
            value=(text or "")[:40],
            rule="it is no date",
            remedy="Give such as 2026-01-05",
        ) from None


def position_now(adapter: Adapter, biller: str, day: str | None) -> CashPosition:
    """Ask for a biller's position; raises as its settings and `cash_position` do."""
    named, ports = day_of(day), adapter.billers.ports(biller)
    return cash_position(adapter.ledger, biller, ports, named, now=adapter.clock.now())


def needs_a_look(row: dict[str, Any]) -> bool:
    return bool(row["why"]) or row["part"] != Part.APPLIED.value


def position_view(position: CashPosition) -> dict[str, Any]:
    """Show a position; `taken` is null, and so is every payment's, without a report to hold."""
    parts = {part.value: _sum(_amounts(position.of(part))) for part in Part}
    taken = {"count": position.taken_count, "amount": position.taken}
    view = {
        "biller": position.biller,
        "day": position.day.isoformat(),
        "time_zone": position.time_zone,
        "from": position.window.start_gmt,
        "until": position.window.end_gmt,
        "taken": taken if position.is_reported else None,
        **parts,
        "differences": _sum(line.difference for line in position.differences),
        "balances": position.balances,
        "failure": None if position.failure is None else str(position.failure),
    }
    rows = [_row(line, is_reported=position.is_reported) for line in position.lines]
    return {**plain(view), "payments": rows}


def _sum(amounts: Iterable[Decimal]) -> dict[str, Any]:
    listed = list(amounts)
    return {"count": len(listed), "amount": sum(listed, ZERO)}


def _amounts(lines: Iterable[CashLine]) -> Iterable[Decimal]:
    return (line.received for line in lines)


def _row(line: CashLine, *, is_reported: bool) -> dict[str, Any]:
    payment, item, back = line.payment, line.item, line.came_back
    reasons = [line.why] if line.why and is_reported else []
    if back is not None:
        word = REVERSALS.word(back.state, back.review)
        reasons.append(f"{back.payload.code} took it back; reversal: {word}")
    elif item is not None and line.part is not Part.APPLIED:
        reasons.append(item.last_error)
    return plain(
        {
            "payment_guid": payment.payment_guid,
            "invoice_number": payment.invoice_number,
            "account_number": payment.account_number,
            "paid_at": payment.paid_at,
            "taken": line.taken if is_reported else None,
            "received": None if item is None else line.received,
            "part": line.part,
            "state": None if item is None else PAYMENTS.word(item.state, item.review),
            "why": "; ".join(filter(None, reasons)),
        }
    )
