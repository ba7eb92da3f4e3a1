"""What needs a person: the kinds of exceptions, and one row of their list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum

from adapter.domain.due_dates import is_critical

OWNER_LENGTH_MAX = 100


class ExceptionKind(Enum):
    """Why a person has to look."""

    NOT_APPLIED = "not_applied"  # outcome (c): Spectrum said okay and applied nothing
    DEAD = "dead"  # refused, or every try used up: surely not applied
    EVIDENCE_UNCLEAR = "evidence_unclear"  # in doubt, and the evidence says neither yes nor no
    PAID_BEFORE_BEGINNING = "paid_before_beginning"  # made before this ledger was to post
    EVIDENCE_OVERDUE = "evidence_overdue"  # in doubt or pending for too long; looked at still
    ROW_UNREADABLE = "row_unreadable"  # its row of the ledger was changed by somebody else
    SETTING_OVERDUE = "setting_overdue"  # a wrong setting has stopped a payment for a day
    MISMATCH = "mismatch"  # Invoice Cloud's report and the ledger disagree
    NOT_REPORTED = "not_reported"  # the ledger has it, and Invoice Cloud's report does not
    REPORT_UNREADABLE = "report_unreadable"  # a row of the report breaks a rule
    INVOICE_REFUSED = "invoice_refused"  # no invoice file can carry this invoice
    UPLOAD_REFUSED = "upload_refused"  # Invoice Cloud refused an invoice file
    REJECT_UNKNOWN = "reject_unknown"  # a returned payment that is not known here
    REJECT_UNAPPLIED = "reject_unapplied"  # a returned payment that was never applied
    REJECT_MISMATCH = "reject_mismatch"  # the reject and the ledger disagree
    REJECT_REPEATED = "reject_repeated"  # a payment that came back before, by another reject
    REJECT_CODE = "reject_code"  # a code by which no receipt is reversed
    REVERSAL_FAILED = "reversal_failed"  # every try used up: the receipt stands in Spectrum
    REVERSAL_REFUSED = "reversal_refused"  # Spectrum refused to take a receipt back
    BATCH_TOTAL = "batch_total"  # a settled batch does not add up
    SETTLED_UNKNOWN = "settled_unknown"  # a batch paid out what is not known here
    SETTLED_OTHERWISE = "settled_otherwise"  # a batch paid out another amount
    SETTLED_TWICE = "settled_twice"  # a payment stands in two batches
    UNSETTLED = "unsettled"  # a payment that no batch has paid out in time
    ENROLLMENT_FAILED = "enrollment_failed"  # every try used up: IMT does not have it
    ENROLLMENT_REFUSED = "enrollment_refused"  # IMT refused an enrolment


@dataclass(frozen=True, kw_only=True)
class ExceptionItem:
    """One line of the exceptions list; times are UTC.

    With a `payment_guid` it concerns a payment and, while open, holds back every later post on
    its invoice (decision 0009). Without one it holds back nothing. `reference` names what else it
    is about, such as an enrolment's event. An `owner` took it on at `assigned_at`. `amount` is the
    payment's or the return's, in dollars, `due_date` the invoice's as billed last, both where the
    ledger knows.
    """

    id: int
    biller: str
    kind: ExceptionKind
    payment_guid: str | None
    invoice_number: str | None
    detail: str
    opened_at: datetime
    resolved_at: datetime | None
    resolution: str
    reference: str | None = None
    owner: str | None = None
    assigned_at: datetime | None = None
    amount: Decimal | None = None
    due_date: date | None = None

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None

    def age(self, now: datetime) -> timedelta:
        """Return for how long it is open, or was; at least no time, whatever a clock did."""
        return max(timedelta(0), (self.resolved_at or now) - self.opened_at)

    def is_critical(self, now: datetime) -> bool:
        """Tell whether its invoice's due date cannot wait for it."""
        return self.is_open and is_critical(self.due_date, now)
