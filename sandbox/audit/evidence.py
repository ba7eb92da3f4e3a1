"""What the auditor judges by: plain rows from every book and from the adapter's ops door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property

from sandbox.audit import readings
from sandbox.audit.ledger_view import Ledger, LedgerView, Report, Row
from sandbox.audit.rows import (
    BatchEntryRow,
    BilledRow,
    EnrollmentRow,
    FileRow,
    PaymentRow,
    ReceiptRow,
    RejectRow,
    ReversalRow,
    UnpaidRow,
)
from sandbox.fakes.imt.book import ImtBook, PolicySettings
from sandbox.fakes.invoice_cloud.book import InvoiceCloudBook
from sandbox.fakes.invoice_cloud.customers.book import CustomersBook
from sandbox.fakes.invoice_cloud.processor.book import ProcessorBook
from sandbox.fakes.spectrum.book import SpectrumBook
from sandbox.world.world import World

# The payment poll runs every two hours (C2), and reaches every payment made before it.
PAYMENT_POLL = timedelta(hours=2, minutes=15)
# Rejects and the change log are polled every three hours (C3, C5).
THREE_HOUR_POLL = timedelta(hours=3, minutes=30)
A_MINUTE = timedelta(minutes=1)
# How often books and ledger are read, at most, for a moment at which they stand still.
READINGS_MAX = 3
# Settled batches are polled every four hours (C4).
SETTLEMENT_POLL = timedelta(hours=4, minutes=30)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything at one moment. `reports` are texts that must be free of secrets, as the journal.

    `changes` are all enrolments in order, `chosen` what stands at Invoice Cloud now. `readable`
    names the billers whose adapter told its ledger.
    """

    world: World
    now: datetime
    at_rest: bool
    receipts: tuple[ReceiptRow, ...]
    taken_back: tuple[ReversalRow, ...]
    payments: tuple[PaymentRow, ...]
    files: tuple[FileRow, ...]
    billed: tuple[BilledRow, ...]
    rejects: tuple[RejectRow, ...]
    batch_entries: tuple[BatchEntryRow, ...]
    unpaid: tuple[UnpaidRow, ...]
    changes: tuple[EnrollmentRow, ...]
    chosen: frozenset[tuple[str, str, str]]
    settings: Mapping[tuple[str, str], PolicySettings]
    deliveries: tuple[Row, ...]
    exceptions: tuple[Row, ...]
    uploads: tuple[Row, ...]
    reversals: tuple[Row, ...]
    settlements: tuple[Row, ...]
    pushes: tuple[Row, ...]
    alarms: tuple[Row, ...]
    readable: frozenset[str]
    unreachable: tuple[str, ...]
    reports: tuple[Report, ...]

    def is_young(self, made_at: datetime) -> bool:
        """Tell whether the next payment poll after this payment is still to come."""
        return self.now - made_at < PAYMENT_POLL

    def is_fresh(self, moment: datetime) -> bool:
        """Tell whether the next poll of rejects and of the change log is still to come."""
        return self.now - moment < THREE_HOUR_POLL

    def is_unread(self, settled_at: datetime) -> bool:
        """Tell whether the next poll of settled batches is still to come."""
        return self.now - settled_at < SETTLEMENT_POLL

    def has_settled(self, moment: datetime) -> bool:
        """Tell whether a book and the ledger had the time to learn of the same thing."""
        return self.at_rest or self.now - moment > A_MINUTE

    def goes_on(self, row: Row) -> bool:
        """Tell whether somebody will still look at a row of the ledger: at rest, only later."""
        waits = row["next_at"] and datetime.fromisoformat(row["next_at"]) > self.now
        return bool(waits) or not self.at_rest

    @property
    def enrollments(self) -> tuple[EnrollmentRow, ...]:
        """The last change of each account's enrolment of each kind."""
        return tuple({change.setting: change for change in self.changes}.values())

    @cached_property
    def allowances(self) -> Mapping[tuple[str, str, str], Decimal]:
        """The money under way, in dollars, by biller, file and invoice that was billed less it."""
        return {
            (row["biller"], row["reference"], number): Decimal(amount)
            for row in self.uploads
            for number, amount in row.get("allowed_for", {}).items()
        }

    @cached_property
    def last_billed_in(self) -> Mapping[tuple[str, str], str]:
        """The reference of the last file that billed each biller's invoice."""
        return {
            (file.biller, line.invoice_number): file.reference
            for file in self.files
            for line in file.lines
        }

    @property
    def open_items(self) -> tuple[Row, ...]:
        """The review items that a person has not resolved."""
        return tuple(row for row in self.exceptions if not row["resolved_at"])


def gather(world: World, told: Ledger | None = None) -> Evidence:
    """Read every book as it stands now, and the adapter's ledger unless it was `told` already.

    Both are read again while something happens between them; a world that never rests is judged
    as one that does not.
    """
    if told is not None:
        return _read(world, told)
    for _ in range(READINGS_MAX):
        position = world.journal.position
        evidence = _read(world, LedgerView(world).read())
        if world.journal.position == position:
            return evidence
    return replace(evidence, at_rest=False)


def _read(world: World, ledger: Ledger) -> Evidence:
    now = world.clock.now()
    pending = world.clock.pending()
    spectrum, processor = world.book(SpectrumBook), world.book(ProcessorBook)
    invoice_cloud, customers = world.book(InvoiceCloudBook), world.book(CustomersBook)
    return Evidence(
        world=world,
        now=now,
        at_rest=not world.journal.open_calls and not (pending and pending[0].at <= now),
        receipts=readings.receipts(spectrum),
        taken_back=readings.reversals(spectrum),
        payments=readings.payments(invoice_cloud),
        files=readings.files(invoice_cloud),
        billed=readings.billed(invoice_cloud),
        rejects=readings.rejects(processor),
        batch_entries=readings.batch_entries(processor),
        unpaid=readings.unpaid(processor),
        changes=readings.changes(customers),
        chosen=readings.chosen(customers),
        settings=dict(world.book(ImtBook).settings),
        deliveries=ledger.deliveries,
        exceptions=ledger.exceptions,
        uploads=ledger.uploads,
        reversals=ledger.reversals,
        settlements=ledger.settlements,
        pushes=ledger.enrollments,
        alarms=ledger.alarms,
        readable=ledger.readable,
        unreachable=ledger.unreachable,
        reports=tuple(
            Report(name=f"the ops door's {name}", text=text) for name, text in ledger.texts()
        ),
    )
