"""What the guard sees of a payment: from what the ledger holds and the partners say (0030)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from adapter.domain.guard import Feed, GuardFigures, View
from adapter.domain.invoice import ExtractedReceipt, ReceiptSearch
from adapter.domain.ledger_life import MARGIN, LedgerKnowledge
from adapter.domain.money import CENT, ZERO
from adapter.domain.payment import PaymentItem
from adapter.domain.work_item import Answer, BalanceReading


@dataclass(frozen=True, kw_only=True)
class Move:
    """A receipt or reversal of ours, and by how much it moved the invoice's balance."""

    at: datetime
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class KnownBalances:
    """What the ledger holds of an invoice's balance, for one payment on it.

    `before` is a reading that this payment cannot be part of; `readings` are those since, oldest
    first; `moves` are ours since, of whatever payment but this; `own_guids` are the payments on
    the invoice that the ledger knows, `own_invoices` those that this payment's GUID pays.
    """

    before: BalanceReading | None = None
    readings: tuple[BalanceReading, ...] = ()
    moves: tuple[Move, ...] = ()
    own_guids: frozenset[str] = frozenset()
    own_invoices: frozenset[str] = frozenset()

    def expected_at(self, moment: datetime) -> Decimal | None:
        """Return the balance as it would be then, had this payment not been applied."""
        if self.before is None:
            return None
        since = (m.amount for m in self.moves if self.before.asked_at < m.at <= moment)
        return self.before.balance + sum(since, ZERO)


