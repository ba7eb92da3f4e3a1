"""Invoice files on their way to Invoice Cloud, and what each invoice was billed as (C1)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.upload import InvoiceFile, Upload, UploadAnswer, UploadState
from adapter.errors import LeaseLostError
from adapter.ledger.exceptions import DETAIL_LENGTH_MAX, settle_exceptions
from adapter.ledger.items import parts_of
from adapter.ledger.schema import allowances, billed_invoices, held_invoices, uploads
from adapter.ledger.store import Store
from adapter.ledger.watermarks import move_mark

_UNSETTLED = (UploadState.SENDING, UploadState.IN_DOUBT)
_DROPPED = ("content", "fingerprints", "rows")
_KEPT = [column for column in uploads.c if column.name not in _DROPPED]


class UploadBook:
    """Keeps each file until its answer is known; every method is one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def newest(self, biller: str) -> int:
        """Return the id of the biller's newest file, 0 before the first."""
        with self._store.reading() as connection:
            return _newest(connection, biller)

    def begin(self, file: InvoiceFile, *, now: datetime, after: int | None = None) -> Upload:
        """Commit a file with its bytes before it leaves; its reference must be a new one.

        `after` is the newest file that the caller knows of: when somebody else began another one
        since, figures older than that one's may not follow it, and LeaseLostError is raised.
        """
        with self._store.writing(file.biller) as connection:
            if after is not None and _newest(connection, file.biller) != after:
                raise LeaseLostError("another run began a file since; what changed is left to it")
            connection.execute(
                insert(uploads).values(
                    biller=file.biller,
                    reference=file.reference,
                    state=UploadState.SENDING,
                    invoice_count=file.invoice_count,
                    total=file.total,
                    as_of=file.as_of,
                    created_at=now,
                    sent_at=now,
                    tries=1,
                    file_name="",
                    file_guid="",
                    message="",
                    content=file.content,
                    fingerprints=json.dumps(dict(file.fingerprints)),
                    rows=json.dumps(dict(file.rows)),
                )
            )
            return _find(connection, file.biller, file.reference)

    def send_again(self, upload: Upload, *, now: datetime) -> tuple[Upload, bytes]:
        """Commit that a file without an answer leaves once more; return the same bytes."""
        with self._store.writing(upload.biller) as connection:
            content = connection.execute(
                select(uploads.c.content).where(uploads.c.id == upload.id)
            ).scalar_one()
            values = {"state": UploadState.SENDING, "sent_at": now, "tries": upload.tries + 1}
            _settle(connection, upload, values)
            return _find(connection, upload.biller, upload.reference), bytes(content)

    def record_accepted(
        self,
        upload: Upload,
        answer: UploadAnswer,
        *,
        now: datetime,
        mark: tuple[str, str] | None = None,
    ) -> None:
        """Note an accepted file: its invoices are billed, and with `mark` (job, cursor) all are.

        One transaction, so that the cursor never passes an invoice that was not billed.
        """
        with self._store.writing(upload.biller) as connection:
            kept = connection.execute(
                select(uploads.c.fingerprints, uploads.c.rows).where(uploads.c.id == upload.id)
            ).one()
            fingerprints: dict[str, str] = json.loads(kept.fingerprints or "{}")
            rows: dict[str, str] = json.loads(kept.rows or "{}")
            _settle(
                connection,
                upload,
                {
                    "state": UploadState.ACCEPTED,
                    "answered_at": now,
                    "file_name": answer.file_name,
                    "file_guid": answer.file_guid,
                    "message": answer.message[:DETAIL_LENGTH_MAX],
                    **dict.fromkeys(_DROPPED),
                },
            )
            _bill(connection, upload, fingerprints, rows)
            _allow(connection, upload, rows)
            settle_exceptions(
                connection,
                upload.biller,
                ExceptionKind.INVOICE_REFUSED,
                now=now,
                resolution=f"sent in {upload.reference}",
                invoice_numbers=set(fingerprints),
            )
            if mark is not None:
                move_mark(connection, upload.biller, *mark, now)

    def record_failed(
        self, upload: Upload, state: UploadState, message: str, *, now: datetime
    ) -> None:
        """Note a file that was refused, that surely failed, or whose answer was lost.

        Only the last of these keeps its bytes: they are sent again.
        """
        values: dict[str, Any] = {"state": state, "message": message[:DETAIL_LENGTH_MAX]}
        if state is not UploadState.IN_DOUBT:
            values |= {"answered_at": now, **dict.fromkeys(_DROPPED)}
        with self._store.writing(upload.biller) as connection:
            _settle(connection, upload, values)

    def unsettled(self, biller: str) -> tuple[Upload, ...]:
        """Return the files without an answer, in the order in which they were made."""
        chosen = select(*_KEPT).where(uploads.c.biller == biller, uploads.c.state.in_(_UNSETTLED))
        with self._store.reading() as connection:
            rows = connection.execute(chosen.order_by(uploads.c.id)).mappings()
            return tuple(_upload_of(row) for row in rows)

    def is_known(self, biller: str, reference: str) -> bool:
        chosen = select(uploads.c.id).where(
            uploads.c.biller == biller, uploads.c.reference == reference
        )
        with self._store.reading() as connection:
            return connection.execute(chosen).first() is not None

    def billed(self, biller: str, invoice_numbers: Iterable[str]) -> Mapping[str, str]:
        """Return the fingerprint that each of these invoices was billed with last."""
        found: dict[str, str] = {}
        with self._store.reading() as connection:
            for part in parts_of(list(invoice_numbers)):
                chosen = select(
                    billed_invoices.c.invoice_number, billed_invoices.c.fingerprint
                ).where(
                    billed_invoices.c.biller == biller, billed_invoices.c.invoice_number.in_(part)
                )
                found.update((number, print_) for number, print_ in connection.execute(chosen))
        return found

    def page(self, *, limit: int, after: int = 0) -> tuple[Upload, ...]:
        """Return at most `limit` uploads with an id beyond `after`, by id."""
        chosen = select(*_KEPT).where(uploads.c.id > after).order_by(uploads.c.id).limit(limit)
        with self._store.reading() as connection:
            rows = connection.execute(chosen).mappings().all()
            allowed = _allowances(connection, [row["id"] for row in rows])
            return tuple(_upload_of(row, allowed[row["id"]]) for row in rows)


