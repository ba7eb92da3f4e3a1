"""IMT's portal as a browser meets it: confirm, register, the seven ways in, and every no."""

import re

import httpx
import pytest
from lxml import html

from sandbox.fakes.imt import portal as portal_module
from sandbox.fakes.imt.book import ImtBook
from sandbox.fakes.imt.owners import owner_name
from sandbox.fakes.imt.portal_sessions import LIFETIME
from sandbox.fakes.imt.sign_on import SignedOn, SignOnFailedError


class Portal:
    """A browser at the portal of one world's first carrier; the adapter answers as it is told."""

    def __init__(self, world, browser):
        self.world, self.browser = world, browser
        self.biller = world.billers[0]
        self.url = f"{world.base_url}/imt/{self.biller.imt.company_id}/portal/"
        self.policy = next(iter(world.book(ImtBook).policies.values()))
        self.asked = []
        self.answer = SignedOn(
            url=f"{world.base_url}/invoicecloud/there?token=t",
            branch="created",
            password_updated=False,
        )

    def sign_on(self, _world, _biller, policy, **told):
        self.asked.append((policy.policy_number, told))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def get(self, path=""):
        return self.browser.get(f"{self.url}{path}")

    def register(self, **changes):
        form = {
            "policy_number": self.policy.policy_number,
            "owner": owner_name(self.policy),
            "zip_code": self.policy.zip_code,
            "email": "pat@example.com",
            **changes,
        }
        return self.browser.post(self.url, data=form)


@pytest.fixture
def portal(world, monkeypatch):
    # Loading certificates takes longer than a whole test, and nothing here is encrypted.
    with httpx.Client(timeout=30, trust_env=False, verify=False) as browser:  # noqa: S501
        portal = Portal(world, browser)
        monkeypatch.setattr(portal_module, "sign_on", portal.sign_on)
        yield portal


def text_of(answer):
    return " ".join(html.fromstring(answer.text).text_content().split())


def test_the_form_is_labelled_and_lists_policies_to_try(portal):
    answer = portal.get()
    assert answer.status_code == 200
    page = html.fromstring(answer.text)
    for name in ("policy_number", "owner", "zip_code", "email"):
        (field,) = page.xpath(f"//input[@name='{name}']")
        assert page.xpath(f"//label[@for='{field.get('id')}']")
        for described in field.get("aria-describedby").split():
            assert page.get_element_by_id(described) is not None
    assert portal.policy.policy_number in text_of(answer)


def test_an_owner_is_registered_and_led_to_the_policy(portal):
    answer = portal.register()
    assert (answer.status_code, portal.asked[0][0]) == (303, portal.policy.policy_number)
    assert answer.headers["Location"].endswith("/portal/policy")
    cookie = answer.headers["Set-Cookie"]
    path = httpx.URL(portal.url).path
    assert re.search(rf"Path={re.escape(path)}(;|$)", cookie)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    page = portal.get("policy")
    assert portal.policy.customer_name in text_of(page)
    for link in portal_module.LINKS:
        assert f"{path}go/{link.redirect_id}" in page.text
        assert f"{path}frame/{link.redirect_id}" in page.text


@pytest.mark.parametrize(
    ("branch", "says"),
    [
        ("created", "Your account was created"),
        ("registered", "You are registered"),
        ("new_login", "AutoPay, paperless and pay-by-text settings start empty"),
        ("authenticated", "You are signed on"),
    ],
)
def test_the_policy_page_says_what_registering_came_to(portal, branch, says):
    portal.answer = SignedOn(url=portal.url, branch=branch, password_updated=branch == "new_login")
    portal.register()
    told = text_of(portal.get("policy"))
    assert says in told
    assert ("was replaced" in told) == (branch == "new_login")


