"""Invoice Cloud's REST services: what goes out, what each answer means, and no secret told."""

import base64
import json

import httpx
import pytest

from adapter.domain.registration import (
    AccountExistsError,
    Customer,
    Destination,
    PasswordMismatchError,
    Payer,
    Redirect,
)
from adapter.errors import (
    ConfigurationError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.partners.http import UnreadableAnswerError
from adapter.partners.invoice_cloud_rest import InvoiceCloudRestClient, token_of, users_of
from adapter.settings import RestAccess
from tests.unit.partners.conftest import Partner

ACCESS = RestAccess(
    base_url="https://ic.example/api/v1",
    cloud_sso_url="https://ic.example/portal/cloudsso.aspx",
    api_key="api-k3y-of-alpha",
)
GUID = "28C724D2-0ee2-4200-8a9e-c9e7ce791440"
SEED = "a seed of thirty-two characters or more"
PAYER = Payer(account_number="1204117", email_address="Pat@Example.com", customer=None)
CUSTOMER = Customer(
    name="Pat Reeve",
    address1="12 Mill Road",
    address2="",
    city="Camp Point",
    state="IL",
    zip_code="62320",
)
TOKEN = "8f2c41d07b9e6a53"


class InvoiceCloud(Partner):
    def refuse(self, status, code, **rest):
        self.answer = httpx.Response(status, json={"ErrorCode": code, "Message": code, **rest})

    @property
    def asked(self):
        (request,) = self.requests
        return json.loads(request.content)


@pytest.fixture
def invoice_cloud():
    return InvoiceCloud()


@pytest.fixture
def open_rest(invoice_cloud, wire):
    def open_with(**changes):
        return InvoiceCloudRestClient(
            wire(invoice_cloud, partner="invoice_cloud"),
            ACCESS,
            settings="billers.alpha.invoice_cloud",
            **{"biller_guid": GUID, "password_seed": SEED, **changes},
        )

    return open_with


@pytest.fixture
def rest(open_rest):
    return open_rest()


def each_call(rest):
    """Return every operation that reaches Invoice Cloud, by name."""
    return {
        "RetrieveUsers": lambda: rest.known_users("1204117"),
        "CreateCustomerRecord": lambda: rest.create_customer(PAYER, CUSTOMER),
        "RegisterAccounts": lambda: rest.register(PAYER),
        "UpdatePassword": lambda: rest.update_password(PAYER.email_address),
        "RemoteAuthentication": lambda: rest.authenticate(PAYER),
    }


OPERATIONS = tuple(each_call(None))
MAKING = ("CreateCustomerRecord", "RegisterAccounts")
USERS = {"AccountExists": True, "Registered": True, "CustomerGuid": "c", "Users": []}


def test_retrieve_users_tells_who_is_registered(invoice_cloud, rest):
    users = [{"EmailAddress": "pat@example.com", "LoginTypeID": 1}, {"EmailAddress": None}]
    invoice_cloud.answer = httpx.Response(200, json={**USERS, "Users": users})
    known = rest.known_users("1204117")
    assert (known.account_exists, known.registered) == (True, True)
    assert known.email_addresses == ("pat@example.com",)
    (request,) = invoice_cloud.requests
    assert str(request.url) == "https://ic.example/api/v1/remoteauthentication/RetrieveUsers"
    assert base64.b64decode(request.headers["Authorization"][6:]) == b"api-k3y-of-alpha:"
    assert request.headers["Content-Type"] == "application/json"
    assert invoice_cloud.asked == {"AccountNumber": "1204117"}


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {**USERS, "AccountExists": "true"},
        {**USERS, "Registered": None},
        {**USERS, "Users": {}},
        {**USERS, "Users": [{"EmailAddress": 7}]},
        {**USERS, "AccountExists": False},
        {**USERS, "Users": [{}] * 1001},
    ],
)
def test_what_is_no_list_of_users_is_not_believed(document):
    with pytest.raises(UnreadableAnswerError):
        users_of(document)


def test_users_without_the_flag_are_users_all_the_same():
    users = [{"EmailAddress": "pat@example.com"}]
    assert users_of({**USERS, "Registered": False, "Users": users}).registered


def test_a_customer_is_created_in_invoice_clouds_words(invoice_cloud, rest):
    invoice_cloud.answer = httpx.Response(201, json={"CustomerGuid": "c"})
    rest.create_customer(PAYER, CUSTOMER)
    assert invoice_cloud.asked == {
        "AccountNumber": "1204117",
        "CustomerName": "Pat Reeve",
        "Address1": "12 Mill Road",
        "Address2": "",
        "City": "Camp Point",
        "State": "IL",
        "Zip": "62320",
        "EmailAddress": "Pat@Example.com",
    }


def test_an_account_that_exists_by_now_is_told_apart(invoice_cloud, rest):
    invoice_cloud.refuse(409, "AccountExists")
    with pytest.raises(AccountExistsError):
        rest.create_customer(PAYER, CUSTOMER)
    invoice_cloud.refuse(409, "Locked")
    with pytest.raises(RejectedError, match="Locked") as caught:
        rest.create_customer(PAYER, CUSTOMER)
    assert not isinstance(caught.value, AccountExistsError)


def test_registering_sends_login_type_1_and_a_made_password(invoice_cloud, rest):
    rest.register(PAYER)
    asked = invoice_cloud.asked
    password = asked.pop("PasswordToken")
    assert asked == {
        "LoginTypeID": 1,
        "EmailAddress": "Pat@Example.com",
        "Accounts": [{"AccountNumber": "1204117"}],
    }
    assert len(password) == 64