def _allowances(connection: Connection, ids: list[int]) -> defaultdict[int, dict[str, Decimal]]:
    chosen = select(allowances).where(allowances.c.upload_id.in_(ids))
    found: defaultdict[int, dict[str, Decimal]] = defaultdict(dict)
    for row in connection.execute(chosen.order_by(allowances.c.invoice_number)):
        found[row.upload_id][row.invoice_number] = row.amount
    return found


def _newest(connection: Connection, biller: str) -> int:
    chosen = select(func.max(uploads.c.id)).where(uploads.c.biller == biller)
    return connection.execute(chosen).scalar() or 0


def _find(connection: Connection, biller: str, reference: str) -> Upload:
    row = connection.execute(
        select(*_KEPT).where(uploads.c.biller == biller, uploads.c.reference == reference)
    ).mappings()
    return _upload_of(row.one())


def _settle(connection: Connection, upload: Upload, values: dict[str, Any]) -> None:
    """Change a file that is still without an answer, and as its holder knows it."""
    changed = connection.execute(
        update(uploads)
        .where(
            uploads.c.id == upload.id,
            uploads.c.state.in_(_UNSETTLED),
            uploads.c.tries == upload.tries,
        )
        .values(**values)
    )
    if changed.rowcount != 1:
        raise LeaseLostError(f"file {upload.reference} waits for no answer of this try any more")


def _bill(
    connection: Connection,
    upload: Upload,
    fingerprints: Mapping[str, str],
    rows: Mapping[str, str],
) -> None:
    for part in parts_of(list(fingerprints)):
        for table in (billed_invoices, held_invoices):
            connection.execute(
                delete(table).where(
                    table.c.biller == upload.biller, table.c.invoice_number.in_(part)
                )
            )
        connection.execute(
            insert(billed_invoices),
            [
                {
                    "biller": upload.biller,
                    "invoice_number": number,
                    "fingerprint": fingerprints[number],
                    "row": rows.get(number),
                    "due_date": _due_date_of(rows.get(number)),
                    "upload_id": upload.id,
                }
                for number in part
            ],
        )


def _due_date_of(row: str | None) -> date | None:
    due_date = json.loads(row or "{}").get("due_date")
    return None if due_date is None else date.fromisoformat(due_date)


def _allow(connection: Connection, upload: Upload, rows: Mapping[str, str]) -> None:
    under_way = {n: Decimal(json.loads(row).get("under_way", "0")) for n, row in rows.items()}
    found = [
        {"upload_id": upload.id, "invoice_number": number, "amount": amount}
        for number, amount in under_way.items()
        if amount
    ]
    if found:
        connection.execute(insert(allowances), found)


def _upload_of(row: RowMapping, allowed_for: Mapping[str, Decimal] | None = None) -> Upload:
    values: dict[str, Any] = dict(row)
    return Upload(**values, allowed_for=allowed_for or {})
