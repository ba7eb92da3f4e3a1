"""`adapter payments would-post`: the rehearsal before a biller goes live."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapter.doors.ledger_file import open_ledger_if_any

if TYPE_CHECKING:
    from adapter.jobs.would_post import Rehearsed

_WORDS = {
    "post": "would be posted",
    "evidence": "would be posted once Spectrum shows that it has no receipt",
    "person": "would be listed for a person: paid before the beginning",
    "known": "in the ledger already",
    "declined": "declined",
}


def would_post(
    *,
    config: Annotated[Path, typer.Option(help="The TOML file of the settings.")],
    biller: Annotated[str, typer.Option(help="Which biller.")],
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Tell what would be posted if posting went on now, and write nothing.

    It reads what waits in the ledger, and Invoice Cloud's report as the next poll will. Spectrum
    is not asked: a balance that has moved may yet hold a payment back.
    """
    from adapter.bootstrap import Billers, rules_of
    from adapter.clock import SystemClock
    from adapter.jobs.would_post import knowledge_of, next_poll, rehearse
    from adapter.settings import FileSettings

    source, clock = FileSettings(config), SystemClock()
    rules, billers = rules_of(source.current().adapter), Billers(source, clock)
    try:
        with open_ledger_if_any(source) as ledger:
            now, ports = clock.now(), billers.ports(biller)
            known = knowledge_of(ledger, ports, now=now)
            window = next_poll(ledger, biller, rules, now=now)
            found = list(rehearse(biller, ports, ledger, window, known))
    finally:
        billers.close()
    if as_json:
        typer.echo(json.dumps({"payments": [_told(each) for each in found]}, indent=2))
        return
    for line in _lines(found):
        typer.echo(line)
    typer.echo(
        f"The beginning is {known.beginning:%Y-%m-%dT%H:%M:%SZ}; the report was read from "
        f"{window.start_gmt:%Y-%m-%dT%H:%M:%SZ} to {window.end_gmt:%Y-%m-%dT%H:%M:%SZ}. "
        "Nothing was written"
    )


def _lines(found: Iterable[Rehearsed]) -> Iterator[str]:
    from adapter.domain.money import money_text

    by_prospect: dict[str, list[Rehearsed]] = {}
    for each in found:
        by_prospect.setdefault(each.prospect.value, []).append(each)
    for name, words in _WORDS.items():
        group = by_prospect.get(name, [])
        total = sum((each.payment.amount for each in group), Decimal("0.00"))
        yield f"{len(group)} payments, {money_text(total)}: {words}"
        if name in {"post", "evidence", "person"}:
            for each in group:
                paid = each.payment
                yield (
                    f"  {paid.payment_guid}  invoice {paid.invoice_number}  "
                    f"{money_text(paid.amount)}  paid {paid.paid_at:%Y-%m-%dT%H:%M:%SZ}"
                )


def _told(each: Rehearsed) -> dict[str, Any]:
    from adapter.domain.money import money_text

    return {
        "payment_guid": each.payment.payment_guid,
        "invoice_number": each.payment.invoice_number,
        "amount": money_text(each.payment.amount),
        "paid_at": f"{each.payment.paid_at:%Y-%m-%dT%H:%M:%SZ}",
        "prospect": each.prospect.value,
        "waits": each.waits,
    }
