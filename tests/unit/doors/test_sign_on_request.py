"""What a request to sign on holds: each field, each bound, each refusal by its name."""

from decimal import Decimal

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


REQUIRED = {
    "accountNumber": "1204117",
    "emailAddress": "Pat.Reeve+bills@mail.example.com",
    "ownerConfirmed": True,
    "redirectId": 3,
}


def ask(**changes):
    return sign_on_of({**REQUIRED, **changes})


def test_the_required_fields_do():
    payer, destination = ask()
    assert payer.account_number == "1204117"
    assert payer.email_address == "Pat.Reeve+bills@mail.example.com"
    assert payer.customer is None
    assert destination.redirect is Redirect.AUTOPAY
    assert (destination.css_url, destination.return_url) == ("", "")


def test_every_field_is_taken():
    payer, destination = ask(
        returnUrl="https://imt.example:8443/policy?n=7#top",
        cssUrl="http://127.0.0.1:8100/w/a/imt.css",
        customer={**CUSTOMER, "address2": "Apt. 4", "zip": "62320-1234"},
    )
    assert destination.return_url == "https://imt.example:8443/policy?n=7#top"
    assert destination.css_url == "http://127.0.0.1:8100/w/a/imt.css"
    assert (payer.customer.name, payer.customer.state) == ("Pat Reeve", "IL")
    assert (payer.customer.address2, payer.customer.zip_code) == ("Apt. 4", "62320-1234")
    assert ask(customer=CUSTOMER)[0].customer.address2 == ""


EMAILS = (
    *(
        "",
        "pat",
        "pat@localhost",
        "pat reeve@example.com",
        "Pat <pat@example.com>",
        "a@b@c.example",
    ),
    *("pat@example.com\n", "pat\u202e@example.com", f"{'p' * 250}@example.com", 7),
)
URLS = (
    *("", "/policy", "javascript:alert(1)", "data:text/css,*{}", "https://", "https://[::1", 7),
    *("https://pat@imt.example/", "https://imt.example:99999/", "https://imt.example:0/"),
    *(
        "https://imt.example/a b",
        "https://imt.example/a\r\nSet-Cookie: b",
        "https://\u0456mt.example",
    ),
    f"https://imt.example/{'a' * 2000}",
)
WRONG = {
    "accountNumber": ("0012",),
    "emailAddress": EMAILS,
    "ownerConfirmed": (False, "true", 1),
    "redirectId": (0, 4, 12, True, "1", Decimal(1)),
    "returnUrl": URLS,
    "cssUrl": URLS,
    "customer": ("Pat Reeve",),
    "surprise": (1,),
}
WRONG_OF_CUSTOMER = {
    "name": ("", " ", "a\0b", "x" * 201),
    "address1": ("x" * 201,),
    "address2": ("x" * 201,),
    "city": ("a\0b",),
    "state": ("Illinois", "il"),
    "zip": ("6232", "62320-", 62320),
    "phone": ("555",),
}


def cases(table):
    return [(field, value) for field, values in table.items() for value in (*values, None, [])]


@pytest.mark.parametrize(("field", "value"), cases(WRONG))
def test_a_wrong_field_is_named(field, value):
    with pytest.raises(BadInputError) as caught:
        ask(**{field: value})
    assert caught.value.field == field


@pytest.mark.parametrize(("field", "value"), cases(WRONG_OF_CUSTOMER))
def test_a_wrong_field_of_the_customer_is_named_with_its_place(field, value):
    with pytest.raises(BadInputError) as caught:
        ask(customer={**CUSTOMER, field: value})
    assert caught.value.field == f"customer.{field}"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("ownerConfirmed", False, "owner is confirmed. Confirm the owner, then send true"),
        ("returnUrl", "https://pat:s3cret@imt.example/", "returnUrl = '': it must be an http"),
        ("redirectId", 4, "redirectId = '4': it must be one of 1, 2, 3, 5, 9, 10, 11, as a"),
    ],
)
def test_a_refusal_says_what_to_do_without_an_address(field, value, message):
    with pytest.raises(BadInputError, match=message):
        ask(**{field: value})


@pytest.mark.parametrize("field", [*REQUIRED, *(f"customer.{name}" for name in CUSTOMER)])
def test_a_missing_field_is_named(field):
    told = {name: value for name, value in REQUIRED.items() if name != field}
    told["customer"] = {n: value for n, value in CUSTOMER.items() if f"customer.{n}" != field}
    with pytest.raises(BadInputError, match="missing") as caught:
        sign_on_of(told)
    assert caught.value.field == field
