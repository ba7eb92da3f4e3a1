"""Compares two BIFs by what they say: order, dialect and absent empty columns do not matter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from hashlib import blake2b
from itertools import zip_longest
from typing import IO, Any

from adapter.bif.foreign_values import money_of
from adapter.bif.index import IndexedInvoice, index_bif, read_again
from adapter.bif.problems import excerpt
from adapter.bif.reader import read_invoice
from adapter.bif.rows import BifRow, InvoiceGroup
from adapter.bif.table import shapes
from adapter.domain.invoice import BifDialect
from adapter.domain.money import ZERO, money_text
from adapter.errors import BadInputError
from contracts.loader import BifField, bif_fields

# A file's own name and day differ between any two files.
_NAMES_OF_A_FILE = frozenset({3, 4})
DIGEST_BYTES = 16


class Kind(StrEnum):
    """What became of an invoice between two files."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """One value that differs; `difference` is new less old where both are money.

    `record` is the kind of record, numbered where an invoice has several.
    """

    record: str
    file_spec_id: int
    field: str | None
    old: str
    new: str
    difference: Decimal | None

    def render(self) -> str:
        name = " ".join(str(part) for part in (self.file_spec_id, self.field) if part)
        moved = "" if self.difference is None else f" ({signed(self.difference)})"
        return f'{self.record} {name}: "{excerpt(self.old)}" -> "{excerpt(self.new)}"{moved}'

    def as_json(self) -> dict[str, Any]:
        difference = None if self.difference is None else signed(self.difference)
        return {**vars(self), "difference": difference}


@dataclass(frozen=True, kw_only=True)
class InvoiceChange:
    """One invoice that differs; amounts are TotalAmountDue as the files spell it."""

    kind: Kind
    invoice_number: str
    old_row: int | None
    new_row: int | None
    old_amount: str | None
    new_amount: str | None
    fields: tuple[FieldChange, ...] = ()

    def render(self) -> str:
        """Tell it in a line, and each changed value in one below."""
        if self.kind is Kind.ADDED:
            return f"+ invoice {self.invoice_number}: {self.new_amount} (new row {self.new_row})"
        if self.kind is Kind.REMOVED:
            return f"- invoice {self.invoice_number}: {self.old_amount} (old row {self.old_row})"
        where = f"old row {self.old_row}, new row {self.new_row}"
        lines = [f"~ invoice {self.invoice_number} ({where})"]
        return "\n".join([*lines, *(f"    {change.render()}" for change in self.fields)])

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "fields": [change.as_json() for change in self.fields]}


class Comparison:
    """Two files on their way through a comparison; its figures are whole once that ended.

    Memory holds a digest of each invoice of the old file, and one invoice of each.
    """

    def __init__(self, old: IO[bytes], new: IO[bytes]) -> None:
        self._old = old
        self._old_index, self._new_index = index_bif(old), index_bif(new)
        self.header = tuple(_header_changes(self._old_index.header, self._new_index.header))
        self.old_total = self.new_total = ZERO
        self.old_count = self.new_count = 0
        self.counts: Counter[Kind] = Counter()

    @property
    def same(self) -> bool:
        return not self.header and not self.counts

    def changes(self) -> Iterator[InvoiceChange]:
        """Yield what was changed or added in the new file's order, then what was removed."""
        left = self._digests()
        seen: set[str] = set()
        for invoice in self._new_index.invoices:
            if invoice.invoice_number in seen:
                raise _standing_twice(invoice)
            seen.add(invoice.invoice_number)
            self.new_count += 1
            self.new_total += money_of(invoice.amount) or ZERO
            place = left.pop(invoice.invoice_number, None)
            if change := self._change(place, invoice):
                self.counts[change.kind] += 1
                yield change
        for number, place in left.items():
            self.counts[Kind.REMOVED] += 1
            yield self._removed(number, place)

    def summary(self) -> str:
        counts = ", ".join(f"{self.counts[kind]} {kind}" for kind in Kind)
        moved = signed(self.new_total - self.old_total)
        return (
            f"{'same' if self.same else 'different'}: {counts}; "
            f"{self.old_count} -> {self.new_count} invoices, "
            f"total {money_text(self.old_total)} -> {money_text(self.new_total)} ({moved})"
        )

    def as_json(self) -> dict[str, Any]:
        """Tell everything but the changes themselves."""
        return {
            "same": self.same,
            "header": [change.as_json() for change in self.header],
            **{kind.value: self.counts[kind] for kind in Kind},
            "old": {"invoice_count": self.old_count, "total": money_text(self.old_total)},
            "new": {"invoice_count": self.new_count, "total": money_text(self.new_total)},
            "difference": signed(self.new_total - self.old_total),
        }

    def _digests(self) -> dict[str, tuple[int, int, int, bytes]]:
        """Return row, offset, size and digest of each invoice of the old file."""
        found: dict[str, tuple[int, int, int, bytes]] = {}
        for invoice in self._old_index.invoices:
            if invoice.invoice_number in found:
                raise _standing_twice(invoice)
            place = (invoice.row, invoice.offset, invoice.size, _digest(invoice.content))
            found[invoice.invoice_number] = place
            self.old_count += 1
            self.old_total += money_of(invoice.amount) or ZERO
        return found

    def _change(
        self, place: tuple[int, int, int, bytes] | None, invoice: IndexedInvoice
    ) -> InvoiceChange | None:
        number = invoice.invoice_number
        dialect = self._new_index.dialect
        if place is None:
            return InvoiceChange(
                kind=Kind.ADDED,
                invoice_number=number,
                old_row=None,
                new_row=invoice.row,
                old_amount=None,
                new_amount=invoice.amount,
            )
        row, offset, size, digest = place
        if dialect is self._old_index.dialect and digest == _digest(invoice.content):
            return None
        before = self._read_old(offset, size, row)
        after = read_invoice(invoice.content, dialect, row=invoice.row)
        fields = tuple(_group_changes(before, after))
        if not fields:
            return None
        return InvoiceChange(
            kind=Kind.CHANGED,
            invoice_number=number,
            old_row=row,
            new_row=invoice.row,
            old_amount=before.header.values.get(13, ""),
            new_amount=invoice.amount,
            fields=fields,
        )

    def _removed(self, number: str, place: tuple[int, int, int, bytes]) -> InvoiceChange:
        row, offset, size, _ = place
        return InvoiceChange(
            kind=Kind.REMOVED,
            invoice_number=number,
            old_row=row,
            new_row=None,
            old_amount=self._read_old(offset, size, row).header.values.get(13, ""),
            new_amount=None,
        )

    def _read_old(self, offset: int, size: int, row: int) -> InvoiceGroup:
        dialect: BifDialect = self._old_index.dialect
        return read_invoice(read_again(self._old, offset, size), dialect, row=row)


