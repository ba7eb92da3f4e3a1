"""What the REST services refuse, what they keep to themselves, and faults that strike."""

import httpx
import pytest

from sandbox.faults import FAULTS

PAT, SAM = "pat@example.com", "sam@example.com"
TOKEN, OTHER_TOKEN = "tokenized-one", "tokenized-two"
CARD = "4111111111111111"
AUTHENTICATION = "remoteauthentication"
AGENT_CONNECT = "agentconnectapi/OneTimePayment/GenerateOneTimePaymentUrl"
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


RIGHT = {
    "customer/RetrieveCustomerGuid": {"AccountNumber": "1001"},
    "customer/CreateCustomerRecord": CUSTOMER,
    f"{AUTHENTICATION}/RetrieveUsers": {"AccountNumber": "1001"},
    f"{AUTHENTICATION}/RegisterAccounts": {
        "LoginTypeID": 1,
        "EmailAddress": PAT,
        "PasswordToken": TOKEN,
        "Accounts": [{"AccountNumber": "1001"}],
    },
    f"{AUTHENTICATION}/UpdatePassword": {"EmailAddress": PAT, "PasswordToken": TOKEN},
    f"{AUTHENTICATION}/RemoteAuthentication": {
        "AccountNumber": "1001",
        "EmailAddress": PAT,
        "PasswordToken": TOKEN,
    },
    AGENT_CONNECT: {
        "Customers": [{"AccountNumber": "1001", "Invoices": [{"InvoiceNumber": "101"}]}]
    },
}


@pytest.mark.requirement("D1")
@pytest.mark.parametrize("path", RIGHT)
def test_every_service_is_strict(rest, path):
    """Media type, verb, credentials, JSON, size, unknown fields; and a path in any case."""
    right = RIGHT[path]
    rest.register()
    assert rest.post(path.upper() if "agent" not in path else path, right).is_success
    for media_type in ("text/plain", "application/json; charset=utf-16", "application/xml"):
        answer = rest.post(path, right, Content_Type=media_type)
        rest.refuses(answer, 415, "UnsupportedMediaType")
    base = rest.root if "agent" in path else rest.base
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        answer = rest.client.request(method, f"{base}/{path}", headers=rest.basic())
        rest.refuses(answer, 405, "MethodNotAllowed")
        assert answer.headers["Allow"] == "POST"
    rest.refuses(rest.post(path, right, Authorization="Basic d3Jvbmc6"), 401, "Unauthorized")
    for content in ("", "{", "[]", "null", '{"a": NaN}', '{"a": 1, "A": 2}', '{"a": "\\ud800"}'):
        rest.refuses(rest.post(path, content), 400, "InvalidRequest", "$")
    for deep in ('{"a":' * 33 + "1" + "}" * 33, "[" * 100_000):
        rest.refuses(rest.post(path, deep), 400 if len(deep) < 60_000 else 413, *refusal_of(deep))
    rest.refuses(rest.post(path, {**right, "Extra": 1}), 400, "InvalidRequest", "Extra")
    for name in right:
        without = {other: value for other, value in right.items() if other != name}
        if name != "Address2":
            rest.refuses(rest.post(path, without), 400, "InvalidRequest", name)
        rest.refuses(rest.post(path, {**right, name: {}}), 400, "InvalidRequest", name)


def refusal_of(deep: str) -> tuple[str, str | None]:
    return ("InvalidRequest", "$") if len(deep) < 60_000 else ("TooLarge", None)


@pytest.mark.requirement("D1", "D3")
@pytest.mark.parametrize(
    ("path", "change", "field"),
    [
        ("RegisterAccounts", {"LoginTypeID": 2}, "LoginTypeID"),
        ("RegisterAccounts", {"LoginTypeID": "1"}, "LoginTypeID"),
        ("RegisterAccounts", {"EmailAddress": "pat"}, "EmailAddress"),
        ("RegisterAccounts", {"EmailAddress": f"{'x' * 250}@a.bc"}, "EmailAddress"),
        ("RegisterAccounts", {"PasswordToken": "short"}, "PasswordToken"),
        ("RegisterAccounts", {"Accounts": []}, "Accounts"),
        ("RegisterAccounts", {"Accounts": [{}]}, "Accounts.0.AccountNumber"),
        ("RegisterAccounts", {"Accounts": [{"AccountNumber": 1}]}, "Accounts.0.AccountNumber"),
        ("RegisterAccounts", {"Accounts": [{"AccountNumber": "1", "a": 1}]}, "Accounts.0.a"),
        ("RetrieveUsers", {"AccountNumber": "0"}, "AccountNumber"),
        ("RetrieveUsers", {"AccountNumber": 1001}, "AccountNumber"),
        ("RetrieveUsers", {"AccountNumber": "' or 1=1"}, "AccountNumber"),
    ],
)
def test_a_wrong_value_is_named_and_not_told_again(rest, path, change, field):
    path = f"{AUTHENTICATION}/{path}"
    answer = rest.post(path, {**RIGHT[path], **change})
    rest.refuses(answer, 400, "InvalidRequest", field)
    assert "or 1=1" not in answer.text
    assert not rest.users()["Registered"]


@pytest.mark.requirement("D1")
def test_an_unknown_path_is_404_in_the_same_words(rest):
    for path in ("", "biller", "remoteauthentication/", "cp//account", "cp/x/account/y"):
        rest.refuses(rest.get(path), 404, "NotFound")


@pytest.mark.requirement("D1")
def test_nothing_secret_stands_in_the_journal_or_the_state(rest):
    rest.register()
    token = rest.authenticate()
    rest.sign_on(token)
    url = rest.post(AGENT_CONNECT, RIGHT[AGENT_CONNECT]).json()["Data"]["AgentConnectUrl"]
    answer = rest.post(f"{AUTHENTICATION}/RetrieveUsers", {CARD: 1})
    told = rest.world.journal.as_lines() + answer.text
    told += rest.client.get(f"{rest.world.base_url}/_sandbox/state").text
    for secret in (token, TOKEN, rest.keys[0], url.rpartition("/")[2], CARD):
        assert secret not in told
    calls = rest.world.journal.entries(operation="CloudSSO")
    assert [(call.status, call.outcome) for call in calls] == [(302, "signed on, to bills")]


@pytest.mark.requirement("D1")
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_fault_strikes_before_or_after_the_deed(rest, moment):
    """Severed after the deed, the login is there, and the repeat finds it."""
    rest.world.faults.arm(
        kind="sever",
        effect=FAULTS["sever"]({}),
        partner="invoice_cloud",
        operation="RegisterAccounts",
        moment=moment,
        count=1,
        match={"account_number": "1001"},
        parameters={},
    )
    with pytest.raises(httpx.TransportError):
        rest.register()
    assert rest.users()["Registered"] is (moment == "after")
    assert rest.register()["NewLogin"] is (moment == "before")
