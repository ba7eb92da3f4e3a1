"""Items that a setting holds up: a wrong one, or posting that is switched off; no try is used."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from adapter.context import JobContext
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import State, WorkItem
from adapter.errors import ConfigurationError
from adapter.kinds.base import DeliveryKind, PutOff
from adapter.ports import BillerPorts

# An item that a wrong setting stops is looked at again at least this often.
WAIT_MAX = timedelta(hours=1)
# One that a wrong setting has stopped for so long is reviewed too; it is tried still.
PATIENCE = timedelta(days=1)
# While posting is switched off for a biller, the switch is looked at so often.
SWITCH_WAIT = timedelta(minutes=5)
SWITCHED_OFF = "posting is switched off for this biller"


def waits_for(error: ConfigurationError) -> str:
    return f"waits for a setting: {error}"


class SettingStops:
    """What follows for the items of one kind."""

    def __init__(self, kind: DeliveryKind[Any], work: JobContext) -> None:
        self._kind = kind
        self._work = work

    def switched_off(self, ports: BillerPorts) -> PutOff | None:
        """Return how what posts waits while its biller's posting is switched off."""
        if ports.posting or not self._kind.posts:
            return None
        return PutOff(reason=SWITCHED_OFF, until=self._work.clock.now() + SWITCH_WAIT)

    def wait(self, item: WorkItem[Any], error: ConfigurationError) -> PutOff:
        until = self._work.clock.now() + self.wait_of(item)
        return PutOff(reason=waits_for(error), until=until)

    def wait_of(self, item: WorkItem[Any]) -> timedelta:
        """Wait longer, the longer an item has waited: the others get their turn in between."""
        least = timedelta(seconds=self._work.rules.retry.configuration_delay_seconds)
        return min(max(least, (self._work.clock.now() - item.accepted_at) / 2), WAIT_MAX)

    def review(self, item: WorkItem[Any], error: ConfigurationError) -> None:
        """Have a person look once a setting has stopped an item for a day.

        The review item names no payment: it must not hold back what the setting stops.
        """
        now = self._work.clock.now()
        if now - item.accepted_at < PATIENCE:
            return
        self._work.ledger.exceptions.open(
            item.biller,
            ExceptionKind.SETTING_OVERDUE,
            f"{item.kind} {item.reference}, accepted {item.accepted_at:%Y-%m-%dT%H:%M:%SZ}, "
            f"{waits_for(error)}",
            now=now,
            invoice_number=self._kind.item.subject(item.reference).get("invoice_number"),
            reference=item.reference,
            again=True,
        )

    def close_review(self, item: WorkItem[Any]) -> None:
        """Close what was asked about a setting, unless nothing has come of the try."""
        now = self._work.clock.now()
        is_old = now - item.accepted_at >= PATIENCE
        if is_old and item.state not in {State.RETRYING, State.WAITING}:
            self._work.ledger.exceptions.settle_references(
                item.biller,
                ExceptionKind.SETTING_OVERDUE,
                [item.reference],
                now=now,
                resolution="the setting is right by now",
            )
