"""The steps of a sign-on: each branch, another password, lost answers; nothing done twice."""

import pytest

from adapter.domain.registration import (
    AccountExistsError,
    Branch,
    Customer,
    Destination,
    KnownUsers,
    PasswordMismatchError,
    Payer,
    Redirect,
)
from adapter.doors.sign_on_steps import sign_on
from adapter.errors import BadInputError, OutcomeUnknownError, RetryableError

PAT, KIM = "pat@example.com", "kim@example.com"
CUSTOMER = Customer(name="Pat", address1="1", address2="", city="C", state="IL", zip_code="62320")
THERE = Destination(redirect=Redirect.RECENT_BILLS)


def error(kind):
    return kind("no", partner="invoice_cloud", operation="X")


class PayerAccounts:
    """An Invoice Cloud in memory; `lost` answers get lost, after or before it acted."""

    def __init__(self, *, exists=True, logins=(), passwords=()):
        self.exists = exists
        self.logins = list(logins)
        self.passwords = set(passwords)
        self.steps = []
        self.lost = []

    def known_users(self, account_number):
        assert account_number == "7"
        self.steps.append("look")
        return KnownUsers(
            account_exists=self.exists,
            registered=bool(self.logins),
            email_addresses=tuple(self.logins),
        )

    def create_customer(self, payer, customer):
        self.steps.append("create")
        assert customer == payer.customer
        if self.exists:
            raise error(AccountExistsError)
        self._maybe_lose(lambda: setattr(self, "exists", True))

    def register(self, payer):
        self.steps.append("register")
        assert self.exists

        def link():
            self.logins.append(payer.email_address)
            self.passwords.add(payer.email_address)

        self._maybe_lose(link)

    def update_password(self, email_address):
        self.steps.append("update")
        self.passwords.add(email_address)

    def authenticate(self, payer):
        self.steps.append("authenticate")
        assert payer.email_address in self.logins
        if payer.email_address not in self.passwords:
            raise error(PasswordMismatchError)
        return "t0ken"

    def sign_on_url(self, token, destination):
        return f"https://ic.example/{destination.redirect.value}/{token}"

    def _maybe_lose(self, act):
        loses = self.lost.pop(0) if self.lost else None
        if loses != "before":
            act()
        if loses:
            raise error(OutcomeUnknownError)


def payer(customer=CUSTOMER):
    return Payer(account_number="7", email_address=PAT, customer=customer)


@pytest.mark.parametrize(
    ("accounts", "branch", "steps"),
    [
        (
            PayerAccounts(exists=False),
            Branch.CREATED,
            ["look", "create", "register", "authenticate"],
        ),
        (PayerAccounts(), Branch.REGISTERED, ["look", "register", "authenticate"]),
        (PayerAccounts(logins=[KIM]), Branch.NEW_LOGIN, ["look", "register", "authenticate"]),
        (
            PayerAccounts(logins=[KIM, PAT], passwords=[PAT]),
            Branch.AUTHENTICATED,
            ["look", "authenticate"],
        ),
    ],
)
def test_each_branch_takes_its_steps_and_no_other(accounts, branch, steps):
    signed_on = sign_on(accounts, payer(), THERE)
    assert signed_on.branch is branch
    assert signed_on.url == "https://ic.example/1/t0ken"
    assert not signed_on.password_updated
    assert accounts.steps == steps


def test_the_first_sign_on_of_a_login_updates_its_password_and_the_next_does_not():
    accounts = PayerAccounts(logins=[PAT])
    first = sign_on(accounts, payer(), THERE)
    assert (first.branch, first.password_updated) == (Branch.AUTHENTICATED, True)
    assert accounts.steps == ["look", "authenticate", "update", "authenticate"]
    assert not sign_on(accounts, payer(), THERE).password_updated


def test_an_account_to_create_needs_its_customer_before_anything_is_done():
    accounts = PayerAccounts(exists=False)
    with pytest.raises(BadInputError, match="no account 7") as caught:
        sign_on(accounts, payer(customer=None), THERE)
    assert caught.value.field == "customer"
    assert accounts.steps == ["look"]
    accounts.exists = True
    assert sign_on(accounts, payer(customer=None), THERE).branch is Branch.REGISTERED


@pytest.mark.parametrize("lost", [["after"], [None, "after"]], ids=["customer", "registration"])
def test_what_was_done_although_the_answer_was_lost_is_not_done_again(lost):
    accounts = PayerAccounts(exists=False)
    accounts.lost = lost
    assert sign_on(accounts, payer(), THERE).branch is Branch.CREATED
    assert accounts.steps.count("create") == accounts.steps.count("register") == 1
    assert accounts.steps.count("look") == 2
    assert accounts.logins == [PAT]


def test_what_was_not_done_is_done_once_more():
    accounts = PayerAccounts(exists=False)
    accounts.lost = ["before", None, "before"]
    assert sign_on(accounts, payer(), THERE).branch is Branch.CREATED
    assert (accounts.steps.count("create"), accounts.steps.count("register")) == (2, 2)
    assert accounts.logins == [PAT]


def test_a_second_loss_is_left_to_whoever_asks_again():
    accounts = PayerAccounts()
    accounts.lost = ["before", "after"]
    with pytest.raises(OutcomeUnknownError):
        sign_on(accounts, payer(), THERE)
    assert sign_on(accounts, payer(), THERE).branch is Branch.AUTHENTICATED
    assert accounts.logins == [PAT]


def test_an_account_that_came_in_between_is_taken_as_it_is():
    """The hourly file may have billed it since it was looked for."""
    accounts = PayerAccounts()
    looks = iter([False, True])
    look = accounts.known_users

    def first_without(account_number):
        accounts.exists = next(looks)
        known = look(account_number)
        accounts.exists = True
        return known

    accounts.known_users = first_without
    assert sign_on(accounts, payer(), THERE).branch is Branch.CREATED
    assert accounts.steps == ["look", "create", "register", "authenticate"]


def test_another_failure_stops_the_steps():
    accounts = PayerAccounts()

    def fail(_payer):
        raise error(RetryableError)

    accounts.register = fail
    with pytest.raises(RetryableError):
        sign_on(accounts, payer(), THERE)
    assert accounts.steps == ["look"]