def signed(amount: Decimal) -> str:
    """Write a difference with its sign, 0.00 without."""
    return f"{'-' if amount < 0 else '+' if amount else ''}{money_text(abs(amount))}"


def _digest(content: bytes) -> bytes:
    return blake2b(content.rstrip(b"\n"), digest_size=DIGEST_BYTES).digest()


def _header_changes(old: BifRow, new: BifRow) -> Iterator[FieldChange]:
    changes = _row_changes("FH", old.values, new.values)
    return (change for change in changes if change.file_spec_id not in _NAMES_OF_A_FILE)


def _group_changes(old: InvoiceGroup, new: InvoiceGroup) -> Iterator[FieldChange]:
    yield from _row_changes("IH", old.header.values, new.header.values)
    yield from _row_changes("CR", old.customer.values, new.customer.values)
    before, after = (_details(group.details) for group in (old, new))
    common = Counter(before) & Counter(after)
    gone, come = (_without(details, common) for details in (before, after))
    several = max(len(before), len(after)) > 1
    for place, (was, now) in enumerate(zip_longest(gone, come, fillvalue=()), start=1):
        yield from _row_changes(f"ID {place}" if several else "ID", dict(was), dict(now))


def _details(rows: Sequence[BifRow]) -> list[tuple[tuple[int, str], ...]]:
    return [
        tuple(sorted((i, _canonical(i, v)) for i, v in row.values.items() if v)) for row in rows
    ]


def _without(
    details: list[tuple[tuple[int, str], ...]], common: Counter[tuple[tuple[int, str], ...]]
) -> list[tuple[tuple[int, str], ...]]:
    """Return the details that only one of the files has; their order says nothing."""
    left = common.copy()
    own = []
    for detail in details:
        if left[detail]:
            left[detail] -= 1
        else:
            own.append(detail)
    return own


def _row_changes(
    record: str, old: Mapping[int, str], new: Mapping[int, str]
) -> Iterator[FieldChange]:
    row_type = shapes()[record[:2]].row_type.id
    told = old.keys() | new.keys()
    differing = [i for i in told if old.get(i, "") != new.get(i, "") and i != row_type]
    for file_spec_id in sorted(differing):
        was, now = old.get(file_spec_id, ""), new.get(file_spec_id, "")
        if _canonical(file_spec_id, was) == _canonical(file_spec_id, now):
            continue
        column = _columns().get(file_spec_id)
        yield FieldChange(
            record=record,
            file_spec_id=file_spec_id,
            field=column.name if column else None,
            old=was,
            new=now,
            difference=_difference(column, was, now),
        )


def _difference(column: BifField | None, old: str, new: str) -> Decimal | None:
    if column is None or column.format != "money":
        return None
    before, after = (money_of(text or "0.00") for text in (old, new))
    return None if before is None or after is None else after - before


def _canonical(file_spec_id: int, value: str) -> str:
    """Spell a value so that the same says the same: money with two decimals, GUIDs in one case."""
    column = _columns().get(file_spec_id)
    if column is None or not value:
        return value
    if column.format == "money" and (amount := money_of(value)) is not None:
        return str(amount)
    return value.lower() if column.format == "guid" else value


@cache
def _columns() -> dict[int, BifField]:
    return {column.id: column for column in bif_fields()}


def _standing_twice(invoice: IndexedInvoice) -> BadInputError:
    return BadInputError(
        field=f"row {invoice.row}, 10 InvoiceNumber",
        value=invoice.invoice_number,
        rule="an invoice stands once in a file",
        remedy="Check the file: `adapter bif check` lists every broken rule",
    )