def test_a_password_is_the_same_each_time_and_another_for_each_biller_seed_and_address(
    invoice_cloud, open_rest
):
    def password_of(email="pat@example.com", **changes):
        invoice_cloud.requests.clear()
        open_rest(**changes).update_password(email)
        return invoice_cloud.asked["PasswordToken"]

    known = password_of()
    assert password_of("PAT@example.com") == password_of(biller_guid=GUID.lower()) == known
    others = {
        password_of("kim@example.com"),
        password_of(biller_guid="00000000-0000-4000-8000-000000000001"),
        password_of(password_seed=f"{SEED}!"),
    }
    assert len(others | {known}) == 4


def test_authentication_returns_the_token(invoice_cloud, rest):
    invoice_cloud.answer = httpx.Response(200, json={"RemoteAuthenticationToken": TOKEN})
    assert rest.authenticate(PAYER) == TOKEN
    assert set(invoice_cloud.asked) == {"AccountNumber", "EmailAddress", "PasswordToken"}


@pytest.mark.parametrize("token", [None, "", 7, "a b\n", "ä", "x" * 2049])
def test_what_is_no_token_is_not_believed(token):
    with pytest.raises(UnreadableAnswerError):
        token_of({"RemoteAuthenticationToken": token})
    with pytest.raises(UnreadableAnswerError):
        token_of([token])


def test_another_password_is_told_apart_from_a_refused_key(invoice_cloud, rest):
    invoice_cloud.refuse(401, "PasswordMismatch", Field="PasswordToken")
    with pytest.raises(PasswordMismatchError):
        rest.authenticate(PAYER)
    for answer in (
        httpx.Response(401, json={"ErrorCode": "Unauthorized"}),
        httpx.Response(401, text="<html>PasswordMismatch</html>"),
        httpx.Response(401, json=["PasswordMismatch"]),
    ):
        invoice_cloud.answer = answer
        with pytest.raises(ConfigurationError, match=r"billers\.alpha\.invoice_cloud") as caught:
            rest.authenticate(PAYER)
        assert ACCESS.api_key not in str(caught.value)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_refused_key_is_a_wrong_setting(invoice_cloud, rest, operation):
    invoice_cloud.refuse(401, "Unauthorized")
    with pytest.raises(ConfigurationError, match="api_key"):
        each_call(rest)[operation]()


def test_retrieve_users_is_always_there_so_a_404_is_a_wrong_address(invoice_cloud, rest):
    invoice_cloud.refuse(404, "NotFound")
    with pytest.raises(ConfigurationError, match="rest_base_url"):
        rest.known_users("1204117")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "answer",
    [
        httpx.ReadTimeout("silence"),
        httpx.ReadError("cut off"),
        httpx.Response(502),
        httpx.Response(400, text="<html>a gateway's page</html>"),
    ],
)
def test_a_lost_answer_is_in_doubt_only_where_something_is_made(
    invoice_cloud, rest, operation, answer
):
    invoice_cloud.answer = answer
    kind = OutcomeUnknownError if operation in MAKING else RetryableError
    with pytest.raises(kind):
        each_call(rest)[operation]()


@pytest.mark.parametrize("operation", [name for name in OPERATIONS if name != "RetrieveUsers"])
def test_a_refusal_in_json_is_believed(invoice_cloud, rest, operation):
    invoice_cloud.refuse(400, "InvalidRequest", Field="EmailAddress")
    with pytest.raises(RejectedError, match="InvalidRequest"):
        each_call(rest)[operation]()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_error_quotes_a_secret(invoice_cloud, rest, operation):
    """Not even when Invoice Cloud writes back all that it was sent."""

    def echo(request):
        key = request.headers["Authorization"]
        body = json.loads(request.content)
        told = {"ErrorCode": "X", "Key": key, "RemoteAuthenticationToken": TOKEN, "You": body}
        return httpx.Response(400, json=told)

    invoice_cloud.answer = echo
    with pytest.raises(RejectedError) as caught:
        each_call(rest)[operation]()
    sent = json.loads(invoice_cloud.requests[0].content)
    secrets = [ACCESS.api_key, TOKEN, SEED, sent.get("PasswordToken", SEED)]
    secrets.append(base64.b64encode(f"{ACCESS.api_key}:".encode()).decode())
    assert not [secret for secret in secrets if secret in str(caught.value)]


@pytest.mark.parametrize("redirect", Redirect)
def test_the_url_redirects_to_each_page(rest, redirect):
    url = httpx.URL(rest.sign_on_url("to ken", Destination(redirect=redirect)))
    assert url.path == "/portal/cloudsso.aspx"
    assert dict(url.params) == {
        "RemoteAuthenticationToken": "to ken",
        "ViewMode": "0",
        "RedirectID": str(redirect.value),
    }


def test_the_url_carries_style_sheet_and_way_back(rest):
    destination = Destination(
        redirect=Redirect.AUTOPAY,
        css_url="https://imt.example/a.css?b=1&c",
        return_url="https://imt.example/policy?n=7&x",
    )
    params = httpx.URL(rest.sign_on_url(TOKEN, destination)).params
    assert params["CSSUrl"] == destination.css_url
    assert params["ReturnUrl"] == destination.return_url
