"""Gathers a biller's cash position: Invoice Cloud's report of a day beside the ledger (0037)."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from adapter.domain.cash import CashPosition, lines_of, window_of
from adapter.domain.payment import Payment
from adapter.errors import AdapterError, BadInputError, ConfigurationError, PartnerError
from adapter.kinds.payments import PaymentQueries
from adapter.kinds.reversals import returns_of
from adapter.ledger import Ledger
from adapter.ports import BillerPorts


def cash_position(
    ledger: Ledger, biller: str, ports: BillerPorts, day: date | None, *, now: datetime
) -> CashPosition:
    """Ask Invoice Cloud what it took on a carrier's day, today if none is named.

    Nothing is written. The report is read before the ledger, so that what it tells may have
    arrived; what is wrong with it, the position says. Raises BadInputError for a day that has not
    begun, and LedgerError.
    """
    time_zone = ports.bif_profile.time_zone
    day = day or now.astimezone(ZoneInfo(time_zone)).date()
    window = window_of(day, time_zone, now=now)
    reported: list[Payment] = []
    failure: AdapterError | None = None
    try:
        reported.extend(ports.payment_report.payments(window))
    except (BadInputError, ConfigurationError, PartnerError) as error:
        failure = error
    queries = PaymentQueries(ledger)
    items = {
        item.id: item
        for item in (
            *queries.paid_within(biller, window),
            *queries.of_guids(biller, (payment.payment_guid for payment in reported)),
        )
    }
    guids = {item.payload.payment_guid for item in items.values()}
    return CashPosition(
        biller=biller,
        day=day,
        time_zone=time_zone,
        window=window,
        lines=lines_of(reported, items.values(), returns_of(ledger, biller, guids)),
        failure=failure,
    )
