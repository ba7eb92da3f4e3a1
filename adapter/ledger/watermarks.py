"""High-water marks: up to where a biller's poll or extract has come (C6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from adapter.ledger.schema import watermarks
from adapter.ledger.store import Store


@dataclass(frozen=True, kw_only=True)
class Watermark:
    """A mark, as ISO text or as a partner's own cursor, and when it was moved (UTC)."""

    biller: str
    job: str
    mark: str
    moved_at: datetime


class WatermarkBook:
    """Keeps one mark for each biller and job."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, biller: str, job: str) -> str | None:
        with self._store.reading() as connection:
            return connection.execute(
                select(watermarks.c.mark).where(
                    watermarks.c.biller == biller, watermarks.c.job == job
                )
            ).scalar_one_or_none()

    def move(self, biller: str, job: str, mark: str, *, now: datetime) -> None:
        with self._store.writing(biller) as connection:
            move_mark(connection, biller, job, mark, now)

    def all(self) -> tuple[Watermark, ...]:
        ordered = select(watermarks).order_by(watermarks.c.biller, watermarks.c.job)
        with self._store.reading() as connection:
            rows = connection.execute(ordered).mappings()
            return tuple(Watermark(**row) for row in rows)


def move_mark(connection: Connection, biller: str, job: str, mark: str, now: datetime) -> None:
    moved = connection.execute(
        update(watermarks)
        .where(watermarks.c.biller == biller, watermarks.c.job == job)
        .values(mark=mark, moved_at=now)
    )
    if moved.rowcount == 0:
        connection.execute(
            insert(watermarks).values(biller=biller, job=job, mark=mark, moved_at=now)
        )
