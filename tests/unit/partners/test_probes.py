"""The probes of a biller: one for everything its settings name, none for what they leave out."""

from datetime import UTC, datetime
from types import SimpleNamespace

import httpx
import pytest

from adapter.errors import ConfigurationError, RetryableError
from adapter.partners.http import PartnerHttp
from adapter.partners.probes import probes_of
from adapter.settings import FeedSettings, ImtAccess

CLOCK = SimpleNamespace(now=lambda: datetime(2026, 1, 5, 9, tzinfo=UTC))


@pytest.fixture
def settings(biller):
    feed = FeedSettings(kind="folder", location="/nowhere/at/all", receipts=False)
    return biller.model_copy(update={"feed": feed})


def probes(settings, answer):
    """Return the probes by name, with partners that all answer alike."""
    client = httpx.Client(transport=httpx.MockTransport(answer))
    return {
        probe.name: probe
        for probe in probes_of(settings, lambda name: PartnerHttp(name, client), CLOCK)
    }


def test_what_is_not_set_up_is_not_asked(settings):
    usual = probes(settings, lambda _request: httpx.Response(200))
    assert list(usual) == [
        "Spectrum, RTDR",
        "Spectrum, payments",
        "Spectrum, extract",
        "Invoice Cloud, WSDL",
        "Invoice Cloud, report",
    ]
    imt = ImtAccess(base_url="http://m", company_id="300", username="u", password="p" * 8)
    cloud = settings.invoice_cloud.model_copy(update={"api_key": "k" * 8})
    whole = settings.model_copy(update={"imt": imt, "invoice_cloud": cloud})
    more = probes(whole, lambda _request: httpx.Response(200))
    assert list(more)[-2:] == ["Invoice Cloud, REST", "IMT, session"]


def test_a_refusal_blames_the_settings_that_the_probe_reads(settings):
    found = probes(settings, lambda _request: httpx.Response(401))
    with pytest.raises(ConfigurationError, match="8 to 10"):
        found["Spectrum, RTDR"].ask()
    assert found["Spectrum, RTDR"].reads == "billers.alpha.advanced_settings.8 to 10"


def test_a_partner_that_fails_has_its_own_error(settings):
    found = probes(settings, lambda _request: httpx.Response(503))
    for name in ("Spectrum, payments", "Invoice Cloud, WSDL", "Invoice Cloud, report"):
        with pytest.raises(RetryableError, match="503"):
            found[name].ask()


def test_a_wsdl_that_comes_is_enough(settings):
    asked = []

    def answer(request):
        asked.append((request.method, str(request.url)))
        return httpx.Response(200, text="<definitions/>")

    assert probes(settings, answer)["Invoice Cloud, WSDL"].ask() == "it describes its services"
    assert asked == [
        ("GET", "https://ic.example/portal/webservices/PaymentReportingSOAP.asmx?WSDL=")
    ]


def test_a_folder_that_is_not_there_is_a_wrong_setting(settings):
    with pytest.raises(ConfigurationError, match=r"billers\.alpha\.feed"):
        probes(settings, lambda _request: httpx.Response(200))["Spectrum, extract"].ask()
