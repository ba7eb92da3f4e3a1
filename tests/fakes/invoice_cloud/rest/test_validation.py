"""Requests against the REST contract: names in any case, each wrong field by its name."""

import pytest

from sandbox.fakes.invoice_cloud.rest.errors import RefusedError
from sandbox.fakes.invoice_cloud.rest.validation import validate_body, validate_query

REGISTRATION = {
    "logintypeid": 1,
    "EMAILADDRESS": "pat@example.com",
    "passwordToken": "tokenized",
    "accounts": [{"accountnumber": "1001"}],
}
LINK = [("RemoteAuthenticationToken", "a"), ("ViewMode", "0"), ("RedirectID", "11")]


def field_of(check, *arguments):
    with pytest.raises(RefusedError) as refused:
        check(*arguments)
    assert refused.value.status == 400
    return refused.value.document["Field"]


def test_names_are_spelled_as_the_contract_does_at_every_depth():
    assert validate_body("Registration", REGISTRATION) == {
        "LoginTypeID": 1,
        "EmailAddress": "pat@example.com",
        "PasswordToken": "tokenized",
        "Accounts": [{"AccountNumber": "1001"}],
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"accounts": [{"accountnumber": "1"}, {}]}, "Accounts.1.AccountNumber"),
        ({"accounts": {}}, "Accounts"),
        ({"accounts": [1]}, "Accounts.0"),
        ({"accounts": [{"accountnumber": "1", "extra": 1}]}, "Accounts.0.extra"),
        ({"4111111111111111": 1}, "[redacted]"),
        ({"x" * 80: 1}, "x" * 50),
    ],
)
def test_what_is_wrong_is_named_by_its_place(change, field):
    assert field_of(validate_body, "Registration", {**REGISTRATION, **change}) == field


def test_no_message_tells_a_value_again():
    with pytest.raises(RefusedError) as refused:
        validate_body("Registration", {**REGISTRATION, "passwordToken": "secret!"})
    assert "secret!" not in str(refused.value.document)


def test_a_links_whole_numbers_are_read():
    assert validate_query("CloudSSO", LINK) == {
        "RemoteAuthenticationToken": "a",
        "ViewMode": 0,
        "RedirectID": 11,
    }


@pytest.mark.parametrize(
    ("link", "field"),
    [
        (LINK[:2], "RedirectID"),
        ([*LINK, ("redirectid", "1")], "RedirectID"),
        ([*LINK, ("Other", "1")], "Other"),
        ([*LINK[:2], ("RedirectID", "+1")], "RedirectID"),
        ([*LINK[:2], ("RedirectID", "7")], "RedirectID"),
        ([*LINK, ("ReturnUrl", "ftp://imt.example")], "ReturnUrl"),
    ],
)
def test_a_wrong_link_is_named_by_its_parameter(link, field):
    assert field_of(validate_query, "CloudSSO", link) == field