def test_nobody_is_registered_before_the_owner_is_confirmed(portal):
    answer = portal.register(owner="Somebody Else")
    assert (answer.status_code, portal.asked) == (422, [])
    page = html.fromstring(answer.text)
    (field,) = page.xpath("//input[@name='policy_number']")
    assert field.get("aria-invalid") == "true"
    error = page.get_element_by_id("owner-policy_number-error")
    assert "do not belong together" in error.text_content()
    assert "owner-policy_number-error" in field.get("aria-describedby")
    assert page.xpath("//input[@name='owner']")[0].get("value") == "Somebody Else"
    assert portal.get("policy").status_code == 401


def test_what_was_typed_is_never_markup(portal):
    answer = portal.register(owner='"><script>alert(1)</script>')
    assert "<script" not in answer.text


def test_each_link_signs_on_anew_and_redirects(portal):
    portal.register()
    for link in portal_module.LINKS:
        answer = portal.get(f"go/{link.redirect_id}")
        assert (answer.status_code, answer.headers["Location"]) == (302, portal.answer.url)
        _, told = portal.asked[-1]
        assert told["redirect_id"] == link.redirect_id
        assert told["return_url"] == f"{portal.url}policy"


def test_each_link_is_shown_in_a_frame_without_a_way_back(portal):
    portal.register()
    for link in portal_module.LINKS:
        answer = portal.get(f"frame/{link.redirect_id}")
        (frame,) = html.fromstring(answer.text).xpath("//iframe")
        assert frame.get("src") == portal.answer.url
        assert link.title in frame.get("title")
        assert portal.asked[-1][1]["return_url"] == ""


@pytest.mark.parametrize("path", ["go/4", "frame/4", "go/0"])
def test_an_unknown_redirect_is_no_page(portal, path):
    portal.register()
    asked = len(portal.asked)
    assert portal.get(path).status_code == 404
    assert len(portal.asked) == asked


@pytest.mark.parametrize("path", ["policy", "go/1", "frame/1"])
def test_without_a_session_the_owner_confirms_first(portal, path):
    portal.register()
    portal.world.clock.advance(LIFETIME.total_seconds())
    answer = portal.get(path)
    assert answer.status_code == 401
    assert "You are not signed on" in text_of(answer)
    assert len(portal.asked) == 1


def test_signing_out_ends_the_session(portal):
    portal.register()
    assert portal.browser.post(f"{portal.url}sign-out").status_code == 303
    assert portal.get("policy").status_code == 401


def test_a_failure_is_told_where_it_happened(portal):
    failed = SignOnFailedError("It is down.", "Start it.", status=503)
    portal.answer, working = failed, portal.answer
    answer = portal.register()
    assert answer.status_code == 503
    assert "It is down. Start it." in text_of(answer)
    portal.answer = working
    portal.register()
    portal.answer = failed
    for path in ("go/2", "frame/2"):
        answer = portal.get(path)
        assert answer.status_code == 503
        assert "It is down. Start it." in text_of(answer)


def test_a_refusal_of_the_email_address_stands_beside_its_field(portal):
    portal.answer = SignOnFailedError("Not this one.", "Mend it.", status=502, field="email")
    page = html.fromstring(portal.register().text)
    assert page.get_element_by_id("owner-email-error").text_content() == "Not this one."


def test_nothing_runs_and_nothing_is_kept(portal):
    portal.register()
    for path in ("", "policy", "frame/1", "go/4", "go/1"):
        headers = portal.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script" not in policy
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_another_company_has_no_portal(portal):
    answer = portal.browser.get(f"{portal.world.base_url}/imt/999/portal/")
    assert answer.status_code == 404
    assert portal.biller.name in text_of(answer)


def test_a_form_from_another_site_or_of_no_length_registers_nobody(portal):
    portal.browser.headers["Sec-Fetch-Site"] = "cross-site"
    assert portal.register().status_code == 403
    portal.browser.headers["Sec-Fetch-Site"] = "same-origin"
    answer = portal.register(owner="x" * 20_000)
    assert (answer.status_code, portal.asked) == (413, [])
    assert "too long" in text_of(answer)
