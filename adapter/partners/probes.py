"""Asking each partner of a biller something harmless: can it be reached, and with what rights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from adapter.clock import Clock, GmtWindow
from adapter.errors import RejectedError
from adapter.partners.http import Call, PartnerHttp
from adapter.partners.imt import ImtClient
from adapter.partners.invoice_cloud import InvoiceCloudClient
from adapter.partners.invoice_cloud_reports import PAYMENTS
from adapter.partners.invoice_cloud_rest import InvoiceCloudRestClient
from adapter.partners.spectrum import SpectrumClient
from adapter.partners.spectrum_feed import FolderFeed, HttpFeed
from adapter.partners.spectrum_rows import utc_text
from adapter.settings import BillerSettings, SpectrumAccess

# No invoice and no account has this number; should one, asking for it is harmless all the same.
NOBODYS_NUMBER = "1"
_ASKED_BACK = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One question to a partner; `ask` says what it proved, or raises as the call does.

    `reads` are the settings that it proves right.
    """

    name: str
    reads: str
    ask: Callable[[], str]


def probes_of(
    biller: BillerSettings, http: Callable[[str], PartnerHttp], clock: Clock
) -> Iterator[Probe]:
    """Yield the probes of everything that a biller's settings name."""
    table = f"billers.{biller.slug}"
    for what, numbers, access in (
        ("Spectrum, RTDR", "8 to 10", biller.rtdr),
        ("Spectrum, payments", "11 to 13", biller.payments),
    ):
        settings = f"{table}.advanced_settings.{numbers}"
        yield Probe(
            name=what, reads=settings, ask=_spectrum(http("spectrum"), access, clock, settings)
        )
    yield Probe(
        name="Spectrum, extract",
        reads=f"{table}.feed",
        ask=_extract(http("spectrum"), biller, clock),
    )
    cloud = http("invoice_cloud")
    services = f"{table}.invoice_cloud.web_services_url"
    yield Probe(name="Invoice Cloud, WSDL", reads=services, ask=_wsdl(cloud, biller, services))
    yield Probe(
        name="Invoice Cloud, report",
        reads=f"{table}.web_service_key",
        ask=_report(cloud, biller, clock),
    )
    if biller.rest is not None:
        settings = f"{table}.invoice_cloud"
        yield Probe(name="Invoice Cloud, REST", reads=settings, ask=_rest(cloud, biller, settings))
    if biller.imt is not None:
        settings = f"{table}.imt"
        yield Probe(
            name="IMT, session", reads=settings, ask=_imt(http("imt"), biller, clock, settings)
        )


def _spectrum(
    http: PartnerHttp, access: SpectrumAccess, clock: Clock, settings: str
) -> Callable[[], str]:
    client = SpectrumClient(http, access, clock, settings=settings)

    def ask() -> str:
        try:
            client.balance_due(NOBODYS_NUMBER)
        except RejectedError:
            return "it gave a token, and knows no invoice of nobody's number"
        return "it gave a token and a balance"

    return ask


def _extract(http: PartnerHttp, biller: BillerSettings, clock: Clock) -> Callable[[], str]:
    location, settings = biller.feed.location, f"billers.{biller.slug}.feed"
    client = SpectrumClient(http, biller.payments, clock, settings=settings)

    def ask() -> str:
        feed: HttpFeed | FolderFeed
        if biller.feed.kind == "http":
            feed = HttpFeed(client, location, settings=settings)
        else:
            feed = FolderFeed(location, settings=settings)
        extract = feed.invoices_since(utc_text(clock.now()))
        return f"it is told up to {extract.as_of:%Y-%m-%dT%H:%M:%SZ}"

    return ask


def _wsdl(http: PartnerHttp, biller: BillerSettings, settings: str) -> Callable[[], str]:
    call = Call(
        operation="WSDL",
        method="GET",
        url=f"{biller.web_services_url}/{PAYMENTS.service}.asmx",
        params={"WSDL": ""},
        settings=settings,
    )

    def ask() -> str:
        http.send(call)
        return "it describes its services"

    return ask


def _report(http: PartnerHttp, biller: BillerSettings, clock: Clock) -> Callable[[], str]:
    client = InvoiceCloudClient(http, biller)

    def ask() -> str:
        now = clock.now()
        for _ in client.payments(GmtWindow(start_gmt=now - _ASKED_BACK, end_gmt=now)):
            pass
        return "it takes the biller's GUID and web service key"

    return ask


def _rest(http: PartnerHttp, biller: BillerSettings, settings: str) -> Callable[[], str]:
    def ask() -> str:
        if biller.rest is None:
            return "it is not set up"
        client = InvoiceCloudRestClient(
            http, biller.rest, biller_guid=biller.biller_guid, password_seed="", settings=settings
        )
        client.known_users(NOBODYS_NUMBER)
        return "it takes the API key"

    return ask


def _imt(
    http: PartnerHttp, biller: BillerSettings, clock: Clock, settings: str
) -> Callable[[], str]:
    def ask() -> str:
        if biller.imt is None:
            return "it is not set up"
        ImtClient(http, biller.imt, clock, settings=settings).open_session()
        return "it opened a session"

    return ask
