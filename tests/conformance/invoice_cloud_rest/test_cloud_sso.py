"""CloudSSO Connect (D2): every redirect, and tokens replayed, expired, made up."""

from urllib.parse import urlsplit

import httpx
import pytest

from contracts.loader import openapi

PAGES = {
    1: "bills",
    2: "paperless",
    3: "autopay",
    5: "payment-options",
    9: "scheduled",
    10: "recurring",
    11: "pay-by-text",
}


@pytest.mark.requirement("D2")
@pytest.mark.parametrize("redirect_id", PAGES)
def test_each_redirect_leads_to_its_page_with_a_session_of_this_world(rest, redirect_id):
    rest.register()
    answer = rest.sign_on(rest.authenticate(), RedirectID=redirect_id)
    assert answer.status_code == 302
    pages = f"{rest.world.base_url}/invoicecloud/portal/customer"
    assert answer.headers["Location"] == f"{pages}/{PAGES[redirect_id]}"
    cookie = answer.headers["Set-Cookie"]
    path = f"{urlsplit(rest.world.base_url).path}/invoicecloud/portal/"
    assert f"Path={path}" in cookie
    assert "HttpOnly" in cookie
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert rest.session(answer).account_number == "1001"


@pytest.mark.requirement("D2")
def test_the_contract_names_the_same_redirects(rest):
    """And every one of them is asked for, in any case of the names."""
    parameters = openapi("invoice_cloud")["paths"]["/portal/cloudsso.aspx"]["get"]["parameters"]
    redirects = next(p for p in parameters if p["name"] == "RedirectID")["schema"]["enum"]
    assert redirects == list(PAGES)
    rest.register()
    told = {"remoteauthenticationtoken": rest.authenticate(), "VIEWMODE": 0, "redirectid": 2}
    answer = rest.client.get(f"{rest.root}/portal/CloudSSO.aspx", params=told)
    assert answer.headers["Location"].endswith("/paperless")


@pytest.mark.requirement("D2")
def test_style_sheet_and_return_address_come_along(rest):
    rest.register()
    urls = {"CSSUrl": "https://imt.example/a.css", "ReturnUrl": "http://imt.example/p?a=1&b=2"}
    session = rest.session(rest.sign_on(rest.authenticate(), **urls))
    assert (session.css_url, session.return_url) == tuple(urls.values())


@pytest.mark.requirement("D2")
def test_a_token_opens_one_session(rest):
    rest.register()
    token = rest.authenticate()
    assert rest.sign_on(token).status_code == 302
    answer = rest.sign_on(token, ReturnUrl="https://imt.example/")
    assert_page(answer, 403, "The sign-on token was used before")
    assert 'href="https://imt.example/"' in answer.text
    assert "Set-Cookie" not in answer.headers


@pytest.mark.requirement("D2")
def test_a_token_expires_on_the_worlds_clock(rest):
    rest.register()
    first, second = rest.authenticate(), rest.authenticate()
    rest.world.clock.advance(299)
    assert rest.sign_on(first).status_code == 302
    rest.world.clock.advance(1)
    assert_page(rest.sign_on(second), 403, "The sign-on token has expired")
    rest.world.behaviours.change({"sso_token_lifetime_seconds": 0})
    assert_page(rest.sign_on(rest.authenticate()), 403, "has expired")


@pytest.mark.requirement("D2")
def test_a_made_up_token_and_another_worlds_open_nothing(rest, world):
    other = type(rest)(world, rest.client)
    other.bill()
    other.register()
    for token in ("made-up", other.authenticate()):
        assert_page(rest.sign_on(token), 403, "The sign-on token is unknown")


@pytest.mark.requirement("D2")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ViewMode": 1}, "ViewMode"),
        ({"ViewMode": ""}, "ViewMode"),
        ({"ViewMode": None}, "ViewMode"),
        ({"RedirectID": 4}, "RedirectID"),
        ({"RedirectID": "1.0"}, "RedirectID"),
        ({"RedirectID": "²"}, "RedirectID"),
        ({"RedirectID": None}, "RedirectID"),
        ({"RedirectID": [1, 2]}, "RedirectID"),
        ({"RemoteAuthenticationToken": None}, "RemoteAuthenticationToken"),
        ({"RemoteAuthenticationToken": ""}, "RemoteAuthenticationToken"),
        ({"RemoteAuthenticationToken": "x" * 201}, "RemoteAuthenticationToken"),
        ({"CSSUrl": "javascript:alert(1)"}, "CSSUrl"),
        ({"ReturnUrl": 'https://a/"><script>'}, "ReturnUrl"),
        ({"ReturnUrl": "//imt.example"}, "ReturnUrl"),
        ({"<script>": "1"}, "&lt;script&gt;"),
    ],
)
def test_a_wrong_link_is_400_and_leaves_the_token_good(rest, change, field):
    rest.register()
    token = rest.authenticate()
    assert_page(rest.sign_on(token, **change), 400, f"The link is not right: {field}")
    assert rest.sign_on(token).status_code == 302


@pytest.mark.requirement("D2")
@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS", "DELETE"])
def test_another_verb_uses_no_token_up(rest, method):
    rest.register()
    token = rest.authenticate()
    answer = rest.sign_on(token, method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
    assert rest.sign_on(token).status_code == 302


def assert_page(answer: httpx.Response, status: int, told: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert told in answer.text
    assert "<script>" not in answer.text
