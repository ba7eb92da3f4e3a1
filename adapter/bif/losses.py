"""What a conversion changed and what it could not carry; alike ones are counted together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from adapter.bif.foreign_values import money_of
from adapter.bif.problems import excerpt
from adapter.bif.table import shapes
from adapter.domain.money import ZERO, money_text
from contracts.loader import bif_fields

DETAIL_AMOUNT = 79


class Effect(StrEnum):
    """What became of a value."""

    ADDED = "added"  # the old file has none
    CHANGED = "changed"
    NOT_CARRIED = "not_carried"  # the new file has no such column
    MERGED = "merged"  # several details became one


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Changes of one column that are told together, with the first of them as the example.

    `alike` says that each one was from and to the same. `old_total` is what the old values come
    to where all of them can be read as dollars.
    """

    effect: Effect
    record: str
    file_spec_id: int
    field: str | None
    count: int
    row: int
    old: str
    new: str
    alike: bool
    old_total: Decimal | None

    def render(self) -> str:
        name = " ".join(str(part) for part in (self.file_spec_id, self.field) if part)
        old, new = f'"{excerpt(self.old)}"', f'"{excerpt(self.new)}"'
        what = {
            Effect.ADDED: f"{new}",
            Effect.CHANGED: f"{old} -> {new}",
            Effect.NOT_CARRIED: old,
            Effect.MERGED: f"{old} -> {new}",
        }[self.effect]
        many = (
            ""
            if self.count == 1
            else f", {self.count} times"
            if self.alike
            else (f" and {self.count - 1} more")
        )
        money = self._money()
        return f"{self.effect.value}: row {self.row}: {self.record} {name}: {what}{many}{money}"

    def as_json(self) -> dict[str, Any]:
        total = None if self.old_total is None else money_text(self.old_total)
        return {**vars(self), "old_total": total}

    def _money(self) -> str:
        """Say what is at stake where a column that is dropped may be money."""
        looks = self.effect is Effect.NOT_CARRIED and "." in self.old
        return f"; {money_text(self.old_total)} in all" if looks and self.old_total else ""


class Losses:
    """Every change of a conversion, in the order in which they were first met."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[Effect, str, int], Tally] = {}
        self._names = {column.id: column.name for column in bif_fields()}

    def tallies(self) -> tuple[Tally, ...]:
        return tuple(self._tallies.values())

    def compare(
        self, record: str, row: int, old: Mapping[int, str], new: Mapping[int, str]
    ) -> None:
        """Note each value of a row that the new file says otherwise, or not at all."""
        row_type = shapes()[record].row_type.id
        for file_spec_id, value in new.items():
            was = old.get(file_spec_id, "")
            if was != value and file_spec_id != row_type:
                effect = Effect.CHANGED if was else Effect.ADDED
                self._add(effect, (record, file_spec_id, row), was, value)
        for file_spec_id, value in old.items():
            if value and file_spec_id not in new:
                self._add(Effect.NOT_CARRIED, (record, file_spec_id, row), value, "")

    def merge(self, row: int, old: Sequence[Mapping[int, str]], new: Mapping[int, str]) -> None:
        """Note that other than one detail became one."""
        amounts = [money_of(detail.get(DETAIL_AMOUNT, "")) for detail in old]
        known = [amount for amount in amounts if amount is not None]
        told = f"{len(old)} details of {money_text(sum(known, ZERO))}"
        became = f"1 of {new.get(DETAIL_AMOUNT, '')}"
        self._add(Effect.MERGED, ("ID", DETAIL_AMOUNT, row), told, became)
        for detail in old:
            for file_spec_id, value in detail.items():
                if value and file_spec_id not in new:
                    self._add(Effect.NOT_CARRIED, ("ID", file_spec_id, row), value, "")

    def _add(self, effect: Effect, place: tuple[str, int, int], old: str, new: str) -> None:
        record, file_spec_id, row = place
        key = (effect, record, file_spec_id)
        amount = money_of(old)
        before = self._tallies.get(key)
        if before is None:
            self._tallies[key] = Tally(
                effect=effect,
                record=record,
                file_spec_id=file_spec_id,
                field=self._names.get(file_spec_id),
                count=1,
                row=row,
                old=old,
                new=new,
                alike=True,
                old_total=amount,
            )
            return
        known = None if before.old_total is None or amount is None else before.old_total + amount
        self._tallies[key] = replace(
            before,
            count=before.count + 1,
            alike=before.alike and (before.old, before.new) == (old, new),
            old_total=known,
        )
