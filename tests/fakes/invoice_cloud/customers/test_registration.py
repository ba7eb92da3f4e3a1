"""Accounts and logins: D3's branches, matching by e-mail, and multiuser on and off."""

import pytest

from sandbox.fakes.invoice_cloud.customers.book import EnrollmentKind
from sandbox.fakes.invoice_cloud.customers.enrollments import enroll, setting_of
from sandbox.fakes.invoice_cloud.customers.refusals import PortalRefusedError
from sandbox.fakes.invoice_cloud.customers.registration import (
    create_customer,
    find_account,
    has_password,
    register,
    require_email,
    update_password,
    users_of,
)


def test_a_billed_account_exists_and_nobody_is_registered(customers):
    account = find_account(customers.world, customers.slug, "1001")
    assert (account.name, account.email_address) == ("Payer of 1001", "1001@example.com")
    assert users_of(customers.world, customers.slug, "1001") == []
    assert find_account(customers.world, customers.slug, "9") is None


def test_a_customer_record_makes_an_account_once(customers):
    world, slug = customers.world, customers.slug
    account = create_customer(world, slug, "77", name="Ann New", email_address="a@example.com")
    assert find_account(world, slug, "77") == account
    for number in ("77", "1001"):
        with pytest.raises(PortalRefusedError, match="exists already"):
            create_customer(world, slug, number, name="Again")


def test_a_customers_guid_is_the_accounts_own_and_stays(customers):
    guids = {
        find_account(customers.world, customers.slug, n).customer_guid for n in ("1001", "1002")
    }
    assert len(guids) == 2
    assert find_account(customers.world, customers.slug, "1001").customer_guid in guids


def test_registering_makes_a_login_and_again_only_links(customers):
    world, slug = customers.world, customers.slug
    first = register(world, slug, "pat@example.com", "token-one", ("1001",))
    again = register(world, slug, "PAT@example.com", "token-two", ("1001", "1002"))
    assert (first.new_login, again.new_login) == (True, False)
    assert again.login.guid == first.login.guid
    assert again.login.accounts == ("1001", "1002")
    assert has_password(again.login, "token-one")
    assert not has_password(again.login, "token-two")


def test_an_unknown_account_registers_nobody(customers):
    with pytest.raises(PortalRefusedError, match="no account 9") as refused:
        register(customers.world, customers.slug, "pat@example.com", "x", ("1001", "9"))
    assert refused.value.field == "AccountNumber"
    assert customers.book.logins == {}


def test_a_password_is_updated_by_e_mail_and_never_kept(customers):
    world, slug = customers.world, customers.slug
    register(world, slug, "pat@example.com", "her own password", ("1001",))
    login = update_password(world, slug, "Pat@Example.com", "token-one")
    assert has_password(login, "token-one")
    assert "her own password" not in repr(customers.book.events)
    assert "token-one" not in repr(customers.book.events)
    with pytest.raises(PortalRefusedError, match="no login has this"):
        update_password(world, slug, "nobody@example.com", "x")


def test_with_multiuser_a_further_login_starts_empty_and_the_first_keeps_its_own(customers):
    first = customers.sign_on()
    enroll(customers.world, first, EnrollmentKind.PAPERLESS)
    second = customers.sign_on(email="sam@example.com")
    assert setting_of(customers.world, second, EnrollmentKind.PAPERLESS) is None
    assert setting_of(customers.world, first, EnrollmentKind.PAPERLESS) is not None
    assert len(users_of(customers.world, customers.slug, "1001")) == 2
    assert customers.told() == [("1001", "paperless", True)]


def test_without_multiuser_a_new_login_replaces_the_other_and_ends_its_settings(customers):
    customers.world.behaviours.change({"multiuser": False})
    first = customers.sign_on()
    enroll(customers.world, first, EnrollmentKind.PAPERLESS)
    customers.sign_on(email="sam@example.com")
    [login] = users_of(customers.world, customers.slug, "1001")
    assert login.email_address == "sam@example.com"
    assert customers.told() == [("1001", "paperless", True), ("1001", "paperless", False)]


@pytest.mark.parametrize(
    "text", ["", "pat", "pat@", "@example.com", "a b@c.d", "x" * 260 + "@a.b"]
)
def test_what_is_no_e_mail_address_is_refused(text):
    with pytest.raises(PortalRefusedError) as refused:
        require_email(text)
    assert refused.value.field == "EmailAddress"
