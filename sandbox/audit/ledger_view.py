"""The adapter's ledger as its read-only ops door shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.fakes.outgoing import outgoing
from sandbox.world.world import World

Row = dict[str, Any]
# What the ops door lists, page by page.
KINDS = ("deliveries", "exceptions", "uploads", "reversals", "settlements", "enrollments")
PAGE = 500
TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Report:
    """A text that somebody could read, and that must hold no secret."""

    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Every row of the ops doors of a world, and the alarms that are raised.

    `readable` names the billers whose door answered, `unreachable` the doors that did not.
    """

    deliveries: tuple[Row, ...]
    exceptions: tuple[Row, ...]
    uploads: tuple[Row, ...]
    reversals: tuple[Row, ...]
    settlements: tuple[Row, ...]
    enrollments: tuple[Row, ...]
    alarms: tuple[Row, ...]
    readable: frozenset[str]
    unreachable: tuple[str, ...]

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield every table's name and what it says."""
        for name in (*KINDS, "alarms"):
            yield name, json.dumps(getattr(self, name))


@dataclass(frozen=True, kw_only=True)
class LedgerEvent:
    """One step of one delivery, or its confirmation; `at` is ISO, UTC."""

    key: tuple[str, str]
    at: str
    source: str
    invoice_number: str
    step: str
    detail: str


class LedgerView:
    """Reads the ops door of every adapter that a world's connectors point at."""

    def __init__(self, world: World) -> None:
        self._billers = {
            slug: connector.url
            for slug, connector in world.connectors.items()
            if connector.url and not connector.direct
        }
        self._urls = sorted({c.url for c in world.connectors.values() if c.url})

    def read(self) -> Ledger:
        rows: dict[str, list[Row]] = {kind: [] for kind in (*KINDS, "alarms")}
        answered: list[str] = []
        unreachable: list[str] = []
        for url in self._urls:
            try:
                found = {kind: self._rows(url, kind) for kind in KINDS}
                found["alarms"] = _get(f"{url}/ops/alarms", {})["alarms"]
            except OSError as error:
                unreachable.append(f"{url}: {error}")
                continue
            for kind, more in found.items():
                rows[kind] += _unseen(more, rows[kind])
            answered.append(url)
        told = {kind: tuple(found) for kind, found in rows.items()}
        readable = frozenset(slug for slug, url in self._billers.items() if url in answered)
        return Ledger(**told, readable=readable, unreachable=tuple(unreachable))

    def events(self) -> list[LedgerEvent]:
        """Return every event of every delivery, each delivery's in order."""
        return [
            event
            for url in self._urls
            for row in self._rows(url, "deliveries")
            for event in _events(row, _get(f"{url}/ops/deliveries/{_path(row)}", {}))
        ]

    def _rows(self, url: str, kind: str) -> list[Row]:
        rows: list[Row] = []
        after = ""
        while True:
            page = _get(f"{url}/ops/{kind}", {"limit": str(PAGE), "after": after})
            rows += page[kind]
            if not page.get("next"):
                return rows
            after = str(page["next"])


def _unseen(more: list[Row], rows: list[Row]) -> list[Row]:
    """Return what was not read yet: two doors may lead to one ledger."""
    seen = {json.dumps(row, sort_keys=True) for row in rows}
    return [row for row in more if not seen or json.dumps(row, sort_keys=True) not in seen]


def _path(row: Row) -> str:
    return f"{row['biller']}/{row['payment_guid']}/{row['invoice_number']}"


def _events(row: Row, story: Row) -> Iterator[LedgerEvent]:
    told = [(str(n), e["at"], e["to"], e["detail"]) for n, e in enumerate(story["events"])]
    if row["confirmed_at"]:
        words = "Invoice Cloud's report has it, with the same figures"
        told.append(("confirmed", row["confirmed_at"], "confirmed", words))
    for position, at, step, detail in told:
        yield LedgerEvent(
            key=(_path(row), position),
            at=at,
            source=row["source"],
            invoice_number=row["invoice_number"],
            step=step,
            detail=detail,
        )


def _get(url: str, query: dict[str, str]) -> Any:
    """Return a JSON answer; whatever goes wrong is an OSError, as for any unreachable file."""
    import httpx

    wanted = {name: value for name, value in query.items() if value}
    try:
        answer = outgoing("auditor", TIMEOUT_SECONDS).get(url, params=wanted)
        answer.raise_for_status()
        return answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise OSError(f"the ops door did not answer: {error}") from error
