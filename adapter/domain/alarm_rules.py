"""When each alarm is raised: a pure rule over the figures of one moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.figures import Figures, StateFigure, UnappliedFigure
from adapter.domain.work_item import DOUBTFUL_STATES, ENROLLMENT, PAYMENT, REVERSAL, State

UNFINISHED_MAX = timedelta(hours=2)
IN_DOUBT_MAX = timedelta(hours=1)
# Due work is looked at within seconds, and by the sweep within an hour.
DUE_MAX = timedelta(minutes=70)
# A returned payment or an enrolment that still waits by then is tried on, for days; it is told.
WAITING_MAX = timedelta(hours=26)
# A run may take a while, and the next one makes up for it.
INTERVALS_MISSED_MAX = 2
INTERVAL_SLACK = timedelta(minutes=15)
DISK_FREE_BYTES_MIN = 512 * 1024 * 1024
SKEW_SECONDS_MAX = 30.0
SEND_INVOICES = "send_invoices"
# What these have to do stands in the ledger: they leave no mark.
UNMARKED_JOBS = frozenset(
    {"correct_bills", "post_payments", "post_reversals", "push_enrollments", "forget_history"}
)

PAYMENT_KINDS = frozenset(
    {ExceptionKind.DEAD, ExceptionKind.NOT_APPLIED, ExceptionKind.EVIDENCE_UNCLEAR}
)
FILE_KINDS = frozenset({ExceptionKind.UPLOAD_REFUSED, ExceptionKind.INVOICE_REFUSED})
REVERSAL_KINDS = frozenset({ExceptionKind.REVERSAL_FAILED, ExceptionKind.REVERSAL_REFUSED})
ENROLLMENT_KINDS = frozenset({ExceptionKind.ENROLLMENT_FAILED, ExceptionKind.ENROLLMENT_REFUSED})
BATCH_KINDS = frozenset(
    {
        ExceptionKind.BATCH_TOTAL,
        ExceptionKind.SETTLED_UNKNOWN,
        ExceptionKind.SETTLED_OTHERWISE,
        ExceptionKind.SETTLED_TWICE,
        ExceptionKind.UNSETTLED,
    }
)
SETTING_KINDS = frozenset({ExceptionKind.SETTING_OVERDUE})
DOUBT_KINDS = frozenset({ExceptionKind.EVIDENCE_OVERDUE})
OTHER_KINDS = (
    frozenset(ExceptionKind)
    - PAYMENT_KINDS
    - FILE_KINDS
    - REVERSAL_KINDS
    - ENROLLMENT_KINDS
    - BATCH_KINDS
    - SETTING_KINDS
    - DOUBT_KINDS
)
_ON_ITS_WAY = frozenset({State.WAITING, State.RETRYING, State.SENDING})


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A cause of an alarm; without a biller it concerns the whole adapter."""

    detail: str
    biller: str | None = None
    count: int = 1
    since: datetime | None = None


def ledger_not_writable(figures: Figures) -> Iterator[Finding]:
    if figures.ledger_problem:
        yield Finding(detail=figures.ledger_problem)


def disk_low(figures: Figures) -> Iterator[Finding]:
    free = figures.disk_free_bytes
    if free is not None and free < DISK_FREE_BYTES_MIN:
        least = DISK_FREE_BYTES_MIN // 1024**2
        yield Finding(
            detail=f"{free // 1024**2} MiB are free at {figures.disk}; {least} are needed"
        )


def clock_skewed(figures: Figures) -> Iterator[Finding]:
    for partner, seconds in sorted(figures.skews.items()):
        if abs(seconds) > SKEW_SECONDS_MAX:
            which = "ahead of" if seconds > 0 else "behind"
            yield Finding(detail=f"{partner}'s clock is {abs(seconds):.0f} s {which} ours")


def biller_settings_wrong(figures: Figures) -> Iterator[Finding]:
    for problem in figures.problems:
        yield Finding(detail=problem)
    for biller, problems in sorted(figures.biller_problems.items()):
        yield Finding(biller=biller, detail="; ".join(problems), count=len(problems))


