"""AgentConnect's page: an agent pays what a customer owes, once, until the page expires (D5)."""

import httpx
import pytest

from sandbox.fakes.invoice_cloud.rest.agent_connect import PAGE_MINUTES

pytestmark = pytest.mark.requirement("D5")
BACK = "https://agency.example.com/policies/1004587"


@pytest.fixture
def open_page(payer):
    """Return a page for an account's bills, asked for as an agent's system does."""

    def ask(*numbers, **changes):
        invoices = [{"InvoiceNumber": number} for number in numbers]
        customer = {"AccountNumber": "1004587", "Invoices": invoices}
        answer = payer.browser.post(
            f"{payer.world.base_url}/invoicecloud/agentconnectapi/OneTimePayment"
            "/GenerateOneTimePaymentUrl",
            json={"UserLogName": "CSR 7", "ReturnURL": BACK, "Customers": [customer], **changes},
            auth=httpx.BasicAuth(payer.world.billers[0].api_key, ""),
        )
        assert answer.status_code == 200
        return answer.json()["Data"]["AgentConnectUrl"]

    return ask


def test_the_page_presents_the_bill_and_names_agent_and_customer(payer, open_page):
    payer.bill()
    page = payer.get(open_page("30254"))
    assert page.status == 200
    for told in ("CSR 7", "Dana <Whitfield>", "Bill 30254", "$731.37", "12/20/2025"):
        assert told in page.text
    assert BACK in page.links()


def test_it_pays_and_leads_back(payer, open_page, card):
    payer.bill()
    answer = payer.pay(open_page("30254"), **card)
    assert answer.status == 303
    receipt = payer.get(answer.location)
    assert "$734.37 is paid" in receipt.text
    assert BACK in receipt.links()
    assert payer.paid() == [("30254", "731.37")]


def test_several_bills_are_one_payment_however_often_it_is_sent(payer, open_page, card):
    payer.bill()
    payer.bill("30255", "20.00")
    url = open_page("30254", "30255")
    page = payer.get(url)
    assert "$751.37" in page.text
    form = payer.fill(url, **card)
    seen = payer.at_once(url, form, count=3)
    assert len({sight.location for sight in seen}) == 1
    assert payer.paid() == [("30254", "30255", "731.37")]
    assert "$754.37 is paid" in payer.get(seen[0].location).text


def test_what_is_paid_already_is_left_out(payer, open_page, card):
    payer.bill()
    payer.bill("30255", "20.00")
    url = open_page("30254", "30255")
    payer.pay(open_page("30254"), **card)
    assert payer.pay(url, **card).status == 303
    assert payer.paid() == [("30254", "731.37"), ("30255", "20.00")]
    assert "Nothing is due" in payer.get(url).text


def test_only_what_the_agents_system_allows_is_taken(payer, open_page, card, bank_account):
    payer.bill()
    url = open_page("30254", AllowCCPayment=False)
    page = payer.get(url)
    assert not page.tree.xpath("//input[@name='card_number']")
    assert payer.pay(url, **card).status == 422
    assert payer.paid() == []
    assert payer.pay(url, **bank_account).status == 303


def test_where_no_way_to_pay_is_allowed_the_page_says_so(payer, open_page):
    payer.bill()
    url = open_page("30254", AllowCCPayment=False, AllowACHPayment=False)
    assert "No way to pay is allowed" in payer.get(url).text


def test_a_declined_card_is_told_beside_its_field(payer, open_page, declined_card):
    payer.bill()
    page = payer.pay(open_page("30254"), **declined_card)
    assert "was declined" in page.error_of("card_number")


def test_the_page_expires(payer, open_page, card):
    payer.bill()
    url = open_page("30254")
    form = payer.fill(url, **card)
    payer.world.clock.advance(PAGE_MINUTES * 60)
    for sight in (payer.get(url), payer.post(url, **form)):
        assert sight.status == 404
        assert "This page has expired" in sight.text
    assert payer.paid() == []


def test_a_receipt_belongs_to_its_page(payer, open_page, card):
    payer.bill()
    payer.bill("7", "5.00", account="2000")
    receipt = payer.pay(open_page("30254"), **card).location
    guid = receipt.rpartition("/")[2]
    payer.bill("8", "5.00")
    other = open_page("8")
    assert payer.get(f"{other}/receipts/{guid}").status == 200  # of the same account
    assert payer.get(f"{other}/receipts/nothing").status == 404
    assert payer.get(f"agentconnect/nothing/receipts/{guid}").status == 404


def test_the_agents_own_style_sheet_is_named_and_can_load_nothing(payer, open_page):
    payer.bill()
    css = "https://agency.example.com/look.css?v=1;script-src *"
    page = payer.get(open_page("30254", CSSUrl=css.replace(" ", "%20")))
    policy = page.answer.headers["Content-Security-Policy"]
    assert "style-src 'self' https://agency.example.com;" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    (link,) = page.tree.xpath("//link[@rel='stylesheet']/@href")[1:]
    assert link.startswith("https://agency.example.com/look.css")


def test_the_journal_does_not_hold_the_pages_address(payer, open_page, card):
    payer.bill()
    url = open_page("30254")
    payer.pay(url, **card)
    assert url.rpartition("/")[2] not in payer.world.journal.as_lines()
    (entry,) = payer.world.journal.entries(operation="AgentConnect")
    assert entry.tags["biller"] == payer.slug
