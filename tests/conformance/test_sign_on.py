"""Signing payers on, over real sockets: IMT asks, the adapter registers, Invoice Cloud opens."""

import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import httpx
import jsonschema_rs
import pytest

from contracts.loader import schema, vectors
from sandbox.fakes.invoice_cloud.customers.book import CustomersBook, EnrollmentKind
from sandbox.fakes.invoice_cloud.customers.enrollments import enroll, setting_of
from sandbox.fakes.invoice_cloud.customers.registration import has_password, register, users_of
from sandbox.fakes.invoice_cloud.customers.sessions import session_of
from sandbox.faults import FAULTS

PAT, KIM = "pat.reeve@example.com", "kim@example.com"
PAGES = {
    1: "bills",
    2: "paperless",
    3: "autopay",
    5: "payment-options",
    9: "scheduled",
    10: "recurring",
    11: "pay-by-text",
}
CUSTOMER = {
    "name": "Pat Reeve",
    "address1": "12 Mill Road",
    "address2": "Apt. 4",
    "city": "Camp Point",
    "state": "IL",
    "zip": "62320",
}
OPERATIONS = ("RetrieveUsers", "CreateCustomerRecord", "RegisterAccounts", "UpdatePassword")


class Portal:
    """IMT as the adapter's sign-on door meets it, and a payer's browser beside it."""

    def __init__(self, doors, browser):
        self.doors, self.browser = doors, browser
        self.world, self.biller = doors.world, doors.biller
        self.slug = doors.biller.slug
        _, self.account, _ = doors.invoice()

    def ask(self, **changes):
        told = {
            "accountNumber": self.account,
            "emailAddress": PAT,
            "ownerConfirmed": True,
            "redirectId": 1,
            "customer": CUSTOMER,
            **changes,
        }
        return self.doors.client.post(
            f"/billers/{self.slug}/sign-on",
            json={name: value for name, value in told.items() if value is not None},
            auth=(self.biller.biller_guid, self.biller.sign_on_key),
        )

    def sign_on(self, **changes):
        answer = self.ask(**changes)
        assert answer.status_code == 200, answer.text
        document = answer.json()
        errors = jsonschema_rs.validator_for(schema("adapter", "SignedOn")).iter_errors(document)
        assert list(errors) == []
        return document

    def follow(self, url):
        """Open a sign-on URL; return the answer and whose session it opened."""
        self.browser.cookies.clear()
        answer = self.browser.get(url)
        return answer, session_of(self.world, answer.cookies.get("ic_session"))

    def bill(self):
        """Let the hourly file bill every open invoice, so that its account exists."""
        (report,) = self.doors.adapter.engine.run_job("send_invoices", self.slug)
        assert report.failure is None

    def register(self, email):
        """Register at Invoice Cloud itself, with a password of one's own."""
        return register(self.world, self.slug, email, "one of my own", (self.account,)).login

    def users(self):
        return [login.email_address for login in users_of(self.world, self.slug, self.account)]

    def steps(self):
        """Return what the adapter asked Invoice Cloud to do since the last look, in order."""
        entries = self.world.journal.entries(source="adapter", target="invoice_cloud")
        found = [e.operation for e in entries if e.operation != "UploadInvoiceFile"]
        self.world.journal._entries.clear()
        return found

    def arm(self, kind, operation, moment, *, count=1, **parameters):
        self.world.faults.arm(
            kind=kind,
            effect=FAULTS[kind](parameters),
            partner="invoice_cloud",
            operation=operation,
            moment=moment,
            count=count,
            match={},
            parameters=parameters,
        )


@pytest.fixture
def portal(doors):
    # Loading certificates takes longer than a whole test, and nothing here is encrypted.
    with httpx.Client(timeout=30, trust_env=False, verify=False) as browser:  # noqa: S501
        yield Portal(doors, browser)


def settings_of(portal, session):
    found = (setting_of(portal.world, session, kind) for kind in EnrollmentKind)
    return [setting for setting in found if setting is not None]


@pytest.mark.requirement("D1", "D3")
def test_an_account_that_does_not_exist_is_created_registered_and_signed_on(portal):
    document = portal.sign_on()
    assert (document["branch"], document["passwordUpdated"]) == ("created", False)
    assert portal.steps() == [
        "RetrieveUsers",
        "CreateCustomerRecord",
        "RegisterAccounts",
        "RemoteAuthentication",
    ]
    customers = portal.world.book(CustomersBook).customers
    created = customers[portal.slug, portal.account]
    assert (created.name, created.email_address) == ("Pat Reeve", PAT)
    assert "Apt. 4" in created.address
    _, session = portal.follow(document["url"])
    assert (session.account_number, portal.users()) == (portal.account, [PAT])