def biller_removed(figures: Figures) -> Iterator[Finding]:
    removed = (f for f in figures.ledger.of(PAYMENT) if f.biller not in figures.billers)
    for biller, found in _by_biller(removed).items():
        count = sum(figure.count for figure in found)
        detail = f"{biller} is not in the settings, and {_payments(count)} of it unfinished"
        yield Finding(biller=biller, detail=detail, count=count, since=_oldest(found))


def payment_unfinished_too_long(figures: Figures) -> Iterator[Finding]:
    for figure in figures.ledger.of(PAYMENT):
        late = figure.oldest_at is not None and figures.now - figure.oldest_at > UNFINISHED_MAX
        if figure.state in _ON_ITS_WAY and late:
            yield _waiting(figure, figure.oldest_at)


def payment_in_doubt_too_long(figures: Figures) -> Iterator[Finding]:
    for figure in figures.ledger.of(PAYMENT):
        late = figure.sent_at is not None and figures.now - figure.sent_at > IN_DOUBT_MAX
        if figure.state in DOUBTFUL_STATES and late:
            yield _waiting(figure, figure.sent_at)
    yield from _asked(figures, DOUBT_KINDS)


def posting_switched_off(figures: Figures) -> Iterator[Finding]:
    for biller in sorted(figures.posting_off):
        waiting = sum(
            figure.count
            for kind in (PAYMENT, REVERSAL)
            for figure in figures.ledger.of(kind)
            if figure.biller == biller and figure.state in _ON_ITS_WAY
        )
        detail = (
            f"posting is switched off for {biller}; {waiting} of its payments and reversals wait"
        )
        yield Finding(biller=biller, detail=detail, count=waiting)


def work_not_done(figures: Figures) -> Iterator[Finding]:
    for figure in figures.ledger.items:
        late = figure.due_at is not None and figures.now - figure.due_at > DUE_MAX
        if late and figure.biller in figures.billers:
            yield Finding(
                biller=figure.biller,
                detail=f"{figure.kind} items that are {figure.state.value} have been due since "
                f"{_moment(figure.due_at)}, and no worker has looked at them",
                count=figure.count,
                since=figure.due_at,
            )


def poll_behind(figures: Figures) -> Iterator[Finding]:
    for biller, job, since in _behind(figures):
        if job != SEND_INVOICES:
            yield Finding(biller=biller, detail=_late(figures, job, since), since=since)


def invoice_file_late(figures: Figures) -> Iterator[Finding]:
    for biller, job, since in _behind(figures):
        if job == SEND_INVOICES:
            yield Finding(biller=biller, detail=_late(figures, job, since), since=since)


def payment_dead(figures: Figures) -> Iterator[Finding]:
    yield from _asked(figures, PAYMENT_KINDS)
    asked = {figure.biller for figure in figures.ledger.exceptions if figure.kind in PAYMENT_KINDS}
    for figure in figures.ledger.of(PAYMENT):
        # Its exception is settled, and still it keeps its invoice: its outcome is unclear.
        if figure.review is ExceptionKind.EVIDENCE_UNCLEAR and figure.biller not in asked:
            yield _waiting(figure, figure.oldest_at)


def paid_policy_may_lapse(figures: Figures) -> Iterator[Finding]:
    near: defaultdict[str, list[UnappliedFigure]] = defaultdict(list)
    for figure in figures.ledger.near_due(figures.now):
        near[figure.biller].append(figure)
    for biller, found in sorted(near.items()):
        count, first = sum(figure.count for figure in found), found[0]
        yield Finding(
            biller=biller,
            detail=f"{_payments(count)} not applied and near or past the due date; the most "
            f"urgent is {first.payment_guid} on invoice {first.invoice_number} of policy "
            f"{first.policy_number}, due {first.due_date}",
            count=count,
            since=first.paid_at,
        )


def payment_stopped_by_setting(figures: Figures) -> Iterator[Finding]:
    yield from _asked(figures, SETTING_KINDS)


def invoice_file_refused(figures: Figures) -> Iterator[Finding]:
    yield from _asked(figures, FILE_KINDS)


def reversal_stuck(figures: Figures) -> Iterator[Finding]:
    yield from _asked(figures, REVERSAL_KINDS)
    yield from _stuck(figures, REVERSAL, REVERSAL_KINDS, "reversals")


