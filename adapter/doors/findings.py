"""Many findings at once: each is judged as a single one is, and none stops the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any

from adapter.clock import Clock
from adapter.domain.money import parse_money
from adapter.domain.redrive import Finding, ManualResolution, judged_by_person
from adapter.domain.work_item import WorkItem
from adapter.doors.cli_items import name_of
from adapter.doors.findings_file import FindingRow, last_sent
from adapter.errors import (
    BadInputError,
    ConfigurationError,
    LedgerError,
    MalformedRowError,
    NotFoundError,
)
from adapter.kinds.base import DeliveryKind
from adapter.ledger import Ledger
from adapter.settings import SettingsView


class Outcome(Enum):
    """What came of a row."""

    RECORDED = "recorded"
    WOULD_BE = "would be recorded"
    REFUSED = "refused"
    NOT_FILLED_IN = "not filled in"
    NOT_TRIED = "not tried"  # the ledger failed before it


@dataclass(frozen=True, kw_only=True)
class RowOutcome:
    """What came of a row; `item` is as it was before, `word` its state from then on."""

    row: FindingRow
    outcome: Outcome
    item: WorkItem[Any] | None = None
    word: str | None = None
    error: BadInputError | None = None
    failure: str = ""


def finding_named(name: str, *, field: str) -> Finding:
    """Return what a word stands for; raises BadInputError for an unknown one."""
    known = {each.value: each for each in Finding}
    if name not in known:
        raise BadInputError(
            field=field,
            value=name[:40],
            rule="it is no finding",
            remedy=f"Known are {', '.join(known)}",
        )
    return known[name]


def settle_seconds_of(settings: SettingsView, biller: str) -> float:
    """Return how long after a request of a biller it may still arrive."""
    seconds = settings.adapter.settle_seconds
    with suppress(ConfigurationError, NotFoundError):
        seconds = max(seconds, settings.biller(biller).guard.settle_seconds)
    return seconds


@dataclass(frozen=True, kw_only=True)
class _Match:
    """What a row may mean, by any of its names, and the one item that all of them fit."""

    row: FindingRow
    about: frozenset[int] = frozenset()
    item: WorkItem[Any] | None = None
    error: BadInputError | None = None


class Findings:
    """Records the rows of a file on items of one kind, or says what each would do."""

    def __init__(
        self,
        ledger: Ledger,
        kind: DeliveryKind[Any],
        settings: SettingsView,
        clock: Clock,
        *,
        by: str,
        dry_run: bool,
    ) -> None:
        self._items = ledger.items(kind.item)
        self._redrive = ledger.redrive(kind.item, kind.redrive_rules)
        self._kind = kind
        self._settings = settings
        self._clock = clock
        self._by = by
        self._dry_run = dry_run

    def outcomes(self, rows: Sequence[FindingRow]) -> Iterator[RowOutcome]:
        """Yield what comes of each row, in the order of the file, as it comes.

        A ledger that fails ends it: what is left is not tried.
        """
        matches = {row.line: self._match(row) for row in rows if row.is_filled_in}
        times = Counter(number for match in matches.values() for number in match.about)
        receipts = Counter(_receipt_of(match) for match in matches.values())
        failure = ""
        for row in rows:
            if not row.is_filled_in:
                yield RowOutcome(row=row, outcome=Outcome.NOT_FILLED_IN)
                continue
            match = matches[row.line]
            if failure:
                yield RowOutcome(row=row, outcome=Outcome.NOT_TRIED, failure=failure)
                continue
            try:
                _require_single(match, matches.values(), times, receipts)
                yield self._recorded(match)
            except (BadInputError, NotFoundError, MalformedRowError) as error:
                yield RowOutcome(
                    row=row, outcome=Outcome.REFUSED, item=match.item, error=_told(error)
                )
            except LedgerError as error:
                failure = str(error)
                yield RowOutcome(row=row, outcome=Outcome.NOT_TRIED, failure=failure)

    def _recorded(self, match: _Match) -> RowOutcome:
        row, item = match.row, match.item
        if row.problem is not None:
            raise row.problem
        if match.error is not None or item is None:
            raise match.error or TypeError("a row without an item has an error")
        self._require_unsent_since(row, item)
        balance = row.cell("balance")
        found = ManualResolution(
            by=self._by,
            finding=finding_named(row.cell("finding"), field="finding"),
            note=row.cell("note"),
            receipt_id=row.cell("receipt") or None,
            balance=parse_money(balance, field="balance") if balance else None,
        )
        now, seconds = self._clock.now(), settle_seconds_of(self._settings, item.biller)
        if self._dry_run:
            rules = self._kind.redrive_rules
            step = judged_by_person(item, found, rules, now=now, settle_seconds=seconds)
            outcome, state, review = Outcome.WOULD_BE, step.to_state, step.review
        else:
            done = self._redrive.resolve(item, found, now=now, settle_seconds=seconds)
            outcome, state, review = Outcome.RECORDED, done.state, done.review
        return RowOutcome(row=row, outcome=outcome, item=item, word=self._kind.word(state, review))

    def _match(self, row: FindingRow) -> _Match:
        """Find what a row means; two names that mean different items mean none."""
        about: set[int] = set()
        fitting: dict[int, WorkItem[Any]] | None = None
        errors: list[BadInputError] = []
        for column in ("number", "guid"):
            name = row.cell(column)
            if not name:
                continue
            try:
                found = self._named(row, column, name)
            except BadInputError as error:
                errors.append(error)
                continue
            about |= found.keys()
            fitting = found if fitting is None else _both(fitting, found)
        if errors:
            return _Match(row=row, about=frozenset(about), error=errors[0])
        return self._one(row, frozenset(about), fitting)

    def _named(self, row: FindingRow, column: str, name: str) -> dict[int, WorkItem[Any]]:
        within = row.cell("invoice") if column == "guid" else None
        try:
            found = self._items.named(name_of(name), within=within or None)
        except MalformedRowError as error:
            raise _told(error) from None
        if not found:
            on = f" on invoice {within}" if within else ""
            raise BadInputError(
                field=column,
                value=name[:60],
                rule=f"there is no such {self._kind.item.name}{on}",
                remedy=f"`adapter {self._kind.command} list --all` shows them",
            )
        return {item.id: item for item in found}

    def _one(
        self, row: FindingRow, about: frozenset[int], fitting: dict[int, WorkItem[Any]] | None
    ) -> _Match:
        if fitting is None:
            rule, remedy = "it names nothing", "Give a number or a GUID"
            error = BadInputError(field="number", value="", rule=rule, remedy=remedy)
            return _Match(row=row, error=error)
        if not fitting:
            error = _mixed(row, "guid", "it is not that of this number and invoice")
            return _Match(row=row, about=about, error=error)
        for column, part in (("invoice", _invoice_of), ("biller", _biller_of)):
            given = row.cell(column)
            fits = {k: item for k, item in fitting.items() if not given or part(item) == given}
            if not fits:
                theirs = ", ".join(sorted({part(item) for item in fitting.values()}))
                error = _mixed(row, column, f"it is {theirs or 'none'} of this one")
                return _Match(row=row, about=about, error=error)
            fitting = fits
        if len(fitting) > 1:
            names = ", ".join(f"{i.id} ({i.reference} of {i.biller})" for i in fitting.values())
            error = BadInputError(
                field="guid",
                value=row.cell("guid") or row.cell("number"),
                rule=f"it names several: {names}",
                remedy="Give one's number, or its invoice, and its biller where needed",
            )
            return _Match(row=row, about=about, error=error)
        return _Match(row=row, about=about, item=next(iter(fitting.values())))

    def _require_unsent_since(self, row: FindingRow, item: WorkItem[Any]) -> None:
        """Refuse what was seen before the last request left: a file may be given again.

        Where a repeat is not harmless, what releases one has to say which request was looked for.
        """
        releases = row.cell("finding") == Finding.NEVER_APPLIED.value
        if "last_sent" not in row.cells and (self._kind.repeat_is_harmless or not releases):
            return
        left = last_sent(item)
        if row.cell("last_sent") != left:
            raise BadInputError(
                field="last_sent",
                value=row.cell("last_sent"),
                rule=f"it is about another request than the last one, which left {left}",
                remedy="Write the file anew with "
                f"`adapter {self._kind.command} findings-template`, and look at the partner again",
            )


def _require_single(
    match: _Match, matches: Any, times: Counter[int], receipts: Counter[Any]
) -> None:
    """Refuse every one of several rows about one item, and one receipt for several."""
    twice = [number for number in sorted(match.about) if times[number] > 1]
    if twice:
        lines = [str(other.row.line) for other in matches if twice[0] in other.about]
        raise BadInputError(
            field="number",
            value=str(twice[0]),
            rule=f"lines {', '.join(lines)} are about the same one, and none of them counts",
            remedy="Leave one row of it",
        )
    receipt = _receipt_of(match)
    if receipt is not None and receipts[receipt] > 1:
        lines = [str(other.row.line) for other in matches if _receipt_of(other) == receipt]
        raise BadInputError(
            field="receipt",
            value=match.row.cell("receipt"),
            rule=f"lines {', '.join(lines)} name the same one, and a receipt is of one payment",
            remedy="Give each the number of its own, whose reference is its GUID",
        )


def _receipt_of(match: _Match) -> tuple[str, str] | None:
    receipt = match.row.cell("receipt")
    if not receipt or match.item is None:
        return None
    return match.item.biller, receipt.casefold().lstrip("0")


def _both(
    first: dict[int, WorkItem[Any]], second: dict[int, WorkItem[Any]]
) -> dict[int, WorkItem[Any]]:
    return {number: item for number, item in first.items() if number in second}


def _invoice_of(item: WorkItem[Any]) -> str:
    return item.reference.partition(":")[2]


def _biller_of(item: WorkItem[Any]) -> str:
    return item.biller


def _mixed(row: FindingRow, column: str, rule: str) -> BadInputError:
    return BadInputError(
        field=column,
        value=row.cell(column)[:60],
        rule=rule,
        remedy="Look whether cells were mixed up, as by sorting some of the columns alone",
    )


def _told(error: BadInputError | NotFoundError | MalformedRowError) -> BadInputError:
    """Return an error as one of a column."""
    if not isinstance(error, BadInputError):
        remedy = "See `adapter exceptions list`"
        return BadInputError(field="number", value="", rule=str(error), remedy=remedy)
    if error.field != "as":
        return error
    return BadInputError(field="finding", value=error.value, rule=error.rule, remedy=error.remedy)
