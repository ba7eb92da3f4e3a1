"""The ops door: read-only views of the ledger and the settings, for operators and the auditor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify, request

from adapter.domain.alarms import raised
from adapter.doors import ops_views as views
from adapter.doors.cash import position_now, position_view
from adapter.doors.health import reasons_not_ready
from adapter.doors.ops_page import add_pages, reference_of
from adapter.doors.requests import query, require_operator
from adapter.doors.watch import alarm_view, figures_now
from adapter.errors import BadInputError, NotFoundError
from adapter.kinds import KINDS
from adapter.kinds.base import DeliveryKind
from adapter.version import installed_version

if TYPE_CHECKING:
    from adapter.bootstrap import Adapter

LIMIT_DEFAULT = 100
LIMIT_MAX = 1000
# Ids are 64-bit integers in every database.
AFTER_MAX = 2**63 - 1


def ops_door(adapter: Adapter) -> Blueprint:
    door = Blueprint("ops", __name__, url_prefix="/ops", template_folder="templates")
    door.before_request(
        lambda: require_operator(request, adapter.source.current().adapter.ops_key)
    )
    add_pages(door, adapter)
    _add_state(door, adapter)
    for kind in KINDS:
        _add_items(door, adapter, kind)
    _add_settlements(door, adapter)
    _add_lists(door, adapter)
    return door


def _add_state(door: Blueprint, adapter: Adapter) -> None:
    @door.get("/health")
    def health() -> Response:
        return jsonify(status="ok", version=installed_version())

    @door.get("/ready")
    def ready() -> Response:
        """Say what `/ready` says, and everything that is wrong, in full."""
        reasons = list(reasons_not_ready(adapter))
        told = [reason.detail or reason.words for reason in reasons]
        problems = [*told, *adapter.source.current().all_problems]
        answer = jsonify(ready=not reasons, problems=problems)
        answer.status_code = 503 if reasons else 200
        return answer

    @door.get("/configuration")
    def configuration() -> Response:
        return jsonify(views.configuration_view(adapter.source.current(), adapter.settings))

    @door.get("/alarms")
    def alarms() -> Response:
        """Answer 200 whatever is wrong, the ledger included: reading alarms is no alarm."""
        found = raised(figures_now(adapter))
        return jsonify(alarms=[alarm_view(each) for each in found])


def _add_items(door: Blueprint, adapter: Adapter, kind: DeliveryKind[Any]) -> None:
    items = adapter.ledger.items(kind.item)

    def page() -> Response:
        asked = query(request, "biller", "state", "limit", "after")
        name = asked.get("state")
        word = None if name is None else kind.word_named(name)
        read = partial(
            items.page,
            biller=asked.get("biller"),
            states=None if word is None else word.states,
            reviews=None if word is None else word.reviews,
        )
        return _page(kind.ops_path, asked, read, partial(views.item_view, kind))

    def story(biller: str, name: str) -> Response:
        found = items.find(biller, reference_of(name))
        if found is None:
            raise NotFoundError(f"there is no such {kind.ops_name}")
        return jsonify(views.story_of(adapter.ledger, kind, found, now=adapter.clock.now()))

    door.add_url_rule(f"/{kind.ops_path}", kind.ops_path, page)
    door.add_url_rule(f"/{kind.ops_path}/<biller>/<path:name>", kind.ops_name, story)


def _add_settlements(door: Blueprint, adapter: Adapter) -> None:
    @door.get("/settlements")
    def settlements() -> Response:
        asked = query(request, "biller", "limit", "after")
        read = partial(adapter.ledger.settlements.page, biller=asked.get("biller"))
        return _page("settlements", asked, read, views.settlement_view)


def _add_lists(door: Blueprint, adapter: Adapter) -> None:
    ledger = adapter.ledger

    @door.get("/exceptions")
    def exceptions() -> Response:
        asked = query(request, "limit", "after", "order")
        view = partial(views.exception_view, now=adapter.clock.now())
        if "order" not in asked:
            return _page("exceptions", asked, ledger.exceptions.page, view)
        _require_due_order(asked)
        limit = _number(asked, "limit", default=LIMIT_DEFAULT, low=1, high=LIMIT_MAX)
        found = ledger.exceptions.by_due_date(limit=limit)
        return jsonify(exceptions=[view(item) for item in found], next=None)

    @door.get("/cash-positions/<biller>")
    def cash_position(biller: str) -> Response:
        day = query(request, "day").get("day")
        return jsonify(position_view(position_now(adapter, biller, day)))

    @door.get("/uploads")
    def uploads() -> Response:
        return _page("uploads", _paging(), ledger.uploads.page, views.upload_view)

    @door.get("/watermarks")
    def watermarks() -> Response:
        marks = [views.watermark_view(mark) for mark in ledger.watermarks.all()]
        return jsonify(watermarks=marks)


def _paging() -> dict[str, str]:
    return query(request, "limit", "after")


def _require_due_order(asked: dict[str, str]) -> None:
    """Refuse another order, and a page after another: due dates change in between."""
    wrong = "after" if "after" in asked else "order"
    if wrong == "after" or asked["order"] != "due":
        raise BadInputError(
            field=wrong,
            value=asked[wrong][:40],
            rule="the only order is due, and it has one page",
            remedy="Ask for order=due with a limit, or leave the order out for pages by number",
        )


def _page(
    name: str,
    asked: dict[str, str],
    read: Callable[..., Sequence[Any]],
    view: Callable[[Any], dict[str, Any]],
) -> Response:
    """Answer one page; `next` asks for the one after it, and is null on the last."""
    limit = _number(asked, "limit", default=LIMIT_DEFAULT, low=1, high=LIMIT_MAX)
    after = _number(asked, "after", default=0, low=0, high=AFTER_MAX)
    rows = read(limit=limit + 1, after=after)
    shown = rows[:limit]
    following = str(shown[-1].id) if len(rows) > limit else None
    return jsonify({name: [view(row) for row in shown], "next": following})


def _number(asked: dict[str, str], name: str, *, default: int, low: int, high: int) -> int:
    text = asked.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(high))):
        number = -1
    else:
        number = int(text)
    if not low <= number <= high:
        raise BadInputError(
            field=name,
            value=text[:40],
            rule=f"it must be a whole number from {low} to {high}",
            remedy="Send such a number, or leave it out",
        )
    return number
