"""The ledger and the settings as the ops door shows them: plain JSON, without a secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlalchemy import make_url

from adapter.domain.exceptions import ExceptionItem
from adapter.domain.money import money_text
from adapter.domain.outlook import outlook
from adapter.domain.settlement import Settlement
from adapter.domain.upload import Upload
from adapter.domain.work_item import ItemEvent, WorkItem
from adapter.kinds.base import DeliveryKind
from adapter.ledger import Ledger
from adapter.ledger.watermarks import Watermark
from adapter.redaction import HIDDEN
from adapter.settings import AdapterSettings, BillerSettings, SecretText, SettingsView

_SHOWN_OTHERWISE = {
    "slug",
    "advanced_settings",
    "invoice_cloud",
    "bif",
    "posts_per_minute",
    "return_codes",
}


def item_view(kind: DeliveryKind[Any], item: WorkItem[Any]) -> dict[str, Any]:
    return plain(kind.fields(item))


def story_of(
    ledger: Ledger, kind: DeliveryKind[Any], item: WorkItem[Any], *, now: datetime
) -> dict[str, Any]:
    """Show all of one item, with what is open about it, what it waits for and what comes next."""
    items = ledger.items(kind.item)
    exceptions = items.open_exceptions(item)
    next_step = outlook(
        item,
        word=kind.word(item.state, item.review),
        command=kind.command,
        next_words=kind.next_words,
        open_exceptions=exceptions,
        holder=items.holder(item, now=now),
    )
    return {
        kind.ops_name: item_view(kind, item),
        "reference": item.reference,
        "events": _event_views(kind, items.events(item.id)),
        "exceptions": [exception_view(each, now=now) for each in exceptions],
        "next": plain(asdict(next_step)),
    }


def _event_views(kind: DeliveryKind[Any], events: Iterable[ItemEvent]) -> list[dict[str, Any]]:
    views: list[dict[str, Any]] = []
    for event in events:
        before = event.from_state and kind.word(event.from_state)
        view = {
            "at": event.at,
            # Why a person was needed, only the event before this one says.
            "from": views[-1]["to"] if views else before,
            "to": kind.word(event.to_state, event.review),
            "cause": event.cause,
            "detail": event.detail,
            "attempt": event.attempt,
        }
        views.append(plain(view))
    return views


def settlement_view(settlement: Settlement) -> dict[str, Any]:
    row = settlement.row
    shown = {
        **asdict(row),
        "settled_on": row.settled_on.isoformat(),
        "seen_at": settlement.seen_at,
        "matched_at": settlement.matched_at,
    }
    return plain(shown)


def exception_view(item: ExceptionItem, *, now: datetime) -> dict[str, Any]:
    judged = {
        "due_date": None if item.due_date is None else item.due_date.isoformat(),
        "critical": item.is_critical(now),
        "age_seconds": int(item.age(now).total_seconds()),
    }
    return plain({**asdict(item), **judged})


def upload_view(upload: Upload) -> dict[str, Any]:
    return plain(asdict(upload))


def watermark_view(watermark: Watermark) -> dict[str, Any]:
    return plain(asdict(watermark))


def configuration_view(view: SettingsView, in_effect: AdapterSettings) -> dict[str, Any]:
    """Tell every biller's settings and what is wrong with them.

    `adapter` holds what is in effect; of that table only the ops key changes without a restart.
    """
    names = sorted({*view.billers, *view.biller_problems})
    in_effect = in_effect.model_copy(update={"ops_key": view.adapter.ops_key})
    return {
        "problems": list(view.problems),
        "adapter": _adapter_view(in_effect),
        "restart_needed": in_effect != view.adapter,
        "billers": [
            {
                "biller": name,
                "right": name in view.billers,
                "door_open": name in view.doors,
                "problems": list(view.biller_problems.get(name, ())),
                "settings": _biller_view(view.billers[name]) if name in view.billers else None,
            }
            for name in names
        ],
    }


def _adapter_view(adapter: AdapterSettings) -> dict[str, Any]:
    shown = {
        **adapter.model_dump(exclude={"listen"}),
        "listen_host": adapter.listen_host,
        "listen_port": adapter.listen_port,
        "ledger": make_url(adapter.ledger).render_as_string(hide_password=True),
    }
    return plain(shown)


def _biller_view(biller: BillerSettings) -> dict[str, Any]:
    """Show each access as a partner's client is given it; a secret is hidden by its type."""
    shown = {
        **biller.model_dump(exclude=_SHOWN_OTHERWISE),
        **biller.invoice_cloud.model_dump(include={"web_services_url", "upload", "columns"}),
        "rtdr": asdict(biller.rtdr),
        "payments": asdict(biller.payments),
        "reserved_characters": biller.reserved_characters,
        "rest": asdict(biller.rest) if biller.rest is not None else None,
    }
    return plain(shown)


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain_value(value) for name, value in row.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, SecretText):
        return HIDDEN
    if isinstance(value, Mapping):
        return plain(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return money_text(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value
