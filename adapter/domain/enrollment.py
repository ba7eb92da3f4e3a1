"""Paperless and AutoPay enrolments: what Invoice Cloud tells, and which telling counts (C5).

The newest Invoice Cloud time wins, whoever told it and in whatever order it came. All is pure:
moments are handed in, and what follows is handed back.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from adapter.clock import require_aware
from adapter.domain.work_item import Source
from adapter.errors import BadInputError

# Names the changes that the customer reports tell, which have no GUID of Invoice Cloud's own.
_REPORTED = uuid.UUID("6d0b6a57-0a0e-4f7c-9c0f-3c8f1c1f5b0e")
_MICROSECOND = timedelta(microseconds=1)


class EnrollmentKind(Enum):
    """Which of an account's two settings at IMT an enrolment changes."""

    PAPERLESS = "paperless"  # B2: paperless true or false
    AUTOPAY = "autopay"  # B3: bill_mode autopay or direct


@dataclass(frozen=True, kw_only=True)
class EnrollmentChange:
    """An account enrolled or un-enrolled at `changed_at`, by Invoice Cloud's time in UTC."""

    biller: str
    event_guid: str
    account_number: str
    kind: EnrollmentKind
    enrolled: bool
    changed_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "changed_at", require_aware(self.changed_at, "changed_at"))
        object.__setattr__(self, "event_guid", _canonical(self.event_guid))

    @property
    def lane(self) -> str:
        """Name the setting of the account: its changes go to IMT one at a time."""
        return f"setting:{self.kind.value}:{self.account_number}"

    @property
    def rank(self) -> str:
        """Order the changes of one setting; of two at one moment, always the same one wins."""
        moment = self.changed_at.astimezone(UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z {self.event_guid}"

    @property
    def description(self) -> str:
        """Say what is set, for a person."""
        switch = "on" if self.enrolled else "off"
        return f"{self.kind.value} {switch} for account {self.account_number}"

    def fingerprint(self) -> str:
        """Identify the content: the same event GUID with another one is a conflict."""
        content = (
            self.account_number,
            self.kind.value,
            str(self.enrolled),
            self.changed_at.isoformat(),
        )
        return hashlib.sha256("\x1f".join(content).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class EnrolledAccount:
    """A row of a customer report: this account is enrolled since then (UTC)."""

    account_number: str
    since: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "since", require_aware(self.since, "since"))


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Who was enrolled when a poll began (UTC), by account number.

    One that `is_whole` tells of everybody: whoever is missing in it is not enrolled.
    """

    taken_at: datetime
    since: Mapping[str, datetime]
    is_whole: bool = True


@dataclass(frozen=True, kw_only=True)
class Known:
    """The newest change of one setting that the ledger has, and who told it."""

    change: EnrollmentChange
    source: Source


def changes_told_by(
    snapshot: Snapshot,
    *,
    biller: str,
    kind: EnrollmentKind,
    kept: Iterable[str],
    known: Mapping[str, Known],
    overlap: timedelta,
) -> tuple[EnrollmentChange, ...]:
    """Return what IMT was not told, and a snapshot tells.

    `kept` are the accounts of the snapshot before, `known` the newest changes by account number.
    Whoever stands in the snapshot enrolled at that moment; whoever vanished from it un-enrolled
    when this poll began. Both count only when they are newer than what is known and differ from
    it. An enrolment that no snapshot has shown yet is contradicted once it is older than
    `overlap`: Invoice Cloud's report may lag behind its pump.
    """
    before = frozenset(kept)
    told: list[tuple[str, bool, datetime]] = []
    for account, since in snapshot.since.items():
        at = _enrolled_at(min(since, snapshot.taken_at), account in before, known.get(account))
        if at is not None:
            told.append((account, True, at))
    if snapshot.is_whole:
        for account in sorted(known.keys() - snapshot.since.keys()):
            newest = known[account].change
            settled = newest.changed_at < snapshot.taken_at - overlap
            is_older = newest.changed_at < snapshot.taken_at
            if newest.enrolled and is_older and (settled or account in before):
                told.append((account, False, snapshot.taken_at))
    return tuple(
        reported_change(biller, kind, account, enrolled=enrolled, changed_at=at)
        for account, enrolled, at in told
    )


def reported_change(
    biller: str, kind: EnrollmentKind, account_number: str, *, enrolled: bool, changed_at: datetime
) -> EnrollmentChange:
    """Return a change that a report told; the same telling has the same GUID, however often."""
    moment = require_aware(changed_at, "changed_at").isoformat()
    name = "\x1f".join((biller, kind.value, account_number, str(enrolled), moment))
    return EnrollmentChange(
        biller=biller,
        event_guid=str(uuid.uuid5(_REPORTED, name)),
        account_number=account_number,
        kind=kind,
        enrolled=enrolled,
        changed_at=changed_at,
    )


def _enrolled_at(since: datetime, was_there: bool, known: Known | None) -> datetime | None:  # noqa: FBT001  # a fact, not a switch
    """Return when an account of the snapshot enrolled, if that is news.

    An account that came back into the reports enrolled after the report that lacked it: what
    was inferred from that one is older, though our clock may run ahead of Invoice Cloud's.
    """
    if known is None:
        return since
    newest = known.change
    if newest.enrolled:
        return None
    if since > newest.changed_at:
        return since
    inferred = known.source is Source.CUSTOMER_REPORT
    return newest.changed_at + _MICROSECOND if inferred and not was_there else None


def _canonical(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise BadInputError(
            field="EventGUID",
            value=text[:60],
            rule="it must be a GUID",
            remedy="Send the GUID that Invoice Cloud gave the event",
        ) from None
