"""The guard: may this payment be posted, now? One table, before every post (decision 0030).

All is pure. A `View` is what the adapter knows of one payment at one moment; `decide` reads it
from the top, and the first row that fits says what happens. Money is in dollars.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import Enum, IntEnum

from adapter.domain.money import CENT, ZERO

# So often Spectrum's own refusal has to come again before a payment is dead.
LIKE_REFUSALS_MAX = 3
# So long a settled feed that lacks a receipt is looked at, where the balance moved otherwise.
FEED_LOOK_AGAIN = timedelta(hours=1)


class Act(Enum):
    """What happens to the payment."""

    POST = "post"
    APPLIED = "applied"
    PERSON = "person"
    WAIT = "wait"


class Feed(Enum):
    """What the receipts feed says of a payment."""

    NONE = "none"  # the biller has none
    LACKS = "lacks"  # the GUID is not in it, or it cannot be read now
    OURS = "ours"  # the GUID stands once, with this invoice and amount
    OTHERWISE = "otherwise"  # it stands with another invoice or amount, or twice
    REVERSED = "reversed"  # it was there and was taken back


@dataclass(frozen=True, kw_only=True)
class GuardFigures:
    """The guard's figures for one biller.

    `settle` is at least the latest application after giving up plus the longest lag of a balance:
    the one figure that doubles a payment when it is too short.
    """

    settle: timedelta = timedelta(minutes=15)
    bracket: timedelta = timedelta(hours=1)
    feed_patience: timedelta = timedelta(hours=12)
    evidence_patience: timedelta = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class View:
    """What is known of one payment; `waited` is since the guard was first asked about this doubt.

    `sent`: a byte of some try's body may have left, by this ledger. `fresh` is the balance read
    now, None where no reading counts; `expected` is what it would be had this payment not been
    applied, None where no reading from before it is known. `bracket` lies between the last
    unmoved and the first moved reading, `moved_for` since the first that showed this movement,
    `quiet` since nothing of it was on its way that the ledger knows or might have forgotten.
    """

    amount: Decimal
    sent: bool = False
    pending: bool = False
    empty: bool = False
    like_refusals: int = 0
    whole: bool = True
    before_beginning: bool = False
    released: bool = False
    fresh: Decimal | None = None
    expected: Decimal | None = None
    was_below: bool = False
    moved_in_between: bool = False
    bracket: timedelta | None = None
    moved_for: timedelta = timedelta()
    quiet: timedelta = timedelta()
    waited: timedelta = timedelta()
    feed: Feed = Feed.NONE
    feed_is_settled: bool = False
    feed_covers: bool = False
    feed_lacked_for: timedelta = timedelta()
    is_explained: bool = False

    @property
    def delta(self) -> Decimal | None:
        """Return by how much the balance differs from what is expected, within a cent."""
        if self.fresh is None or self.expected is None:
            return None
        moved = self.fresh - self.expected
        return ZERO if abs(moved) < CENT else moved

    @property
    def is_unmoved(self) -> bool:
        return self.delta == 0

    @property
    def fell_by_amount(self) -> bool:
        return self.delta is not None and abs(self.delta + self.amount) < CENT


class Row(IntEnum):
    """The rows of the table, by the numbers of decision 0030."""

    IN_FEED = 1
    OTHERWISE_IN_FEED = 2
    BEFORE_BEGINNING = 3
    NO_READING = 4
    RELEASED = 5
    FIRST = 6
    SETTLING = 7
    PENDING = 8
    NOT_APPLIED = 9
    NOT_IN_FEED = 10
    MOVED_OTHERWISE = 11
    FEED_LAGS = 12
    UNMOVED = 13
    INFERRED = 14
    UNDECIDED = 15


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What happens, and the row that says so."""

    act: Act
    row: Row


def decide(view: View, figures: GuardFigures) -> Verdict:
    """Return what the table says."""
    for rows in (_before_any_balance, _before_settling, _settled, _by_feed, _by_balance_alone):
        found = rows(view, figures)
        if found is not None:
            act, row = found
            return Verdict(act=act, row=row)
    return Verdict(act=Act.PERSON, row=Row.UNDECIDED)


_Found = tuple[Act, Row] | None


def _before_any_balance(view: View, figures: GuardFigures) -> _Found:
    if view.feed is Feed.OURS:
        return (Act.WAIT if view.quiet < figures.settle else Act.APPLIED), Row.IN_FEED
    if view.feed is Feed.OTHERWISE or (view.feed is Feed.REVERSED and not view.released):
        return Act.PERSON, Row.OTHERWISE_IN_FEED
    if view.before_beginning and not view.released:
        return Act.PERSON, Row.BEFORE_BEGINNING
    if view.fresh is None:
        is_overdue = view.sent and view.waited >= figures.evidence_patience
        return (Act.PERSON if is_overdue else Act.WAIT), Row.NO_READING
    return None


def _before_settling(view: View, figures: GuardFigures) -> _Found:
    if view.released and view.is_unmoved:
        return Act.POST, Row.RELEASED
    if view.whole and not view.sent:
        return Act.POST, Row.FIRST
    if view.quiet < figures.settle:
        return Act.WAIT, Row.SETTLING
    return None


def _settled(view: View, figures: GuardFigures) -> _Found:
    if view.pending:
        is_shown = view.moved_for >= figures.settle and view.feed is Feed.NONE
        if is_shown and _is_inferred(view, figures):
            return Act.APPLIED, Row.PENDING
        is_overdue = view.waited >= figures.evidence_patience
        return (Act.PERSON if is_overdue else Act.WAIT), Row.PENDING
    if view.is_unmoved and (view.empty or view.like_refusals >= LIKE_REFUSALS_MAX):
        return Act.PERSON, Row.NOT_APPLIED
    return None


def _by_feed(view: View, figures: GuardFigures) -> _Found:
    if view.feed is not Feed.LACKS:
        return None
    if view.feed_is_settled and view.feed_covers:
        if view.is_unmoved or view.is_explained:
            return Act.POST, Row.NOT_IN_FEED
        if view.feed_lacked_for < FEED_LOOK_AGAIN:
            return Act.WAIT, Row.MOVED_OTHERWISE
        rose = view.delta is not None and view.delta > 0
        return (Act.POST if rose and not view.was_below else Act.PERSON), Row.MOVED_OTHERWISE
    return (Act.WAIT, Row.FEED_LAGS) if view.waited < figures.feed_patience else None


def _by_balance_alone(view: View, figures: GuardFigures) -> _Found:
    if view.is_unmoved and not view.moved_in_between:
        owed = view.expected or ZERO
        if owed > 0 and (view.sent or owed >= view.amount):
            return Act.POST, Row.UNMOVED
    if view.sent and view.feed is not Feed.LACKS and _is_inferred(view, figures):
        return (Act.WAIT if view.moved_for < figures.settle else Act.APPLIED), Row.INFERRED
    return None


def _is_inferred(view: View, figures: GuardFigures) -> bool:
    """Tell whether the balance fell by the amount, within a time that is short enough."""
    return view.fell_by_amount and view.bracket is not None and view.bracket <= figures.bracket
