"""The probes of a biller: one for everything its settings name, none for what they leave out."""

from datetime import UTC, datetime
from types import SimpleNamespace

import httpx
import pytest

from adapter.errors import ConfigurationError, RetryableError
from adapter.partners.http import PartnerHttp
from adapter.partners.probes import probes_of
from adapter.settings import BillerSettings, FeedSettings, ImtAccess

CLOCK = SimpleNamespace(now=lambda: datetime(2026, 1, 5, 9, tzinfo=UTC))


def biller(**fields):
    usual = {
        "slug": "a",
        "name": "A",
        "time_zone": "UTC",
        "biller_guid": "28c724d2-0ee2-4200-8a9e-c9e7ce791440",
        "web_service_key": "5d9c1c0e-6f0b-4f60-8a53-0c6a4f2b7a11",
        "invoice_format_guid": "47179ce6-8d9f-46b9-9462-7521f79b0014",
        "door_key": "d" * 8,
        "advanced_settings": {
            **dict.fromkeys(("8", "11"), "http://s"),
            **dict.fromkeys(("9", "12"), "u"),
            **dict.fromkeys(("10", "13"), "0a1b2c3d-0000-4000-8000-00000000000b|p"),
        },
        "invoice_cloud": {"web_services_url": "http://i"},
        "feed": FeedSettings(kind="folder", location="/nowhere/at/all", receipts=False),
    }
    return BillerSettings(**{**usual, **fields})


def probes(settings, answer):
    """Return the probes by name, with partners that all answer alike."""
    client = httpx.Client(transport=httpx.MockTransport(answer))
    return {
        probe.name: probe
        for probe in probes_of(settings, lambda name: PartnerHttp(name, client), CLOCK)
    }


def test_what_is_not_set_up_is_not_asked():
    told = probes(biller(), lambda _request: httpx.Response(200))
    assert list(told) == [
        "Spectrum, RTDR",
        "Spectrum, payments",
        "Spectrum, extract",
        "Invoice Cloud, WSDL",
        "Invoice Cloud, report",
    ]
    whole = biller(
        imt=ImtAccess(base_url="http://m", company_id="300", username="u", password="p" * 8),
        invoice_cloud={"web_services_url": "http://i", "api_key": "k" * 8},
    )
    more = probes(whole, lambda _request: httpx.Response(200))
    assert list(more)[-2:] == ["Invoice Cloud, REST", "IMT, session"]


def test_a_refusal_blames_the_settings_that_the_probe_reads():
    told = probes(biller(), lambda _request: httpx.Response(401))
    with pytest.raises(ConfigurationError, match="8 to 10"):
        told["Spectrum, RTDR"].ask()
    assert told["Spectrum, RTDR"].reads == "billers.a.advanced_settings.8 to 10"


def test_a_partner_that_fails_is_told_as_it_fails():
    told = probes(biller(), lambda _request: httpx.Response(503))
    for name in ("Spectrum, payments", "Invoice Cloud, WSDL", "Invoice Cloud, report"):
        with pytest.raises(RetryableError, match="503"):
            told[name].ask()


def test_a_wsdl_that_comes_is_enough():
    asked = []

    def answer(request):
        asked.append((request.method, str(request.url)))
        return httpx.Response(200, text="<definitions/>")

    assert probes(biller(), answer)["Invoice Cloud, WSDL"].ask() == "it describes its services"
    assert asked == [("GET", "http://i/PaymentReportingSOAP.asmx?WSDL=")]


def test_a_folder_that_is_not_there_is_a_wrong_setting():
    with pytest.raises(ConfigurationError, match=r"billers\.a\.feed"):
        probes(biller(), lambda _request: httpx.Response(200))["Spectrum, extract"].ask()
