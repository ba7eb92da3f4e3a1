"""The operations pages: the same facts as the ops views, for a person with a browser.

Read-only, without a script; what is shown is escaped, and the page may load nothing.
"""

from __future__ import annotations

import secrets
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup, escape

from adapter.domain.alarm_rules import behind_since, job_of
from adapter.domain.alarms import raised
from adapter.domain.figures import Figures
from adapter.domain.work_item import State
from adapter.doors import ops_views as views
from adapter.doors.cash import NAMES, needs_a_look, position_now, position_view
from adapter.doors.requests import query
from adapter.doors.watch import alarm_view, figures_now, length_text
from adapter.errors import LedgerError, NotFoundError
from adapter.kinds import PAYMENTS

if TYPE_CHECKING:
    from adapter.bootstrap import Adapter

REFRESH_SECONDS = 60
EXCEPTIONS_MAX = 50
PAYMENTS_MAX = 200
STATES = tuple(word.name for word in PAYMENTS.words)


@dataclass(frozen=True, kw_only=True)
class JobRow:
    """One job of one biller, against its interval."""

    biller: str
    job: str
    moved_at: datetime
    age: timedelta
    interval: timedelta
    is_behind: bool


@dataclass(frozen=True, kw_only=True)
class Cell:
    """How many payments of a biller are in a state."""

    state: str
    count: int


@dataclass(frozen=True, kw_only=True)
class TotalRow:
    """One biller's payments by state."""

    biller: str
    is_configured: bool
    cells: tuple[Cell, ...]


def add_pages(door: Blueprint, adapter: Adapter) -> None:
    """Add the pages to the ops door, whose access rule holds for them too."""
    ledger = adapter.ledger
    door.add_app_template_filter(moment_text, "moment")
    door.add_app_template_filter(story_path, "story")
    door.add_app_template_filter(spoken, "spoken")
    door.add_app_template_filter(length_text, "length_of_time")
    _add_cash_page(door, adapter)

    @door.get("/", strict_slashes=False)
    def overview() -> Response:
        query(request)
        figures = figures_now(adapter)
        try:
            applied = ledger.figures.done(PAYMENTS.item.name)
            items = _open_exceptions(adapter)
        except LedgerError:  # the page tells it as an alarm
            applied, items = {}, ()
        return _page(
            "overview",
            figures.now,
            refresh_seconds=REFRESH_SECONDS,
            alarms=[alarm_view(each) for each in raised(figures)],
            states=STATES,
            totals=totals_of(figures, applied),
            oldest=oldest_of(figures),
            jobs=jobs_of(figures),
            exceptions=items,
            open_count=sum(figure.count for figure in figures.ledger.exceptions),
        )

    @door.get("/payments")
    def payments() -> Response:
        asked = query(request, "biller", "state")
        state = asked.get("state")
        if state is not None and state not in STATES:
            raise NotFoundError("there is no such state")
        word = None if state is None else PAYMENTS.word_named(state)
        found = ledger.items(PAYMENTS.item).newest(
            limit=PAYMENTS_MAX,
            biller=asked.get("biller"),
            states=None if word is None else word.states,
            reviews=None if word is None else word.reviews,
        )
        now = adapter.clock.now()
        rows = [views.item_view(PAYMENTS, item) for item in found]
        shown = {"found": rows, "limit": PAYMENTS_MAX, "state": state}
        return _page("payments", now, biller=asked.get("biller"), **shown)

    @door.get("/payments/<biller>/<guid>/<invoice>")
    def story(biller: str, guid: str, invoice: str) -> Response:
        query(request)
        now = adapter.clock.now()
        found = ledger.items(PAYMENTS.item).find(biller, reference_of(f"{guid}/{invoice}"))
        if found is None:
            raise NotFoundError("there is no such delivery")
        return _page("story", now, **views.story_of(ledger, PAYMENTS, found, now=now))