def enrollment_failed(figures: Figures) -> Iterator[Finding]:
    yield from _asked(figures, ENROLLMENT_KINDS)
    yield from _stuck(figures, ENROLLMENT, ENROLLMENT_KINDS, "enrolments")


def batch_mismatch(figures: Figures) -> Iterator[Finding]:
    yield from _asked(figures, BATCH_KINDS)


def exception_open(figures: Figures) -> Iterator[Finding]:
    yield from _asked(figures, OTHER_KINDS)


def behind_since(figures: Figures, job: str, moved_at: datetime) -> datetime | None:
    """Return the moment since which a job is behind, or None while it keeps its interval."""
    interval = figures.intervals.get(job)
    if interval is None:
        return None
    late = figures.now - moved_at > INTERVALS_MISSED_MAX * interval + INTERVAL_SLACK
    return moved_at if late else None


def job_of(mark: str) -> str:
    """Return the job that a mark is of: `follow_change_log.paperless` is follow_change_log's."""
    return mark.partition(".")[0]


def _behind(figures: Figures) -> Iterator[tuple[str, str, datetime]]:
    """Yield the jobs of configured billers that are behind, each once, and since when."""
    ends: dict[tuple[str, str], datetime] = {}
    for mark in figures.ledger.marks:
        key = mark.biller, job_of(mark.job)
        if mark.job == key[1] or "." in mark.job:
            ends[key] = min(mark.moved_at, ends.get(key, mark.moved_at))
    # One that never came to its end is behind since the biller is known.
    for biller, known_since in figures.ledger.known_since.items():
        for job in set(figures.intervals) - UNMARKED_JOBS:
            ends.setdefault((biller, job), known_since)
    for (biller, job), moved_at in sorted(ends.items()):
        since = behind_since(figures, job, moved_at)
        if since is not None and biller in figures.billers:
            yield biller, job, since


def _late(figures: Figures, job: str, since: datetime) -> str:
    hours = figures.intervals[job] / timedelta(hours=1)
    return f"{job} runs every {hours:g} h and has not come to its end since {_moment(since)}"


def _asked(figures: Figures, kinds: frozenset[ExceptionKind]) -> Iterator[Finding]:
    for figure in figures.ledger.exceptions:
        if figure.kind in kinds:
            are = "exception is" if figure.count == 1 else "exceptions are"
            yield Finding(
                biller=figure.biller,
                detail=f"{figure.count} {figure.kind.value} {are} open",
                count=figure.count,
                since=figure.oldest_at,
            )


def _stuck(
    figures: Figures, kind: str, kinds: frozenset[ExceptionKind], plural: str
) -> Iterator[Finding]:
    """Find what has waited too long without a review item about it."""
    asked = {figure.biller for figure in figures.ledger.exceptions if figure.kind in kinds}
    for biller, found in _by_biller(figures.ledger.of(kind)).items():
        since = _oldest(found)
        if since is not None and biller not in asked and figures.now - since > WAITING_MAX:
            count = sum(figure.count for figure in found)
            yield Finding(
                biller=biller,
                detail=f"{count} {plural} wait, the oldest since {_moment(since)}",
                count=count,
                since=since,
            )


def _by_biller(figures: Iterable[StateFigure]) -> dict[str, list[StateFigure]]:
    found: defaultdict[str, list[StateFigure]] = defaultdict(list)
    for figure in figures:
        found[figure.biller].append(figure)
    return dict(sorted(found.items()))


def _waiting(figure: StateFigure, since: datetime | None) -> Finding:
    guid, _, invoice_number = figure.oldest.partition(":")
    named = f"; the oldest is {guid} on invoice {invoice_number}" if guid else ""
    return Finding(
        biller=figure.biller,
        detail=f"{_payments(figure.count)} {figure.state.value}, one since {_moment(since)}"
        f"{named}",
        count=figure.count,
        since=since,
    )


def _payments(count: int) -> str:
    return "1 payment is" if count == 1 else f"{count} payments are"


def _oldest(found: list[StateFigure]) -> datetime | None:
    return min((f.oldest_at for f in found if f.oldest_at is not None), default=None)


def _moment(moment: datetime | None) -> str:
    return "no known moment" if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"
