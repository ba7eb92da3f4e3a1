"""The cash position of a day: what Invoice Cloud took, and what became of it, to the cent.

All is pure: moments are handed in. Money is in dollars, without convenience fees (decision 0037).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from zoneinfo import ZoneInfo

from adapter.clock import GmtWindow
from adapter.domain.ach_return import AchReturn
from adapter.domain.money import ZERO, money_text
from adapter.domain.payment import Payment, PaymentItem
from adapter.domain.work_item import State, WorkItem
from adapter.errors import AdapterError, BadInputError


class Part(Enum):
    """What became of a payment that was received here."""

    APPLIED = "applied"  # Spectrum holds its receipt
    OPEN = "open"  # on its way, in doubt, or with a person
    GIVEN_BACK = "given_back"  # Invoice Cloud gave it back before it was applied
    RETURNED = "returned"  # it came back from the bank


@dataclass(frozen=True, kw_only=True)
class CashLine:
    """One invoice's share of a payment: as Invoice Cloud reports it, and as it stands here.

    `taken` is what Invoice Cloud says that it took, None where its report has no such payment;
    `item` and `part` are None where no such payment was received here.
    """

    payment: Payment
    taken: Decimal | None
    item: PaymentItem | None = None
    part: Part | None = None
    came_back: WorkItem[AchReturn] | None = None

    @property
    def received(self) -> Decimal:
        """What the ledger holds of it."""
        return ZERO if self.item is None else self.item.payload.amount

    @property
    def difference(self) -> Decimal:
        """How much more Invoice Cloud took than was received here."""
        return (self.taken or ZERO) - self.received

    @property
    def why(self) -> str:
        """Say what the difference comes from; empty where there is none."""
        if self.item is None:
            return "Invoice Cloud reports it, and it was not received here"
        if self.taken is None:
            return "received here, and Invoice Cloud's report does not have it"
        if self.difference:
            return f"reported as {money_text(self.taken)}, received as {money_text(self.received)}"
        return ""


@dataclass(frozen=True, kw_only=True)
class CashPosition:
    """One biller's day: the carrier's own date, from midnight to midnight in its time zone.

    `window` is that time in UTC; of a day that goes on it ends now. `failure` is why Invoice
    Cloud's report could not be read, or which of its rows could not; without a report at all
    nothing is held against it.
    """

    biller: str
    day: date
    time_zone: str
    window: GmtWindow
    lines: tuple[CashLine, ...]
    failure: AdapterError | None = None

    @property
    def is_reported(self) -> bool:
        """Whether Invoice Cloud's report came to its end, be it with rows that are unreadable."""
        return self.failure is None or isinstance(self.failure, BadInputError)

    @property
    def taken(self) -> Decimal:
        return sum((line.taken for line in self.lines if line.taken is not None), ZERO)

    @property
    def taken_count(self) -> int:
        return sum(1 for line in self.lines if line.taken)

    def of(self, part: Part) -> tuple[CashLine, ...]:
        return tuple(line for line in self.lines if line.part is part)

    @property
    def differences(self) -> tuple[CashLine, ...]:
        if not self.is_reported:
            return ()
        return tuple(line for line in self.lines if line.why)

    @property
    def balances(self) -> bool:
        """Whether all that Invoice Cloud took is applied, open, given back or returned."""
        return self.failure is None and not self.differences


def window_of(day: date, time_zone: str, *, now: datetime) -> GmtWindow:
    """Return a carrier's day as a window, until `now` at the latest.

    Raises BadInputError for a day that has not begun.
    """
    zone = ZoneInfo(time_zone)
    start, end = (datetime.combine(each, time(), zone) for each in (day, day + timedelta(days=1)))
    if start > now:
        raise BadInputError(
            field="day",
            value=day.isoformat(),
            rule=f"it has not begun in {time_zone}",
            remedy="Name today, or a day that is over",
        )
    return GmtWindow(start_gmt=start, end_gmt=min(end, now))


def lines_of(
    reported: Iterable[Payment],
    items: Iterable[PaymentItem],
    returns: Iterable[WorkItem[AchReturn]],
) -> tuple[CashLine, ...]:
    """Lay a report beside the ledger, by the time of payment; a declined payment took nothing."""
    came_back = {item.payload.payment_reference: item for item in returns}
    there = {payment.key: payment for payment in reported}
    lines = []
    for item in items:
        reported_as = there.pop(item.payload.key, None)
        back = came_back.get(item.payload.key.reference)
        lines.append(
            CashLine(
                payment=item.payload,
                taken=None if reported_as is None else _taken(reported_as),
                item=item,
                part=_part(item, back),
                came_back=back,
            )
        )
    lines += [
        CashLine(payment=each, taken=each.amount) for each in there.values() if each.approved
    ]
    return tuple(sorted(lines, key=lambda line: (line.payment.paid_at, line.payment.key)))


def _taken(reported: Payment) -> Decimal:
    return reported.amount if reported.approved else ZERO


def _part(item: PaymentItem, back: WorkItem[AchReturn] | None) -> Part:
    """Tell what became of a payment; one that came back otherwise than whole is a person's."""
    if back is not None and back.payload.amount == item.payload.amount:
        return Part.RETURNED
    if item.state is State.GIVEN_BACK:
        return Part.GIVEN_BACK
    return Part.APPLIED if item.state is State.DONE else Part.OPEN
