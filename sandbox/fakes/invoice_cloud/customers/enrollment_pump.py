"""The enrolment data pump: tells the connector each change of an account's enrolment (B2, B3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sandbox.fakes.invoice_cloud import pump
from sandbox.fakes.invoice_cloud.connector import ConnectorAnswer, call_connector
from sandbox.fakes.invoice_cloud.customers.book import (
    CustomersBook,
    EnrollmentChanged,
    EnrollmentKind,
    EnrollmentPumped,
    PumpedChange,
)
from sandbox.fakes.invoice_cloud.direct import change_setting
from sandbox.world.billers import next_guid
from sandbox.world.world import World

LABEL = "enrollment_pump"
OPERATION = "EnrollmentPump"
# No two changes of one setting bear the same moment, or nobody could tell which came last.
TICK = timedelta(milliseconds=1)
# What the connector is told of, at which of its doors, and in which field.
DOORS = {
    EnrollmentKind.PAPERLESS: ("paperless", "Paperless"),
    EnrollmentKind.AUTOPAY: ("autopay", "AutoPay"),
}


def tell_if_changed(world: World, biller: str, account_number: str, kind: EnrollmentKind) -> None:
    """Have the pump tell an account's enrolment, where it differs from what was told last."""
    if kind not in DOORS:
        return
    book = world.book(CustomersBook)
    with book.locked():
        enrolled = bool(book.standing(biller, account_number, kind))
        told = [
            pumped
            for pumped in book.changes.values()
            if (pumped.change.biller, pumped.change.account_number, pumped.change.kind)
            == (biller, account_number, kind)
        ]
        if enrolled == (told[-1].change.enrolled if told else False):
            return
        now = world.clock.now()
        change = EnrollmentChanged(
            event_guid=next_guid(world.chance(f"enrollment:{len(book.changes)}")),
            biller=biller,
            account_number=account_number,
            kind=kind,
            enrolled=enrolled,
        )
        book.record(change, at=max(now, told[-1].changed_at + TICK) if told else now)
    pump.schedule(world, EnrollmentDelivery(world, change.event_guid, biller))


@dataclass(frozen=True)
class EnrollmentDelivery:
    """One change on its way to the connector."""

    world: World
    event_guid: str
    biller: str
    label: str = LABEL

    def attempt(self, attempt: int) -> tuple[bool, str]:
        pumped = self.world.book(CustomersBook).changes[self.event_guid]
        change = pumped.change
        notice = _notice(self.world, pumped)
        facts = {"biller": self.biller, "account_number": change.account_number}
        with self.world.journal.call(
            **pump.target_of(self.world, self.biller, "imt"),
            operation=DOORS[change.kind][1],
            request=notice,
            **facts,
        ) as entry:

            def send() -> ConnectorAnswer:
                return self._send(change, notice)

            taken, outcome = pump.call(
                self.world, entry, OPERATION, send, facts=facts, attempt=attempt
            )
            if taken:
                state = "on" if change.enrolled else "off"
                entry.outcome = f"policy {change.account_number}, {state}: {outcome}"
            return taken, outcome

    def note_attempt(self, attempt: int, outcome: str) -> None:
        self._note("retrying", outcome, attempt)

    def note_delivered(self) -> None:
        self._note("delivered", "taken over")

    def note_gave_up(self, reason: str) -> None:
        self._note("failed", reason)
        self.world.journal.event(
            target="invoice_cloud", operation=OPERATION, outcome=reason, biller=self.biller
        )

    def _note(self, state: str, outcome: str, attempt: int | None = None) -> None:
        book = self.world.book(CustomersBook)
        attempts = attempt or book.changes[self.event_guid].attempts
        book.record(
            EnrollmentPumped(
                event_guid=self.event_guid, attempt=attempts, state=state, outcome=outcome
            )
        )

    def _send(self, change: EnrollmentChanged, notice: dict[str, Any]) -> ConnectorAnswer:
        connector = self.world.connectors[self.biller]
        door, _ = DOORS[change.kind]
        if not connector.direct:
            return call_connector(connector, "POST", f"/billers/{self.biller}/{door}", body=notice)
        biller, number = self.world.biller(self.biller), change.account_number
        if change.kind is EnrollmentKind.PAPERLESS:
            attributes: dict[str, Any] = {"paperless": change.enrolled}
            return change_setting(self.world, biller, number, "POST", attributes)
        attributes = {"bill_mode": "autopay" if change.enrolled else "direct"}
        return change_setting(self.world, biller, number, "PATCH", attributes)


def _notice(world: World, pumped: PumpedChange) -> dict[str, Any]:
    """Write a change in the words of the adapter's doors (decision 0020)."""
    change = pumped.change
    return {
        "BillerGUID": world.biller(change.biller).biller_guid,
        "EventGUID": change.event_guid,
        "AccountNumber": change.account_number,
        DOORS[change.kind][1]: change.enrolled,
        "ChangeDate": f"{pumped.changed_at:%Y-%m-%dT%H:%M:%S.%fZ}",
    }
