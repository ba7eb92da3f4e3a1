"""Registration: D3's branches from what is known, and the RedirectIDs of D2."""

import pytest

from adapter.domain.registration import Branch, KnownUsers, Redirect, branch_of, matching_form

PAT = "pat@example.com"


def known(*emails, exists=True, registered=None):
    is_registered = bool(emails) if registered is None else registered
    return KnownUsers(account_exists=exists, registered=is_registered, email_addresses=emails)


@pytest.mark.parametrize(
    ("users", "branch"),
    [
        (known(exists=False), Branch.CREATED),
        (known(), Branch.REGISTERED),
        (known("kim@example.com"), Branch.NEW_LOGIN),
        (known("kim@example.com", "lee@example.com"), Branch.NEW_LOGIN),
        (known(registered=True), Branch.NEW_LOGIN),
        (known(PAT), Branch.AUTHENTICATED),
        (known("kim@example.com", " Pat@Example.COM "), Branch.AUTHENTICATED),
    ],
)
def test_the_branch_follows_from_account_and_email(users, branch):
    assert branch_of(users, PAT) is branch
    assert branch_of(users, PAT.upper()) is branch


@pytest.mark.parametrize(
    ("branch", "creates", "registers"),
    [
        (Branch.CREATED, True, True),
        (Branch.REGISTERED, False, True),
        (Branch.NEW_LOGIN, False, True),
        (Branch.AUTHENTICATED, False, False),
    ],
)
def test_a_branch_says_which_steps_it_takes(branch, creates, registers):
    assert (branch.creates_customer, branch.registers) == (creates, registers)


def test_a_similar_address_is_another_ones():
    assert not known("pat+ic@example.com").has(PAT)
    assert matching_form(" Pat@Example.com") == PAT


def test_the_redirects_are_those_of_the_technical_design():
    assert sorted(Redirect) == [1, 2, 3, 5, 9, 10, 11]
