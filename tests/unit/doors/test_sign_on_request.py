"""What a request to sign on holds: each field, each bound, each refusal by its name."""

import pytest

from adapter.domain.registration import Redirect
from adapter.doors.sign_on_request import sign_on_of
from adapter.errors import BadInputError

CUSTOMER = {
    "name": "Pat Reeve",
    "address1": "12 Mill Road",
    "city": "Camp Point",
    "state": "IL",
    "zip": "62320",
}


def body(**changes):
    whole = {
        "accountNumber": "1204117",
        "emailAddress": "Pat.Reeve+bills@mail.example.com",
        "ownerConfirmed": True,
        "redirectId": 3,
    }
    return {name: v for name, v in {**whole, **changes}.items() if v is not None}


def test_the_required_fields_do():
    payer, destination = sign_on_of(body())
    assert payer.account_number == "1204117"
    assert payer.email_address == "Pat.Reeve+bills@mail.example.com"
    assert payer.customer is None
    assert destination.redirect is Redirect.AUTOPAY
    assert (destination.css_url, destination.return_url) == ("", "")


def test_every_field_is_taken():
    payer, destination = sign_on_of(
        body(
            returnUrl="https://imt.example:8443/policy?n=7#top",
            cssUrl="http://127.0.0.1:8100/w/a/imt.css",
            customer={**CUSTOMER, "address2": "Apt. 4", "zip": "62320-1234"},
        )
    )
    assert destination.return_url == "https://imt.example:8443/policy?n=7#top"
    assert destination.css_url == "http://127.0.0.1:8100/w/a/imt.css"
    assert (payer.customer.name, payer.customer.state) == ("Pat Reeve", "IL")
    assert (payer.customer.address2, payer.customer.zip_code) == ("Apt. 4", "62320-1234")
    assert sign_on_of(body(customer=CUSTOMER)).payer.customer.address2 == ""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("accountNumber", 1204117),
        ("accountNumber", "0012"),
        ("accountNumber", "12 04"),
        ("emailAddress", ""),
        ("emailAddress", "pat"),
        ("emailAddress", "pat@localhost"),
        ("emailAddress", "pat reeve@example.com"),
        ("emailAddress", "Pat <pat@example.com>"),
        ("emailAddress", "pat@example.com\n"),
        ("emailAddress", "pat\u202e@example.com"),
        ("emailAddress", "a@b@example.com"),
        ("emailAddress", f"{'p' * 250}@example.com"),
        ("ownerConfirmed", False),
        ("ownerConfirmed", "true"),
        ("ownerConfirmed", 1),
        ("redirectId", 0),
        ("redirectId", 4),
        ("redirectId", 12),
        ("redirectId", True),
        ("redirectId", "1"),
        ("redirectId", [1]),
        ("returnUrl", ""),
        ("returnUrl", 7),
        ("returnUrl", "/policy"),
        ("returnUrl", "javascript:alert(1)"),
        ("returnUrl", "https://"),
        ("returnUrl", "https://pat@imt.example/"),
        ("returnUrl", "https://imt.example/a b"),
        ("returnUrl", "https://imt.example/a\r\nSet-Cookie: b"),
        ("returnUrl", "https://imt.example:99999/"),
        ("returnUrl", f"https://imt.example/{'a' * 2000}"),
        ("cssUrl", "data:text/css,*{}"),
        ("customer", "Pat Reeve"),
        ("customer", []),
        ("surprise", 1),
    ],
)
def test_a_wrong_field_is_named(field, value):
    with pytest.raises(BadInputError) as caught:
        sign_on_of(body(**{field: value}))
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "x" * 201),
        ("name", 7),
        ("address1", ["12"]),
        ("city", "a\0b"),
        ("state", "Illinois"),
        ("state", "il"),
        ("zip", "6232"),
        ("zip", 62320),
        ("phone", "555"),
    ],
)
def test_a_wrong_field_of_the_customer_is_named_with_its_place(field, value):
    with pytest.raises(BadInputError) as caught:
        sign_on_of(body(customer={**CUSTOMER, field: value}))
    assert caught.value.field == f"customer.{field}"


@pytest.mark.parametrize(
    "field", ["accountNumber", "emailAddress", "ownerConfirmed", "redirectId"]
)
def test_a_missing_field_is_named(field):
    whole = body()
    del whole[field]
    with pytest.raises(BadInputError, match="missing") as caught:
        sign_on_of(whole)
    assert caught.value.field == field


def test_a_missing_field_of_the_customer_is_named():
    told = {name: value for name, value in CUSTOMER.items() if name != "city"}
    with pytest.raises(BadInputError, match="missing") as caught:
        sign_on_of(body(customer=told))
    assert caught.value.field == "customer.city"
