"""Spectrum's policy screen: what an agent sees, and Pay Now, which opens AgentConnect (D5)."""

import httpx
import pytest
from lxml import html

from sandbox.composition import join_adapter
from sandbox.fakes.spectrum.book import SpectrumBook

pytestmark = pytest.mark.requirement("D5")
CARD = "4111111111111111"


class Agent:
    """An agent with a browser at Spectrum's screens of one world."""

    def __init__(self, world, browser):
        self.world, self.browser = world, browser
        self.url = f"{world.base_url}/spectrum/policies"
        self.book = world.book(SpectrumBook)
        self.invoice = next(iter(self.book.invoices.values()))
        self.policy = self.invoice.policy

    @property
    def screen(self):
        return f"{self.url}/{self.policy.policy_number}"

    def see(self, url, **query):
        return self.taken_apart(self.browser.get(url, params=query or None))

    def taken_apart(self, answer):
        tree = html.fromstring(answer.text)
        return answer, tree, " ".join(tree.text_content().split())


@pytest.fixture
def agent(world):
    # Loading certificates takes longer than a whole test, and nothing here is encrypted.
    with httpx.Client(timeout=60, trust_env=False, verify=False) as browser:  # noqa: S501
        yield Agent(world, browser)


@pytest.fixture
def billed(agent, tmp_path):
    """Let an adapter join, and the hourly file tell Invoice Cloud of every invoice."""
    joined = join_adapter(agent.world, folder=tmp_path)
    agent.world.clock.advance(3600)
    yield joined
    joined.stop()


def test_the_list_leads_to_every_policy_and_finds_one(agent):
    answer, tree, _ = agent.see(agent.url)
    assert answer.status_code == 200
    assert len(tree.xpath("//tbody/tr")) == agent.world.open_invoices
    for wanted in (
        agent.policy.policy_number,
        agent.policy.invoice_number,
        agent.policy.customer_name.upper(),
    ):
        _, tree, _ = agent.see(agent.url, find=wanted)
        assert any(
            link.endswith(f"/policies/{agent.policy.policy_number}")
            for link in tree.xpath("//tbody//a/@href")
        )
    _, _, text = agent.see(agent.url, find="<nobody>")
    assert "No policy of this world matches <nobody>" in text


def test_the_screen_shows_owner_invoice_and_that_binding_needs_no_payment(agent):
    _, tree, text = agent.see(agent.screen)
    for told in (agent.policy.customer_name, agent.policy.address1, "$731.37", "Bound"):
        assert told in text
    assert "No payment is needed to bind a policy" in text
    assert tree.xpath("//form[@method='post']//button/text()") == ["Pay Now"]


def test_the_screen_shows_every_invoice_of_the_policy_and_who_took_money(agent):
    """A renewal stands beside the old bill, and a cheque under the name of who took it."""
    changes = f"{agent.world.base_url}/_sandbox/spectrum/changes"
    number = agent.policy.invoice_number
    for change in (
        {"kind": "renewal", "invoice_number": number, "amount": "900.00"},
        {"kind": "cheque", "invoice_number": number, "amount": "31.37"},
    ):
        assert agent.browser.post(changes, json=change).status_code == 201
    _, _, text = agent.see(agent.screen)
    for told in ("$900.00", "$700.00", "Lockbox-1001", "Lockbox $31.37 Applied"):
        assert told in text


@pytest.mark.usefixtures("billed")
def test_pay_now_opens_agent_connect_through_invoice_clouds_service(agent):
    answer = agent.browser.post(agent.screen)
    assert answer.status_code == 303
    url = answer.headers["Location"]
    assert url.startswith(f"{agent.world.base_url}/invoicecloud/portal/agentconnect/")
    _, tree, text = agent.see(url)
    for told in (f"Bill {agent.policy.invoice_number}", agent.policy.address1, agent.policy.city):
        assert told in text
    assert agent.screen in tree.xpath("//a/@href")
    (call,) = agent.world.journal.entries(operation="GenerateOneTimePaymentUrl", source="spectrum")
    assert (call.target, call.status) == ("invoice_cloud", 200)
    assert url.rpartition("/")[2] not in agent.world.journal.as_lines()


@pytest.mark.requirement("G")
@pytest.mark.usefixtures("billed")
def test_an_agents_payment_comes_back_as_a_receipt(agent):
    url = agent.browser.post(agent.screen).headers["Location"]
    _, tree, _ = agent.see(url)
    form = {
        field: tree.xpath(f"//input[@name='{field}']/@value")[0] for field in ("once", "shown")
    }
    agent.browser.post(url, data={**form, "method": "card", "card_number": CARD})
    agent.world.clock.advance(300)
    _, tree, text = agent.see(agent.screen)
    assert "Nothing is due" in text
    assert "Applied" in text
    assert not tree.xpath("//button")
    assert agent.browser.post(agent.screen).status_code == 409


def test_an_invoice_that_no_file_has_told_yet_says_when_it_will_be(agent):
    answer, _, text = agent.taken_apart(agent.browser.post(agent.screen))
    assert answer.status_code == 502
    assert "Invoice Cloud does not know this invoice yet" in text
    assert "next hourly invoice file" in text


def test_an_invoice_cloud_that_is_away_is_told(agent):
    fault = {
        "fault": "sever",
        "partner": "invoice_cloud",
        "operation": "GenerateOneTimePaymentUrl",
        "moment": "before",
    }
    agent.browser.post(f"{agent.world.base_url}/_sandbox/faults", json=fault).raise_for_status()
    answer, _, text = agent.taken_apart(agent.browser.post(agent.screen))
    assert answer.status_code == 502
    assert "Invoice Cloud does not answer" in text


@pytest.mark.parametrize("number", ["999", "x", "30254;"])
def test_an_unknown_policy_has_no_screen(agent, number):
    answer, _, text = agent.see(f"{agent.url}/{number}")
    assert answer.status_code == 404
    assert f"There is no policy {number}" in text


def test_wrong_verbs_and_other_sites_forms_are_refused_by_a_page(agent):
    for url, allowed in ((agent.url, "GET"), (agent.screen, "GET, POST")):
        answer, tree, _ = agent.taken_apart(agent.browser.put(url))
        assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
        assert tree.xpath("//h1")
    answer = agent.browser.post(agent.screen, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_links_keep_the_worlds_prefix_and_nothing_runs(agent):
    for url in (agent.url, agent.screen):
        answer, tree, _ = agent.see(url)
        links = tree.xpath("//a/@href | //link[@rel='stylesheet']/@href | //form/@action")
        inside = [link for link in links if link.startswith("/")]
        assert inside
        assert all(link.startswith(f"/w/{agent.world.name}/") for link in inside)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_services_beside_the_screens_are_served_as_before(agent):
    """A path below the screens that is none of them is Spectrum's own 404, not a page."""
    answer = agent.browser.get(f"{agent.screen}/more")
    assert (answer.status_code, answer.content) == (404, b"")
