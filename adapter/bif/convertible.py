"""Whether another system's invoice can be carried over: what would lose money is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from adapter.bif.foreign_values import date_of, money_of
from adapter.bif.losses import DETAIL_AMOUNT
from adapter.bif.problems import Problem, Rule, problem_at
from adapter.bif.rows import InvoiceGroup
from adapter.domain.money import ZERO, money_text

RECORD_TYPE, INVOICE_DATE, DUE_DATE, AMOUNT_DUE, AUTOPAY_DATE, ACTIVE = 8, 11, 12, 13, 248, 375
# What either of these says of an invoice is what it is now; of others nobody outside knows.
KNOWN_RECORD_TYPES = frozenset({"", "N", "R"})


def not_convertible(group: InvoiceGroup, *, trust_totals: bool) -> Iterator[Problem]:
    """Yield why an invoice cannot be carried over without losing money or a meaning."""
    row, told = group.header.number, group.header.values
    record_type, active = told.get(RECORD_TYPE, "").strip(), told.get(ACTIVE, "").strip()
    if record_type not in KNOWN_RECORD_TYPES:
        yield problem_at(
            row,
            RECORD_TYPE,
            record_type,
            Rule.CONSTANT,
            explanation="N and R state an invoice; what another RecordType does is not known",
            remedy="ask Invoice Cloud what it means",
        )
    if active not in {"", "1"}:
        yield problem_at(
            row,
            ACTIVE,
            active,
            Rule.CONSTANT,
            explanation="every invoice is active here, so it would be billed again",
            remedy="take the invoice out, or make it active where it comes from",
        )
    yield from _unreadable(row, told)
    if not trust_totals:
        yield from _differing(group)


def _unreadable(row: int, told: Mapping[int, str]) -> Iterator[Problem]:
    if money_of(told.get(AMOUNT_DUE, "")) is None:
        yield problem_at(
            row,
            AMOUNT_DUE,
            told.get(AMOUNT_DUE, ""),
            Rule.FORMAT,
            explanation="it is no whole number of cents, so what is owed is not known",
            remedy="write it as in 12.34",
        )
    for file_spec_id in (INVOICE_DATE, DUE_DATE, AUTOPAY_DATE):
        value = told.get(file_spec_id, "")
        if date_of(value) is None and (value.strip() or file_spec_id != AUTOPAY_DATE):
            yield problem_at(
                row,
                file_spec_id,
                value,
                Rule.FORMAT if value.strip() else Rule.REQUIRED,
                explanation="it is no day as m/d/yyyy, yyyy-mm-dd or yyyymmdd",
                remedy="write it as in 01/31/2026",
            )


def _differing(group: InvoiceGroup) -> Iterator[Problem]:
    """Yield that the details say another sum than the bill: one of the two would be lost."""
    amounts = [money_of(row.values.get(DETAIL_AMOUNT, "")) for row in group.details]
    known = [amount for amount in amounts if amount is not None]
    total = money_of(group.header.values.get(AMOUNT_DUE, ""))
    if known and total is not None and (added := sum(known, ZERO)) != total:
        yield problem_at(
            group.header.number,
            AMOUNT_DUE,
            group.header.values[AMOUNT_DUE],
            Rule.TOTAL,
            explanation=f"the details of the invoice add up to {money_text(added)}",
            remedy="look which of the two is owed; --trust-totals takes the bill's word",
        )