@dataclass(frozen=True, kw_only=True)
class FeedLook:
    """One look into the receipts feed; `search` is None where it could not be read."""

    search: ReceiptSearch | None
    lacked_since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Movement:
    """How the readings differ from what is expected, up to the newest one."""

    was_below: bool = False
    moved_in_between: bool = False
    bracket: timedelta | None = None
    first_seen: datetime | None = None
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What is known besides the payment itself: of the ledger, and how long a doubt was asked."""

    knowledge: LedgerKnowledge
    figures: GuardFigures
    now: datetime
    known: KnownBalances = field(default_factory=KnownBalances)
    fresh: BalanceReading | None = None
    feed: FeedLook | None = None

    @property
    def readings(self) -> tuple[BalanceReading, ...]:
        if self.fresh is None:
            return self.known.readings
        return (*self.known.readings, self.fresh)


def quiet_since(item: PaymentItem, knowledge: LedgerKnowledge) -> datetime:
    """Return since when no request of it can have begun that the ledger does not know of."""
    paid_at = item.payload.paid_at
    start = item.sent_at if item.may_have_left and item.sent_at else paid_at
    gap_end = knowledge.latest_gap_end_after(paid_at - MARGIN)
    return start if gap_end is None else max(start, gap_end)


def is_release_known(item: PaymentItem, around: Surroundings) -> bool:
    """Tell whether a person released it after everything that was forgotten had settled.

    Of what was forgotten, one of its own requests may still have been on its way when she looked.
    """
    before = around.known.before
    if not item.released or before is None:
        return item.released
    gap_end = around.knowledge.latest_gap_end_after(item.payload.paid_at - MARGIN)
    return gap_end is None or before.asked_at >= gap_end + around.figures.settle


def view_of(item: PaymentItem, around: Surroundings) -> View:
    """Return what the guard decides by."""
    payment, now = item.payload, around.now
    quiet_from = quiet_since(item, around.knowledge)
    movement = movement_of(around.known, around.readings)
    fresh = around.fresh
    expected = None if fresh is None else around.known.expected_at(fresh.asked_at)
    delta = None if fresh is None or expected is None else fresh.balance - expected
    search = around.feed.search if around.feed else None
    as_of = search.as_of if search else None
    is_moved = delta is not None and abs(delta) >= CENT
    covers = as_of is not None and (
        delta is not None
        and (not is_moved or (movement.first_seen is not None and as_of >= movement.first_seen))
    )
    lacked_since = around.feed.lacked_since if around.feed else None
    return View(
        amount=payment.amount,
        sent=item.may_have_left,
        pending=item.last_answer is Answer.PENDING,
        empty=item.last_answer is Answer.EMPTY,
        like_refusals=item.like_answers if item.last_answer is Answer.REFUSED else 0,
        whole=around.knowledge.is_whole_since(payment.paid_at),
        before_beginning=payment.paid_at < around.knowledge.beginning,
        released=is_release_known(item, around),
        fresh=None if fresh is None else fresh.balance,
        expected=expected,
        was_below=movement.was_below,
        moved_in_between=movement.moved_in_between,
        bracket=movement.bracket if is_moved else None,
        moved_for=now - movement.since if is_moved and movement.since else timedelta(),
        quiet=now - quiet_from,
        waited=now - max(item.looked_since or now, quiet_from),
        feed=feed_says(item, around.known, around.feed),
        feed_is_settled=as_of is not None and as_of >= quiet_from + around.figures.settle,
        feed_covers=covers,
        feed_lacked_for=timedelta() if lacked_since is None else now - lacked_since,
        is_explained=delta is not None and _explains(item, around, delta),
    )


def movement_of(known: KnownBalances, readings: Sequence[BalanceReading]) -> Movement:
    """Compare every reading with what was expected at its time."""
    if known.before is None:
        return Movement()
    was_below = moved_in_between = False
    last_unmoved = known.before.asked_at
    first_seen = since = None
    bracket = None
    shown = ZERO
    for reading in readings:
        delta = reading.balance - (known.expected_at(reading.asked_at) or ZERO)
        was_below = was_below or delta <= -CENT
        if abs(delta) < CENT:
            moved_in_between = moved_in_between or first_seen is not None
            last_unmoved, first_seen, since = reading.asked_at, None, None
            continue
        if first_seen is None:
            first_seen, bracket = reading.asked_at, reading.asked_at - last_unmoved
        if since is None or abs(delta - shown) >= CENT:
            since, shown = reading.asked_at, delta
    return Movement(
        was_below=was_below,
        moved_in_between=moved_in_between,
        bracket=bracket if first_seen is not None else None,
        first_seen=first_seen,
        since=since,
    )


def feed_says(item: PaymentItem, known: KnownBalances, look: FeedLook | None) -> Feed:
    """Say what the feed shows of this payment's GUID, on this invoice and on any other."""
    if look is None:
        return Feed.NONE
    payment, search = item.payload, look.search
    found = search.receipts if search else ()
    mine = [each for each in found if each.is_of(payment.payment_guid)]
    # One payment may pay several invoices, with a receipt each under the one GUID.
    paid = {payment.invoice_number, *known.own_invoices}
    if any(each.reversed_at is None and each.invoice_number not in paid for each in mine):
        return Feed.OTHERWISE
    on_invoice = [each for each in mine if each.invoice_number == payment.invoice_number]
    standing = [each for each in on_invoice if each.reversed_at is None]
    if not standing:
        return Feed.REVERSED if on_invoice else Feed.LACKS
    is_ours = len(standing) == 1 and abs(standing[0].amount - payment.amount) < CENT
    return Feed.OURS if is_ours else Feed.OTHERWISE


def _explains(item: PaymentItem, around: Surroundings, delta: Decimal) -> bool:
    """Tell whether other people's receipts and reversals add up to the movement."""
    search, before = around.feed.search if around.feed else None, around.known.before
    if search is None or before is None:
        return False
    own = {*around.known.own_guids, item.payload.payment_guid}
    others = [
        each
        for each in search.receipts
        if each.invoice_number == item.payload.invoice_number
        and not any(each.is_of(guid) for guid in own)
    ]
    cuts = [before.asked_at]
    if abs(delta + item.payload.amount) >= CENT:
        cuts.append(before.asked_at - around.figures.settle)
    return any(abs(_moved(others, cut, search.as_of) - delta) < CENT for cut in cuts)


def _moved(receipts: Iterable[ExtractedReceipt], after: datetime, until: datetime) -> Decimal:
    total = ZERO
    for each in receipts:
        if after < each.applied_at <= until:
            total -= each.amount
        if each.reversed_at is not None and after < each.reversed_at <= until:
            total += each.amount
    return total
