"""Coming in and leaving: CloudSSO, log-in, registering, sessions, form tokens and headers."""

import itertools

import httpx
import pytest

from sandbox.fakes.invoice_cloud.customers.book import CustomersBook
from sandbox.fakes.invoice_cloud.customers.registration import register
from sandbox.fakes.invoice_cloud.customers.sessions import SESSION_MINUTES
from sandbox.fakes.invoice_cloud.portal.words import PAGES
from sandbox.world.clock import DEMO_START

EMAIL, PASSWORD = "dana@example.com", "correct horse"


@pytest.mark.requirement("D2", "D4")
@pytest.mark.parametrize(("page", "title"), PAGES.items())
def test_each_redirect_lands_on_its_page(payer, page, title):
    payer.enter(page)
    assert payer.status == 200
    assert payer.path == page
    assert payer.heading() == title
    (current,) = payer.page.xpath("//nav//a[@aria-current='page']")
    assert current.text_content() == title
    links = payer.page.xpath("//nav[@aria-label='Your account']//a")
    assert [link.text_content() for link in links] == list(PAGES.values())


@pytest.mark.parametrize("page", PAGES)
def test_every_field_of_a_page_is_labelled_and_headings_go_down_in_steps(payer, page):
    payer.enter("payment-options")
    payer.store()
    payer.schedule()
    payer.open(page)
    ids = [element.get("id") for element in payer.page.xpath("//*[@id]")]
    assert len(ids) == len(set(ids))
    for element in payer.page.xpath("//select | //input[not(@type='hidden')]"):
        labels = payer.page.xpath(f"//label[@for='{element.get('id')}']")
        assert labels or element.getparent().tag == "label"
    levels = [int(heading.tag[1]) for heading in payer.page.xpath("//h1 | //h2 | //h3")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert levels.count(1) == 1
    assert not payer.page.xpath("//script | //*[@style] | //style")


def test_pages_may_stand_in_a_frame_of_the_same_origin_only(payer):
    payer.enter("bills")
    policy = payer.answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self';" in policy
    assert "default-src 'none'" in policy
    assert "X-Frame-Options" not in payer.answer.headers
    assert payer.answer.headers["Cache-Control"] == "no-store"


def test_the_insurers_style_sheet_is_linked_and_allowed_from_its_origin_only(payer):
    payer.enter("bills", CSSUrl="https://insurer.example:8443/look.css?v=1")
    (link,) = payer.page.xpath("//link[contains(@href, 'insurer')]/@href")
    assert link == "https://insurer.example:8443/look.css?v=1"
    policy = payer.answer.headers["Content-Security-Policy"]
    assert "style-src 'self' https://insurer.example:8443;" in policy


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/css,*{}", "//x.example/a.css", "https://x y/a.css"]
)
def test_no_other_kind_of_address_is_linked_or_led_to(payer, url):
    payer.begin(css_url=url, return_url=url)
    payer.open("bills")
    assert url not in payer.answer.text
    assert "style-src 'self';" in payer.answer.headers["Content-Security-Policy"]
    assert "form-action 'self';" in payer.answer.headers["Content-Security-Policy"]
    payer.fill("sign-out")
    assert payer.path == payer.slug


def test_an_address_adds_nothing_to_the_policy_but_its_origin(payer):
    payer.begin(
        css_url="https://x.example/a.css; script-src *", return_url='https://y.example/"><b>'
    )
    payer.open("bills")
    policy = payer.answer.headers["Content-Security-Policy"]
    assert "style-src 'self' https://x.example;" in policy
    assert "form-action 'self' https://y.example;" in policy
    assert "script-src" not in policy
    assert '"><b>' not in payer.answer.text


def test_signing_out_ends_the_session_and_goes_back_to_the_insurer(payer):
    back = f"{payer.world.base_url}/imt/300/portal/"
    payer.enter("bills", ReturnUrl=back)
    cookie = dict(payer.browser.cookies)["ic_session"]
    payer.fill("sign-out")
    assert str(payer.answer.url) == back
    payer.browser.cookies.set("ic_session", cookie)
    payer.open("bills")
    assert payer.path == payer.slug


def test_signing_out_without_a_way_back_leads_to_the_log_in_page(payer):
    payer.enter("bills")
    assert "You are signed out." in payer.fill("sign-out")
    assert payer.path == payer.slug
    assert "ic_session" not in payer.browser.cookies


def test_an_ended_session_leads_to_the_log_in_page_and_from_there_on(payer):
    back = f"{payer.world.base_url}/imt/300/portal/"
    payer.enter("bills", ReturnUrl=back)
    payer.world.clock.advance(SESSION_MINUTES * 60)
    assert "Your session has ended." in payer.open("scheduled")
    assert payer.status == 200
    assert payer.page.xpath(f"//a[@href='{back}']")
    payer.fill(f"{payer.slug}/log-in", EmailAddress=EMAIL, Password=PASSWORD)
    assert payer.path == "scheduled"


