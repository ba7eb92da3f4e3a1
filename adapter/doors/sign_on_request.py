"""Maps a request to sign on, in IMT's words, to a payer and where to lead them (0022)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from pydantic.alias_generators import to_camel

from adapter.domain.registration import Customer, Destination, Payer, Redirect
from adapter.doors.notices import Notice, Number, free_text, read, text

_EMAIL = r'[^@<>"(),:;\\\[\]\p{C}\p{Z}]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]{2,}'
_OWNER = (
    "nobody is registered before the policy owner is confirmed. Confirm the owner, then send true"
)
_REDIRECT = f"it must be one of {', '.join(map(str, Redirect))}, as a number"
_ABSENT: Any = None


def _web_address(address: str) -> str:
    """Take an http or https address: anything else could run in the payer's browser."""
    parts = urlsplit(address)
    is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    is_usable = is_usable and parts.username is None and parts.port != 0
    if not is_usable or not address.isascii() or not address.isprintable() or " " in address:
        raise ValueError
    return address


def _redirect(number: int) -> Redirect:
    """Take a known RedirectID; on Python 3.12 an enum itself is no validator for pydantic."""
    return Redirect(number)


_Line = Annotated[str, free_text(200)]
_Url = Annotated[
    str,
    free_text(2000),
    AfterValidator(_web_address),
    Field(description="it must be an http or https URL", repr=False),
]


class _Customer(Notice, title="a customer"):
    name: Annotated[str, text(r"[^\x00]*[^\s\x00][^\x00]*", "it must be text, and not empty", 200)]
    address1: _Line
    address2: _Line = ""
    city: _Line
    state: Annotated[str, text("[A-Z]{2}", "it must be two capital letters, as text")]
    zip_code: Annotated[str, text("[0-9]{5}(-[0-9]{4})?", "it must be a ZIP code, as text")] = (
        Field(alias="zip")
    )


class _SignOn(Notice, title="a sign-on", alias_generator=to_camel):
    account_number: Number
    email_address: Annotated[str, text(_EMAIL, "it must be an e-mail address, as text", 254)]
    owner_confirmed: bool = Field(strict=True, ge=True, description=_OWNER)
    redirect_id: Annotated[
        int, Field(strict=True, description=_REDIRECT), AfterValidator(_redirect)
    ]
    css_url: _Url = ""
    return_url: _Url = ""
    customer: _Customer = Field(_ABSENT, description="it must be an object")


def sign_on_of(body: Mapping[str, Any]) -> tuple[Payer, Destination]:
    """Return who signs on, and where to; BadInputError names the first wrong field."""
    wanted = read(_SignOn, body)
    has_customer = "customer" in wanted.model_fields_set
    payer = Payer(
        account_number=wanted.account_number,
        email_address=wanted.email_address,
        customer=Customer(**dict(wanted.customer)) if has_customer else None,
    )
    destination = Destination(
        redirect=Redirect(wanted.redirect_id), css_url=wanted.css_url, return_url=wanted.return_url
    )
    return payer, destination
