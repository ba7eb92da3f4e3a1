"""Tokens open one session each, in time; sessions end; passwords are checked."""

import pytest

from sandbox.fakes.invoice_cloud.customers.refusals import PortalRefusedError
from sandbox.fakes.invoice_cloud.customers.sessions import (
    SessionsBook,
    choose_account,
    issue_token,
    log_in,
    redeem_token,
    register_payer,
    session_of,
    sign_out,
)

PASSWORD = "correct horse battery"


@pytest.fixture
def token(customers):
    """Issue a token for account 1001; return it."""
    session = customers.sign_on()
    return issue_token(customers.world, customers.book.logins[session.login_guid], "1001")[0]


def test_a_token_opens_one_session_for_its_account(customers, token):
    cookie = redeem_token(customers.world, token, return_url="https://imt.example/")
    session = session_of(customers.world, cookie)
    assert (session.account_number, session.return_url) == ("1001", "https://imt.example/")
    with pytest.raises(PortalRefusedError, match="used before"):
        redeem_token(customers.world, token)


def test_a_token_expires_with_the_worlds_clock(customers, token):
    customers.world.clock.advance(300)
    with pytest.raises(PortalRefusedError, match="has expired"):
        redeem_token(customers.world, token)


def test_an_unknown_token_opens_nothing(customers):
    with pytest.raises(PortalRefusedError, match="is unknown"):
        redeem_token(customers.world, "made-up")


def test_a_session_ends_by_itself_and_by_signing_out(customers):
    cookies = [
        register_payer(customers.world, customers.slug, "1001", "pat@example.com", PASSWORD)
        for _ in range(2)
    ]
    sign_out(customers.world, cookies[0])
    assert session_of(customers.world, cookies[0]) is None
    customers.world.clock.advance(29 * 60)
    assert session_of(customers.world, cookies[1]) is not None
    customers.world.clock.advance(60)
    assert session_of(customers.world, cookies[1]) is None


@pytest.mark.parametrize("cookie", [None, "", "made-up"])
def test_no_cookie_is_no_session(customers, cookie):
    assert session_of(customers.world, cookie) is None


def test_logging_in_wants_the_password(customers):
    customers.sign_on()
    cookie = log_in(customers.world, customers.slug, "PAT@example.com", PASSWORD)
    assert session_of(customers.world, cookie).account_number == "1001"
    for email, password in (("pat@example.com", "wrong"), ("no@example.com", PASSWORD)):
        with pytest.raises(PortalRefusedError, match="do not match"):
            log_in(customers.world, customers.slug, email, password)


def test_registering_with_a_taken_address_wants_its_password(customers):
    customers.sign_on()
    with pytest.raises(PortalRefusedError, match="another password"):
        register_payer(customers.world, customers.slug, "1002", "pat@example.com", "wrong one!")
    with pytest.raises(PortalRefusedError, match="at least 8"):
        register_payer(customers.world, customers.slug, "1002", "new@example.com", "short")


def test_a_session_acts_for_its_logins_accounts_only(customers):
    customers.sign_on("1001")
    cookie = register_payer(customers.world, customers.slug, "1002", "pat@example.com", PASSWORD)
    choose_account(customers.world, cookie, "1001")
    assert session_of(customers.world, cookie).account_number == "1001"
    with pytest.raises(PortalRefusedError, match="none of your accounts"):
        choose_account(customers.world, cookie, "9")


def test_neither_token_nor_cookie_is_kept(customers, token):
    cookie = redeem_token(customers.world, token)
    book = customers.world.book(SessionsBook)
    assert token not in repr(book.events)
    assert cookie not in repr(book.events)
    assert book.as_json() == {}