def _add_cash_page(door: Blueprint, adapter: Adapter) -> None:
    @door.get("/cash/<biller>")
    def cash(biller: str) -> Response:
        position = position_now(adapter, biller, query(request, "day").get("day"))
        shown, now = position_view(position), adapter.clock.now()
        is_over = position.window.end_gmt < now
        return _page(
            "cash",
            now,
            shown=shown,
            names=NAMES,
            biller=biller,
            day_before=position.day - timedelta(days=1),
            day_after=position.day + timedelta(days=1) if is_over else None,
            rows=[{**row, "biller": biller} for row in shown["payments"] if needs_a_look(row)],
        )


def totals_of(figures: Figures, applied: dict[str, int]) -> list[TotalRow]:
    """Return a row for every biller that is configured or has payments."""
    counts: Counter[tuple[str, str]] = Counter()
    for figure in figures.ledger.of(PAYMENTS.item.name):
        counts[figure.biller, PAYMENTS.word(figure.state, figure.review)] += figure.count
    counts.update({(biller, PAYMENTS.word(State.DONE)): n for biller, n in applied.items()})
    names = sorted({*figures.billers, *(biller for biller, _ in counts)})
    return [
        TotalRow(
            biller=name,
            is_configured=name in figures.billers,
            cells=tuple(Cell(state=s, count=counts[name, s]) for s in STATES),
        )
        for name in names
    ]


def jobs_of(figures: Figures) -> list[JobRow]:
    """Return every mark that belongs to a scheduled job, with its verdict."""
    rows = []
    for mark in figures.ledger.marks:
        interval = figures.intervals.get(job_of(mark.job))
        if interval is not None:
            since = behind_since(figures, job_of(mark.job), mark.moved_at)
            rows.append(
                JobRow(
                    biller=mark.biller,
                    job=mark.job,
                    moved_at=mark.moved_at,
                    age=figures.now - mark.moved_at,
                    interval=interval,
                    is_behind=since is not None,
                )
            )
    return rows


def oldest_of(figures: Figures) -> list[dict[str, Any]]:
    """Return the oldest unfinished payment of each biller and state, the oldest first."""
    found = sorted(figures.ledger.of(PAYMENTS.item.name), key=lambda f: f.oldest_at or figures.now)
    return [
        {
            "accepted_at": figure.oldest_at,
            "state": PAYMENTS.word(figure.state, figure.review),
            "biller": figure.biller,
            "payment_guid": figure.oldest.partition(":")[0],
            "invoice_number": figure.oldest.partition(":")[2],
        }
        for figure in found
    ]


def reference_of(path: str) -> str:
    """Return the reference that a path names: a GUID, and what follows it."""
    guid, slash, rest = path.partition("/")
    try:
        guid = str(uuid.UUID(guid))
    except ValueError:
        raise NotFoundError("there is no such item") from None
    return f"{guid}:{rest}" if slash else guid


def moment_text(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def spoken(text: str) -> Markup:
    """Show what stands between backticks as code, everything escaped."""
    parts = [escape(part) for part in text.split("`")]
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else part
        for number, part in enumerate(parts)
    )


def story_path(row: Any) -> str:
    """Return the path of the page of a payment, or of an exception about one.

    A name may hold what a path may not.
    """
    fields = row if isinstance(row, dict) else vars(row)
    parts = (fields[name] for name in ("biller", "payment_guid", "invoice_number"))
    return f"{request.script_root}/ops/payments/" + "/".join(
        quote(part, safe="") for part in parts
    )


def _open_exceptions(adapter: Adapter) -> Iterable[Any]:
    return adapter.ledger.exceptions.by_due_date(limit=EXCEPTIONS_MAX)


def _page(name: str, at: datetime, **facts: Any) -> Response:
    nonce = secrets.token_urlsafe(16)
    root = request.script_root
    text = render_template(f"ops/{name}.html", nonce=nonce, at=at, root=root, **facts)
    answer = Response(text, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