@pytest.mark.requirement("D1", "D3")
@pytest.mark.parametrize("multiuser", [True, False])
def test_an_account_without_login_is_registered_and_signed_on(portal, multiuser):
    portal.world.behaviours.multiuser = multiuser
    portal.bill()
    document = portal.sign_on(customer=None)
    assert (document["branch"], document["passwordUpdated"]) == ("registered", False)
    assert portal.steps() == ["RetrieveUsers", "RegisterAccounts", "RemoteAuthentication"]
    _, session = portal.follow(document["url"])
    assert (session.account_number, portal.users()) == (portal.account, [PAT])


@pytest.mark.requirement("D1", "D3")
@pytest.mark.parametrize("multiuser", [True, False])
def test_a_registered_payer_is_signed_on_in_any_spelling(portal, multiuser):
    portal.world.behaviours.multiuser = multiuser
    portal.bill()
    portal.sign_on()
    portal.steps()
    document = portal.sign_on(emailAddress=PAT.title())
    assert (document["branch"], document["passwordUpdated"]) == ("authenticated", False)
    assert portal.steps() == ["RetrieveUsers", "RemoteAuthentication"]
    assert portal.users() == [PAT]


@pytest.mark.requirement("D3")
def test_the_first_sign_on_of_a_payer_who_registered_there_updates_the_password(portal):
    """Found by e-mail, once; the next sign-on needs no update."""
    portal.bill()
    login = portal.register(PAT)
    document = portal.sign_on()
    assert (document["branch"], document["passwordUpdated"]) == ("authenticated", True)
    assert portal.steps() == [
        "RetrieveUsers",
        "RemoteAuthentication",
        "UpdatePassword",
        "RemoteAuthentication",
    ]
    _, session = portal.follow(document["url"])
    assert session.login_guid == login.guid
    assert portal.sign_on()["passwordUpdated"] is False


@pytest.mark.requirement("D3")
@pytest.mark.parametrize(
    ("multiuser", "users"), [(True, {KIM, PAT}), (False, {PAT})], ids=["multiuser", "single"]
)
def test_another_email_address_makes_a_login_that_starts_empty(portal, multiuser, users):
    portal.world.behaviours.multiuser = multiuser
    portal.bill()
    _, theirs = portal.follow(portal.sign_on(emailAddress=KIM)["url"])
    enroll(portal.world, theirs, EnrollmentKind.PAPERLESS)
    document = portal.sign_on()
    assert (document["branch"], document["passwordUpdated"]) == ("new_login", False)
    _, session = portal.follow(document["url"])
    assert session.login_guid != theirs.login_guid
    assert settings_of(portal, session) == []
    assert set(portal.users()) == users


@pytest.mark.requirement("D3")
def test_a_login_of_another_account_is_linked_and_its_password_updated(portal):
    """Its owner has one login for both accounts from then on."""
    portal.bill()
    login = portal.register(PAT)
    document = portal.sign_on(accountNumber="7654321")
    assert (document["branch"], document["passwordUpdated"]) == ("created", True)
    _, session = portal.follow(document["url"])
    assert (session.account_number, session.login_guid) == ("7654321", login.guid)
    accounts = portal.world.book(CustomersBook).logins[login.guid].accounts
    assert set(accounts) == {portal.account, "7654321"}


@pytest.mark.requirement("D3")
@pytest.mark.parametrize("confirmed", [False, None, "true"])
def test_nothing_is_asked_of_invoice_cloud_before_the_owner_is_confirmed(portal, confirmed):
    answer = portal.ask(ownerConfirmed=confirmed)
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == "ownerConfirmed"
    assert (portal.steps(), portal.users()) == ([], [])


@pytest.mark.requirement("D2", "D4")
@pytest.mark.parametrize(("redirect_id", "page"), PAGES.items())
def test_each_redirect_leads_to_its_page(portal, redirect_id, page):
    portal.bill()
    document = portal.sign_on(redirectId=redirect_id)
    query = parse_qs(urlsplit(document["url"]).query)
    assert (query["ViewMode"], query["RedirectID"]) == (["0"], [str(redirect_id)])
    answer, session = portal.follow(document["url"])
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith(f"/invoicecloud/portal/customer/{page}")
    assert session.account_number == portal.account


@pytest.mark.requirement("D2")
def test_style_sheet_and_way_back_reach_the_page(portal):
    css, back = "https://imt.example/pay.css?v=1&dark", f"{portal.world.base_url}/imt/300/portal/"
    document = portal.sign_on(cssUrl=css, returnUrl=back)
    _, session = portal.follow(document["url"])
    assert (session.css_url, session.return_url) == (css, back)


@pytest.mark.requirement("D1", "D2")
def test_a_sign_on_url_is_good_once_and_for_a_while(portal):
    first, second, third = (portal.sign_on()["url"] for _ in range(3))
    assert len({first, second, third}) == 3
    assert portal.follow(first)[1] is not None
    answer, session = portal.follow(first)
    assert (answer.status_code, session) == (403, None)
    portal.world.clock.advance(portal.world.behaviours.sso_token_lifetime_seconds - 1)
    assert portal.follow(second)[1] is not None
    portal.world.clock.advance(1)
    answer, session = portal.follow(third)
    assert (answer.status_code, session) == (403, None)


