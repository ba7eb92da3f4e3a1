"""The sign-on door: IMT's own key, one answer for each branch, each failure in the envelope."""

import base64

import pytest

from adapter.domain.registration import KnownUsers, PasswordMismatchError
from adapter.errors import ConfigurationError, OutcomeUnknownError, RejectedError, RetryableError

BILLER_GUID = "28c724d2-0ee2-4200-8a9e-c9e7ce791440"
KEY = "imts-sign-on-key"
SIGN_ON = {"key": KEY, "password_seed": "a seed of thirty-two characters or more"}
PATH = "/billers/alpha-mutual/sign-on"
BODY = {
    "accountNumber": "1204117",
    "emailAddress": "pat@example.com",
    "ownerConfirmed": True,
    "redirectId": 2,
}


class PayerAccounts:
    """Invoice Cloud's accounts as a test wants them: known users, or an error to raise."""

    def __init__(self):
        self.known = KnownUsers(
            account_exists=True, registered=True, email_addresses=("pat@example.com",)
        )
        self.error = None
        self.registered = []

    def known_users(self, _account_number):
        if self.error is not None:
            raise self.error
        return self.known

    def register(self, payer):
        self.registered.append(payer.email_address)

    def authenticate(self, _payer):
        return "t0ken"

    def sign_on_url(self, token, destination):
        return f"https://ic.example/{token}/{destination.redirect.value}"


@pytest.fixture
def accounts(adapter):
    adapter.change(biller={"sign_on": SIGN_ON})
    adapter.billers.payer_accounts = PayerAccounts()
    return adapter.billers.payer_accounts


def basic(username=BILLER_GUID, password=KEY):
    joined = base64.b64encode(f"{username}:{password}".encode()).decode()
    return {"Authorization": f"Basic {joined}"}


def test_the_way_in_is_answered(client, accounts):
    answer = client.post(PATH, json=BODY, headers=basic(BILLER_GUID.upper()))
    assert answer.status_code == 200
    assert answer.get_json() == {
        "url": "https://ic.example/t0ken/2",
        "branch": "authenticated",
        "passwordUpdated": False,
    }
    assert accounts.registered == []


def test_a_branch_that_registers_says_so(client, accounts):
    accounts.known = KnownUsers(account_exists=True, registered=False)
    answer = client.post(PATH, json=BODY, headers=basic())
    assert answer.get_json()["branch"] == "registered"
    assert accounts.registered == ["pat@example.com"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic(password="door-s3cret"),
        basic(password=""),
        basic(username="pat"),
        {"Authorization": f"Bearer {KEY}"},
        {"Authorization": "Basic \xff"},
    ],
)
@pytest.mark.usefixtures("accounts")
def test_another_key_does_not_open_it(client, headers):
    answer = client.post(PATH, json=BODY, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    unknown = client.post("/billers/nobody/sign-on", json=BODY, headers=headers)
    assert unknown.get_json() == answer.get_json()


@pytest.mark.usefixtures("accounts")
def test_its_key_opens_no_other_door(client):
    assert client.get("/billers/alpha-mutual/balance", headers=basic()).status_code == 401
    answer = client.post("/billers/alpha-mutual/payments", json={}, headers=basic())
    assert answer.status_code == 401


def test_a_biller_without_sign_on_tells_who_knows_it_what_to_set(client):
    answer = client.post(PATH, json=BODY, headers=basic())
    assert answer.status_code == 404
    assert "billers.alpha-mutual.sign_on" in answer.get_json()["error"]["remedy"]
    for headers in ({}, basic(username="pat"), basic(username="", password="")):
        assert client.post(PATH, json=BODY, headers=headers).status_code == 401


def test_a_biller_without_an_api_key_tells_what_to_set(client, adapter, accounts):
    adapter.billers.payer_accounts = None
    answer = client.post(PATH, json=BODY, headers=basic())
    assert answer.status_code == 404
    assert "invoice_cloud.api_key" in answer.get_json()["error"]["remedy"]
    assert accounts.registered == []


@pytest.mark.usefixtures("accounts")
def test_the_body_is_read_strictly(client):
    for body, field in (
        ({**BODY, "ownerConfirmed": False}, "ownerConfirmed"),
        ({**BODY, "redirectId": 4}, "redirectId"),
        ({**BODY, "password": "x"}, "password"),
        ([BODY], None),
    ):
        answer = client.post(PATH, json=body, headers=basic())
        assert answer.status_code == 400
        assert answer.get_json()["error"]["field"] == field
    assert client.post(PATH, data=BODY, headers=basic()).status_code == 415
    assert client.get(PATH, headers=basic()).status_code == 405


def test_a_customer_is_asked_for_where_there_is_no_account(client, accounts):
    accounts.known = KnownUsers(account_exists=False, registered=False)
    answer = client.post(PATH, json=BODY, headers=basic())
    assert answer.status_code == 400
    assert answer.get_json()["error"]["field"] == "customer"


def failed(kind, **rest):
    return kind("it failed", partner="invoice_cloud", operation="RegisterAccounts", **rest)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (failed(RetryableError, retry_after_seconds=7), 503, "unavailable"),
        (failed(OutcomeUnknownError), 503, "unavailable"),
        (failed(RejectedError, excerpt='{"ErrorCode": "InvalidRequest"}'), 422, "refused"),
        (failed(PasswordMismatchError), 422, "refused"),
        (ConfigurationError("billers.alpha-mutual.invoice_cloud: refused"), 503, "unavailable"),
    ],
)
def test_a_failure_leaves_in_the_envelope(client, accounts, error, status, code):
    accounts.error = error
    answer = client.post(PATH, json=BODY, headers=basic())
    assert answer.status_code == status
    assert answer.get_json()["error"]["code"] == code
    if status == 503:
        assert answer.headers["Retry-After"]
    else:
        assert "RegisterAccounts" in answer.get_json()["error"]["message"]


@pytest.mark.usefixtures("accounts")
def test_the_configuration_tells_of_the_sign_on_without_a_secret(client, adapter):
    settings = adapter.source.current().billers["alpha-mutual"]
    rest = {"base_url": "https://ic.example/v1", "cloud_sso_url": "https://ic.example/sso"}
    tables = {"api_key": "alphas-api-key", "rest_base_url": rest["base_url"]}
    tables["cloud_sso_url"] = rest["cloud_sso_url"]
    adapter.change(biller={"sign_on": SIGN_ON, "invoice_cloud": tables})
    told = client.get("/ops/configuration")
    (biller,) = told.get_json()["billers"]
    assert biller["settings"]["rest"] == {**rest, "api_key": "[hidden]"}
    assert set(biller["settings"]["sign_on"].values()) == {"[hidden]"}
    text = told.get_data(as_text=True)
    assert not [secret for secret in adapter.source.current().secrets if secret in text]
    assert settings.rest is None
