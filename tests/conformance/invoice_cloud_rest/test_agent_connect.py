"""AgentConnect (D5): a page for a customer's own bills."""

import pytest

from sandbox.fakes.invoice_cloud.rest.agent_connect import find_page

AGENT_CONNECT = "agentconnectapi/OneTimePayment/GenerateOneTimePaymentUrl"


@pytest.mark.requirement("D5")
def test_agent_connect_answers_a_page_for_the_customers_bills(rest):
    rest.bill("102")
    wanted = {
        "CreateCustomerRecord": "false",
        "Customers": [
            {
                "AccountNumber": "1001",
                "Name": "Payer of 1001",
                "Invoices": [
                    {"InvoiceNumber": "101", "TypeID": 1, "BalanceDue": 50.00},
                    {"InvoiceNumber": "102", "DueDate": "01/20/2026"},
                ],
            }
        ],
        "AllowACHPayment": False,
        "ReturnURL": "https://spectrum.example/policies/1001",
        "UserType": "2",
        "UserLogName": "CSR",
    }
    assert rest.fits("OneTimePayment", wanted)
    answer = rest.post(AGENT_CONNECT, wanted)
    assert rest.fits("OneTimePaymentUrl", answer.json())
    url = answer.json()["Data"]["AgentConnectUrl"]
    pages, _, secret = url.rpartition("/")
    assert pages == f"{rest.world.base_url}/invoicecloud/portal/agentconnect"
    page = find_page(rest.world, secret)
    assert (page.account_number, page.invoice_numbers) == ("1001", ("101", "102"))
    assert (page.takes_cards, page.takes_bank_accounts, page.agent) == (True, False, "CSR")
    rest.world.clock.advance(30 * 60)
    assert find_page(rest.world, secret) is None


@pytest.mark.requirement("D5")
@pytest.mark.parametrize(
    ("account", "numbers", "refusal", "place"),
    [
        ("1001", ["9"], (404, "InvoiceNotFound"), 0),
        ("1001", ["101", "201"], (404, "InvoiceNotFound"), 1),
        ("1002", ["101"], (404, "InvoiceNotFound"), 0),
        ("1001", ["101", "101"], (400, "InvalidRequest"), 1),
    ],
)
def test_agent_connect_takes_the_accounts_own_bills(rest, account, numbers, refusal, place):
    rest.bill("201", "1001", biller=1)
    invoices = [{"InvoiceNumber": number} for number in numbers]
    customers = [{"AccountNumber": account, "Invoices": invoices}]
    answer = rest.post(AGENT_CONNECT, {"Customers": customers})
    rest.refuses(answer, *refusal, f"Customers.0.Invoices.{place}.InvoiceNumber")
