"""The adapter's ledger as its read-only ops door shows it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sandbox.world.world import World

Row = dict[str, Any]
PAGE = 500
TIMEOUT_SECONDS = 10.0
# Ledger events that a reader of the timeline cares for: where the answer alone did not decide.
TELLING_STATES = frozenset({"in_doubt", "applied", "pending", "not_applied", "failed", "dead"})


@dataclass(frozen=True, kw_only=True)
class Report:
    """A text that somebody could read, and that must hold no secret."""

    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Every row of the ops doors of a world; `unreachable` names doors that did not answer."""

    deliveries: tuple[Row, ...]
    exceptions: tuple[Row, ...]
    uploads: tuple[Row, ...]
    unreachable: tuple[str, ...]
    reports: tuple[Report, ...]


@dataclass(frozen=True, kw_only=True)
class LedgerEvent:
    """One event of one delivery; `at` is ISO, UTC."""

    key: tuple[str, int]
    at: str
    invoice_number: str
    state: str
    detail: str

    @property
    def is_telling(self) -> bool:
        return self.state in TELLING_STATES


class LedgerView:
    """Reads the ops door of every adapter that a world's connectors point at."""

    def __init__(self, world: World) -> None:
        self._urls = sorted({c.url for c in world.connectors.values() if c.url})

    def read(self) -> Ledger:
        rows: dict[str, list[Row]] = {"deliveries": [], "exceptions": [], "uploads": []}
        unreachable: list[str] = []
        for url in self._urls:
            try:
                found = {kind: self._rows(url, kind) for kind in rows}
            except OSError as error:
                unreachable.append(f"{url}: {error}")
                continue
            for kind, more in found.items():
                rows[kind] += more
        reports = (
            Report(name=f"the ops door's {kind}", text=json.dumps(found))
            for kind, found in rows.items()
        )
        return Ledger(
            deliveries=tuple(rows["deliveries"]),
            exceptions=tuple(rows["exceptions"]),
            uploads=tuple(rows["uploads"]),
            unreachable=tuple(unreachable),
            reports=tuple(reports),
        )

    def events(self) -> list[LedgerEvent]:
        """Return every event of every delivery, each delivery's in order."""
        return [
            LedgerEvent(
                key=(f"{row['biller']}/{row['payment_guid']}/{row['invoice_number']}", position),
                at=event["at"],
                invoice_number=row["invoice_number"],
                state=event["to"],
                detail=event["detail"],
            )
            for url in self._urls
            for row in self._rows(url, "deliveries")
            for position, event in enumerate(self._delivery(url, row)["events"])
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

    def _delivery(self, url: str, row: Row) -> Any:
        path = f"{row['biller']}/{row['payment_guid']}/{row['invoice_number']}"
        return _get(f"{url}/ops/deliveries/{path}", {})


def _get(url: str, query: dict[str, str]) -> Any:
    """Return a JSON answer; whatever goes wrong is an OSError, as for any unreachable file."""
    import httpx

    wanted = {name: value for name, value in query.items() if value}
    try:
        answer = httpx.get(url, params=wanted, timeout=TIMEOUT_SECONDS, trust_env=False)
        answer.raise_for_status()
        return answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise OSError(f"the ops door did not answer: {error}") from error
