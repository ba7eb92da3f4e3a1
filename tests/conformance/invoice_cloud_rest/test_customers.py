"""Customers over REST (D1): the API key, customer records, and what is another biller's."""

import pytest

PAT, SAM = "pat@example.com", "sam@example.com"
TOKEN, OTHER_TOKEN = "tokenized-one", "tokenized-two"
AUTHENTICATION = "remoteauthentication"
CUSTOMER = {
    "AccountNumber": "7001",
    "CustomerName": "Ann New",
    "Address1": "1 Main St",
    "Address2": "",
    "City": "Camp Point",
    "State": "IL",
    "Zip": "62320",
    "EmailAddress": "ann@example.com",
}


@pytest.mark.requirement("D1")
@pytest.mark.parametrize("colon", [True, False])
def test_both_spellings_of_basic_open_the_services(rest, colon):
    url = f"{rest.base}/biller/status"
    answer = rest.client.get(url, headers=rest.basic(colon=colon))
    assert rest.fits("BillerStatus", answer.json())
    assert answer.json()["BillerGUID"] == rest.world.billers[0].biller_guid
    assert rest.get("biller/status", biller=1).json()["BillerName"] == rest.world.billers[1].name


@pytest.mark.requirement("D1")
@pytest.mark.parametrize(
    "authorization",
    [None, "", "Basic", "Basic !", "Bearer abc", "Basic Ojo=", "Basic Og==", "Basic d3Jvbmc6"],
)
def test_another_key_or_none_is_401(rest, authorization):
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = rest.client.get(f"{rest.base}/biller/status", headers=headers)
    rest.refuses(answer, 401, "Unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.requirement("D1", "D3")
def test_what_is_another_billers_does_not_exist_for_a_key(rest):
    """Accounts, customers, logins and invoices; the same number may be an account of each."""
    rest.register()
    guid = rest.users()["CustomerGuid"]
    told = rest.post(f"{AUTHENTICATION}/RetrieveUsers", {"AccountNumber": "1001"}, biller=1)
    assert told.json() == {
        "AccountExists": False,
        "Registered": False,
        "CustomerGuid": None,
        "Users": [],
    }
    rest.refuses(rest.get(f"cp/{guid}/account", biller=1), 404, "CustomerNotFound", "CustomerGuid")
    path = f"{AUTHENTICATION}/RemoteAuthentication"
    rest.refuses(
        rest.post(path, rest.authentication(), biller=1), 404, "AccountNotFound", "AccountNumber"
    )
    update = {"EmailAddress": PAT, "PasswordToken": OTHER_TOKEN}
    path = f"{AUTHENTICATION}/UpdatePassword"
    rest.refuses(rest.post(path, update, biller=1), 404, "LoginNotFound", "EmailAddress")
    assert rest.authenticate()
    rest.bill(biller=1)
    assert rest.post(
        f"{AUTHENTICATION}/RetrieveUsers", {"AccountNumber": "1001"}, biller=1
    ).json()["CustomerGuid"] not in {None, guid}


@pytest.mark.requirement("D1")
def test_a_customer_record_is_made_once(rest):
    assert not rest.users("7001")["AccountExists"]
    made = rest.call("customer/CreateCustomerRecord", CUSTOMER)
    again = rest.post("customer/CreateCustomerRecord", CUSTOMER)
    rest.refuses(again, 409, "AccountExists", "AccountNumber")
    billed = rest.post("customer/CreateCustomerRecord", {**CUSTOMER, "AccountNumber": "1001"})
    rest.refuses(billed, 409, "AccountExists", "AccountNumber")
    told = rest.users("7001")
    assert (told["AccountExists"], told["Registered"]) == (True, False)
    assert told["CustomerGuid"] == made["CustomerGuid"]
    found = rest.call("customer/RetrieveCustomerGuid", {"AccountNumber": "7001"})
    assert found == made


@pytest.mark.requirement("D1")
def test_a_customers_account_tells_what_stands(rest):
    guid = rest.call("customer/CreateCustomerRecord", CUSTOMER)["CustomerGuid"]
    rest.register(accounts=["7001"])
    rest.bill("102", "7001")
    answer = rest.get(f"CP/{guid.upper()}/Account")
    assert answer.status_code == 200
    assert rest.fits("CustomerAccount", answer.json())
    told = answer.json()
    assert {name: told[name] for name in CUSTOMER} == CUSTOMER
    assert (told["Registered"], told["LoginName"], told["AutoPay"]) == (True, PAT, False)
    assert told["PaperInvoices"] is True
    due = {"InvoiceNumber": "102", "InvoiceDueDate": "01/20/2026", "BalanceDue": "50.00"}
    assert told["Invoices"] == [due]
    rest.refuses(rest.get(f"cp/{guid[:-1]}/account"), 404, "CustomerNotFound", "CustomerGuid")


@pytest.mark.requirement("D1")
def test_what_else_is_told_of_a_customer_has_to_be_right(rest):
    rest.register()
    path = "customer/RetrieveCustomerGuid"
    for right in (
        {"EmailAddress": "1001@example.com"},
        {"EmailAddress": PAT.upper()},
        {"Username": PAT},
        {"EmailAddress": None, "Username": ""},
    ):
        assert rest.call(path, {"AccountNumber": "1001", **right})
    for field in ("EmailAddress", "Username"):
        wrong = rest.post(path, {"AccountNumber": "1001", field: SAM})
        rest.refuses(wrong, 404, "CustomerNotFound", field)
    rest.refuses(rest.post(path, {"AccountNumber": "9"}), 404, "AccountNotFound", "AccountNumber")
