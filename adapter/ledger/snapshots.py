"""Who stood in the last whole customer report of a biller, kept for the comparison (C5, C6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from adapter.domain.enrollment import EnrollmentChange, EnrollmentKind, Snapshot
from adapter.domain.work_item import Source
from adapter.ledger.item_kind import ItemKind
from adapter.ledger.items import accept_payload, parts_of
from adapter.ledger.schema import enrolled_accounts
from adapter.ledger.store import Store
from adapter.ledger.watermarks import move_mark


class SnapshotBook:
    """Keeps one snapshot for each biller and kind."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def kept(self, biller: str, kind: EnrollmentKind) -> frozenset[str]:
        """Return the account numbers of the last whole snapshot."""
        with self._store.reading() as connection:
            return frozenset(_kept(connection, biller, kind))

    def accept(
        self,
        item_kind: ItemKind[EnrollmentChange],
        biller: str,
        kind: EnrollmentKind,
        snapshot: Snapshot,
        changes: Iterable[EnrollmentChange],
        *,
        mark: str,
        now: datetime,
    ) -> int:
        """Accept what a snapshot tells, keep it and move the mark, all in one transaction.

        A snapshot that is not whole is not kept, and moves no mark. Returns how many changes
        are new.
        """
        source = Source.CUSTOMER_REPORT
        with self._store.writing(biller) as connection:
            accepted = [
                accept_payload(connection, item_kind, change, source=source, now=now)
                for change in changes
            ]
            if snapshot.is_whole:
                _replace(connection, biller, kind, snapshot)
                move_mark(connection, biller, mark, snapshot.taken_at.isoformat(), now)
        return sum(not one.repeated for one in accepted)


def _kept(connection: Connection, biller: str, kind: EnrollmentKind) -> dict[str, datetime]:
    chosen = select(enrolled_accounts.c.account_number, enrolled_accounts.c.since).where(
        enrolled_accounts.c.biller == biller, enrolled_accounts.c.kind == kind
    )
    return {row.account_number: row.since for row in connection.execute(chosen)}


def _replace(
    connection: Connection, biller: str, kind: EnrollmentKind, snapshot: Snapshot
) -> None:
    """Write what differs from the snapshot before; of most carriers that is little."""
    kept = _kept(connection, biller, kind)
    told = snapshot.since
    gone = [account for account, since in kept.items() if told.get(account) != since]
    for part in parts_of(gone):
        connection.execute(
            delete(enrolled_accounts).where(
                enrolled_accounts.c.biller == biller,
                enrolled_accounts.c.kind == kind,
                enrolled_accounts.c.account_number.in_(part),
            )
        )
    news = [account for account, since in told.items() if kept.get(account) != since]
    for part in parts_of(news):
        connection.execute(
            insert(enrolled_accounts),
            [
                {"biller": biller, "kind": kind, "account_number": account, "since": told[account]}
                for account in part
            ],
        )