@pytest.mark.requirement("D1")
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(("kind", "moment"), [("sever", "before"), ("sever", "after")])
def test_a_lost_answer_registers_nobody_twice(portal, operation, kind, moment):
    """At once, or when IMT asks again."""
    if operation == "UpdatePassword":
        portal.bill()
        portal.register(PAT)
    portal.arm(kind, operation, moment)
    answer = portal.ask()
    if operation in {"CreateCustomerRecord", "RegisterAccounts"}:
        assert answer.status_code == 200, answer.text
        assert answer.json()["branch"] == "created"
    else:
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
    assert portal.sign_on()["branch"] in {"authenticated", "created"}
    assert portal.users() == [PAT]
    customers = portal.world.book(CustomersBook).customers
    assert len(customers) == (0 if operation == "UpdatePassword" else 1)


@pytest.mark.requirement("D1")
def test_an_account_that_was_never_billed_needs_its_customer(portal):
    answer = portal.ask(customer=None)
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == "customer"
    assert portal.steps() == ["RetrieveUsers"]


@pytest.mark.requirement("D1")
def test_a_wrong_api_key_is_a_setting_to_mend_and_takes_effect_at_once(portal):
    settings = portal.doors.settings
    table = settings["billers"][portal.slug]["invoice_cloud"]
    right, table["api_key"] = table["api_key"], "another-api-key"
    portal.doors.write(settings)
    answer = portal.ask()
    assert answer.status_code == 503
    assert "another-api-key" not in answer.text
    table["api_key"] = right
    portal.doors.write(settings)
    assert portal.sign_on()["branch"] == "created"


@pytest.mark.requirement("D1")
@pytest.mark.parametrize("table", ["sign_on", "api_key"])
def test_a_biller_without_sign_on_says_what_to_set(portal, table):
    settings = portal.doors.settings
    biller = settings["billers"][portal.slug]
    biller.pop(table, None)
    biller["invoice_cloud"].pop(table, None)
    portal.doors.write(settings)
    answer = portal.ask()
    assert answer.status_code == 404
    assert table in answer.json()["error"]["remedy"]


@pytest.mark.requirement("D3")
def test_another_seed_costs_one_update_and_nobody_their_login(portal):
    portal.sign_on()
    settings = portal.doors.settings
    settings["billers"][portal.slug]["sign_on"]["password_seed"] = (
        "another seed, of 32 characters." * 2
    )
    portal.doors.write(settings)
    document = portal.sign_on()
    assert (document["branch"], document["passwordUpdated"]) == ("authenticated", True)
    assert portal.users() == [PAT]


@pytest.mark.requirement("D1")
def test_no_journal_and_no_ledger_holds_a_password_or_a_sign_on_token(portal):
    url = portal.sign_on()["url"]
    token = parse_qs(urlsplit(url).query)["RemoteAuthenticationToken"][0]
    portal.follow(url)
    seed = portal.doors.settings["billers"][portal.slug]["sign_on"]["password_seed"]
    told = f"{portal.biller.biller_guid}\n{PAT}".encode()
    password = hmac.new(seed.encode(), told, hashlib.sha256).hexdigest()
    (login,) = portal.world.book(CustomersBook).logins.values()
    assert has_password(login, password)
    written = [path.read_text("latin-1") for path in portal.doors.path.parent.glob("adapter.db*")]
    written.append(portal.world.journal.as_lines())
    secrets = (token, seed, password, portal.biller.api_key, portal.biller.sign_on_key)
    assert not [secret for secret in secrets for text in written if secret in text]


VALID = [
    vector
    for vector in vectors("adapter/vectors")
    if vector.valid and vector.document["operation"] == "SignOn"
]


@pytest.mark.requirement("D1", "D2", "D3")
@pytest.mark.parametrize("vector", VALID, ids=lambda vector: vector.name)
def test_the_door_takes_the_valid_vectors(portal, vector):
    """All but the token, and where Invoice Cloud is, are as the vector says."""
    request, promised = (vector.document[part] for part in ("request", "response"))
    if promised["body"]["branch"] != "created":
        portal.bill()
    pair = f"{portal.biller.biller_guid}:{portal.biller.sign_on_key}"
    basic = base64.b64encode(pair.encode()).decode()
    headers = {name: text.format(sign_on=basic) for name, text in request["headers"].items()}
    body = {**request["body"], "accountNumber": portal.account}
    answer = portal.doors.client.post(request["path"], headers=headers, content=json.dumps(body))
    assert answer.status_code == promised["status"], answer.text
    told = answer.json()
    queries = [parse_qs(urlsplit(d.pop("url")).query) for d in (told, dict(promised["body"]))]
    for query in queries:
        assert query.pop("RemoteAuthenticationToken")
    assert queries[0] == queries[1]
    assert told == {name: v for name, v in promised["body"].items() if name != "url"}
