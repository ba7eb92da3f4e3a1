"""Registration: D3's branches from what is known, and the RedirectIDs of D2."""

import pytest

from adapter.domain.registration import Branch, KnownUsers, Redirect, branch_of, matching_form

PAT = "pat@example.com"


def known(*emails, exists=True, registered=None):
    is_registered = bool(emails) if registered is None else registered
    return KnownUsers(account_exists=exists, registered=is_registered, email_addresses=emails)


@pytest.mark.parametrize(
    ("users", "branch", "creates", "registers"),
    [
        (known(exists=False), Branch.CREATED, True, True),
        (known(), Branch.REGISTERED, False, True),
        (known("kim@example.com"), Branch.NEW_LOGIN, False, True),
        (known("kim@example.com", "lee@example.com"), Branch.NEW_LOGIN, False, True),
        (known(registered=True), Branch.NEW_LOGIN, False, True),
        (known(PAT), Branch.AUTHENTICATED, False, False),
        (known("kim@example.com", " Pat@Example.COM "), Branch.AUTHENTICATED, False, False),
    ],
)
def test_the_branch_and_its_steps_follow_from_account_and_email(users, branch, creates, registers):
    assert branch_of(users, PAT) is branch_of(users, PAT.upper()) is branch
    assert (branch.creates_customer, branch.registers) == (creates, registers)


def test_a_similar_address_is_another_ones():
    assert not known("pat+ic@example.com").has(PAT)
    assert matching_form(" Pat@Example.com") == PAT


def test_the_redirects_are_those_of_the_technical_design():
    assert sorted(Redirect) == [1, 2, 3, 5, 9, 10, 11]
