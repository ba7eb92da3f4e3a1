"""The ledger and the settings as the ops door shows them: plain JSON, without a secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from adapter.domain.ach_return import Reversal
from adapter.domain.delivery import Delivery, DeliveryEvent, Evidence
from adapter.domain.enrollment import Enrollment, EnrollmentEvent
from adapter.domain.exceptions import ExceptionItem
from adapter.domain.money import money_text
from adapter.domain.outlook import outlook
from adapter.domain.settlement import Settlement
from adapter.domain.upload import Upload
from adapter.ledger.watermarks import Watermark
from adapter.settings import AdapterSettings, BillerSettings, SettingsView, SpectrumAccess

SECRET = "[hidden]"  # noqa: S105  # stands where a secret is


def delivery_view(delivery: Delivery) -> dict[str, Any]:
    payment = delivery.payment
    told = {
        "biller": payment.biller,
        "payment_guid": payment.payment_guid,
        "invoice_number": payment.invoice_number,
        "account_number": payment.account_number,
        "amount": payment.amount,
        "fee": payment.fee,
        "method": payment.method,
        "paid_at": payment.paid_at,
        "state": delivery.state,
        "source": delivery.source,
        "correlation_id": delivery.correlation_id,
        "attempts": delivery.attempts,
        "accepted_at": delivery.accepted_at,
        "next_at": delivery.next_at,
        "sent_at": delivery.sent_at,
        "balance_before": delivery.balance_before,
        "receipt_id": delivery.receipt_id,
        "evidence": delivery.evidence,
        "inferred": delivery.evidence is Evidence.BALANCE,
        "confirmed_at": delivery.confirmed_at,
        "last_error": delivery.last_error,
    }
    return _plain(told)


def event_view(event: DeliveryEvent) -> dict[str, Any]:
    told = {
        "at": event.at,
        "from": event.from_state,
        "to": event.to_state,
        "cause": event.cause,
        "detail": event.detail,
        "attempt": event.attempt,
    }
    return _plain(told)


def story_view(
    delivery: Delivery, events: Iterable[DeliveryEvent], exceptions: Sequence[ExceptionItem]
) -> dict[str, Any]:
    """Tell all of one delivery, with what is open on its invoice and what comes next."""
    return {
        "delivery": delivery_view(delivery),
        "events": [event_view(event) for event in events],
        "exceptions": [exception_view(item) for item in exceptions],
        "next": _plain(asdict(outlook(delivery, exceptions))),
    }


def enrollment_view(enrollment: Enrollment) -> dict[str, Any]:
    change = enrollment.change
    told = {
        "number": enrollment.id,
        "biller": change.biller,
        "event_guid": change.event_guid,
        "account_number": change.account_number,
        "kind": change.kind,
        "enrolled": change.enrolled,
        "changed_at": change.changed_at,
        "source": enrollment.source,
        "state": enrollment.state,
        "attempts": enrollment.attempts,
        "accepted_at": enrollment.accepted_at,
        "next_at": enrollment.next_at,
        "sent_at": enrollment.sent_at,
        "delivered_at": enrollment.delivered_at,
        "last_error": enrollment.last_error,
    }
    return _plain(told)


def enrollment_event_view(event: EnrollmentEvent) -> dict[str, Any]:
    told = {
        "at": event.at,
        "from": event.from_state,
        "to": event.to_state,
        "detail": event.detail,
        "attempt": event.attempt,
    }
    return _plain(told)


def reversal_view(reversal: Reversal) -> dict[str, Any]:
    told = {
        "number": reversal.id,
        **asdict(reversal.ach_return),
        "reversal_id": reversal.ach_return.reversal_id,
        "state": reversal.state,
        "attempts": reversal.attempts,
        "seen_at": reversal.seen_at,
        "next_at": reversal.next_at,
        "sent_at": reversal.sent_at,
        "handed_over_at": reversal.handed_over_at,
        "receipt_id": reversal.receipt_id,
        "reversed_at": reversal.reversed_at,
        "last_error": reversal.last_error,
    }
    return _plain(told)


def settlement_view(settlement: Settlement) -> dict[str, Any]:
    row = settlement.row
    told = {
        **asdict(row),
        "settled_on": row.settled_on.isoformat(),
        "seen_at": settlement.seen_at,
        "matched_at": settlement.matched_at,
    }
    return _plain(told)


def exception_view(item: ExceptionItem) -> dict[str, Any]:
    return _plain(asdict(item))


def upload_view(upload: Upload) -> dict[str, Any]:
    return _plain(asdict(upload))


def watermark_view(watermark: Watermark) -> dict[str, Any]:
    return _plain(asdict(watermark))


def configuration_view(view: SettingsView, in_effect: AdapterSettings) -> dict[str, Any]:
    """Tell every biller's settings and what is wrong with them.

    `adapter` holds what is in effect; of that table only the ops key changes without a restart.
    """
    names = sorted({*view.billers, *view.biller_problems})
    in_effect = replace(in_effect, ops_key=view.adapter.ops_key)
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
    shown = asdict(adapter)
    shown["ops_key"] = SECRET if adapter.ops_key else None
    return shown


def _biller_view(biller: BillerSettings) -> dict[str, Any]:
    return {
        "name": biller.name,
        "time_zone": biller.time_zone,
        "biller_guid": biller.biller_guid,
        "web_service_key": SECRET,
        "invoice_format_guid": biller.invoice_format_guid,
        "door_key": SECRET,
        "rtdr": _access_view(biller.rtdr),
        "payments": _access_view(biller.payments),
        "web_services_url": biller.web_services_url,
        "upload": "base64" if biller.base64_upload else "plain",
        "columns": dict(biller.columns),
        "feed": asdict(biller.feed),
        "reserved_characters": biller.reserved_characters,
        "imt": None if biller.imt is None else {**asdict(biller.imt), "password": SECRET},
        "rest": None if biller.rest is None else {**asdict(biller.rest), "api_key": SECRET},
        "sign_on": None
        if biller.sign_on is None
        else dict.fromkeys(asdict(biller.sign_on), SECRET),
    }


def _access_view(access: SpectrumAccess) -> dict[str, Any]:
    return {
        "base_url": access.base_url,
        "username": access.username,
        "key": SECRET,
        "password": SECRET,
    }


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain_value(value) for name, value in row.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return money_text(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value