def test_a_form_of_an_ended_session_does_nothing(payer):
    payer.enter("paperless")
    form = payer.filled("paperless")
    payer.world.clock.advance(SESSION_MINUTES * 60)
    payer.send(*form)
    assert payer.path == payer.slug
    assert not payer.world.book(CustomersBook).changes


@pytest.mark.parametrize("token", [None, "", "abc", "abc.def", "é.é"])
def test_a_form_without_its_token_is_refused(payer, token):
    payer.enter("paperless")
    payer.post("paperless", choice="on", **({} if token is None else {"form_token": token}))
    assert payer.status == 403
    assert "Nothing was done" in payer.text
    assert not payer.world.book(CustomersBook).changes


def test_another_browsers_token_is_refused(payer):
    payer.enter("paperless", "2009111")
    form = payer.filled("paperless")
    payer.enter("paperless")
    payer.send(*form)
    assert payer.status == 403
    assert not payer.world.book(CustomersBook).changes


def test_a_form_that_another_site_sends_is_refused(payer):
    payer.enter("paperless")
    path, form = payer.filled("paperless")
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = payer.browser.post(f"{payer.base}/{path}", data=form, headers=headers)
    assert answer.status_code == 403
    assert not payer.world.book(CustomersBook).changes


def test_a_visitor_logs_in_and_a_wrong_password_is_told(payer):
    payer.open("bills")
    assert payer.path == payer.slug
    assert "Log in or register" in payer.text
    payer.fill(f"{payer.slug}/log-in", EmailAddress=EMAIL, Password="wrong horse")
    assert payer.status == 422
    assert "do not match a login" in payer.problem("Password")
    assert "wrong horse" not in payer.answer.text
    payer.fill(f"{payer.slug}/log-in", EmailAddress=EMAIL.upper(), Password=PASSWORD)
    assert payer.path == "bills"
    payer.open(payer.slug)
    assert payer.path == "bills"


def test_a_visitor_registers(payer):
    payer.bill("50001", "3003333", "12.00")
    payer.open(payer.slug)
    form = {"EmailAddress": "new@example.com", "Password": "a new horse"}
    payer.fill(f"{payer.slug}/register", AccountNumber="999", **form)
    assert payer.problem("AccountNumber") == "There is no account 999. Take it from your bill."
    payer.fill(f"{payer.slug}/register", AccountNumber="3003333", **{**form, "Password": "short"})
    assert "at least 8 characters" in payer.problem("Password")
    payer.fill(f"{payer.slug}/register", AccountNumber="3003333", **form)
    assert payer.path == "bills"
    assert "$12.00" in payer.text


def test_the_log_in_forms_want_their_token_too(payer):
    payer.open(payer.slug)
    for path in ("log-in", "register"):
        payer.post(f"{payer.slug}/{path}", EmailAddress=EMAIL, Password=PASSWORD)
        assert payer.status == 403
    payer.browser.cookies.clear()
    payer.post(f"{payer.slug}/log-in", EmailAddress=EMAIL, Password=PASSWORD)
    assert payer.status == 403


def test_a_login_moves_between_its_accounts(payer):
    register(payer.world, payer.slug, EMAIL, PASSWORD, ("2009111",))
    payer.enter("paperless")
    payer.fill("account", account_number="2009111")
    assert payer.path == "paperless"
    assert "Account 2009111" in payer.text
    assert "$99.00" in payer.open("bills")


def test_no_such_insurer(payer):
    payer.open("nobody")
    assert payer.status == 404
    assert "No such page" in payer.text
    payer.post("nobody/log-in")
    assert payer.status == 404


@pytest.mark.parametrize("path", ["", "/"])
def test_with_one_insurer_there_is_no_choice(payer, path):
    payer._show(payer.browser.get(payer.base + path))
    assert payer.path == payer.slug


def test_with_several_insurers_a_visitor_chooses(sandbox_server, world_names):
    world = sandbox_server.create_world(next(world_names), start=DEMO_START, billers=2)
    url = f"{world.base_url}/invoicecloud/portal/customer"
    options = {"trust_env": False, "verify": False, "follow_redirects": True}
    with httpx.Client(**options) as browser:
        answer = browser.get(f"{url}/autopay")
        assert answer.status_code == 200
        for biller in world.billers:
            assert f"{biller.slug}?to=autopay" in answer.text
    sandbox_server.delete_world(world.name)


def test_an_oversized_form_is_refused(payer):
    payer.enter("pay-by-text")
    path, form = payer.filled("pay-by-text", phone="2" * 20_000)
    payer.send(path, form)
    assert payer.status == 413
