"""Maps a request to sign on, in IMT's words, to a payer and where to lead them (0022)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from adapter.domain.registration import Customer, Destination, Payer, Redirect
from adapter.doors.notice_fields import free_text, number, refused, require_fields, text
from adapter.errors import BadInputError

EMAIL_LENGTH_MAX = 254
URL_LENGTH_MAX = 2000
CUSTOMER_LENGTH_MAX = 200
_REQUIRED = ("accountNumber", "emailAddress", "ownerConfirmed", "redirectId")
_OPTIONAL = ("returnUrl", "cssUrl", "customer")
_CUSTOMER_REQUIRED = ("name", "address1", "city", "state", "zip")
_CUSTOMER_OPTIONAL = ("address2",)
_EMAIL = re.compile(r"[^@\s<>\"(),:;\\\[\]\x00-\x1f\x7f]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]{2,}")
_STATE = re.compile(r"[A-Z]{2}")
_ZIP_CODE = re.compile(r"[0-9]{5}(-[0-9]{4})?")


class SignOnRequest(NamedTuple):
    """Who signs on, and where to."""

    payer: Payer
    destination: Destination


def sign_on_of(body: Mapping[str, Any]) -> SignOnRequest:
    """Return what a body asks for; BadInputError names the first wrong field."""
    require_fields(body, "a sign-on", required=_REQUIRED, optional=_OPTIONAL)
    account_number, email_address = number(body, "accountNumber"), _email(body)
    _require_confirmed_owner(body)
    destination = Destination(
        redirect=_redirect(body), css_url=_url(body, "cssUrl"), return_url=_url(body, "returnUrl")
    )
    payer = Payer(
        account_number=account_number, email_address=email_address, customer=_customer(body)
    )
    return SignOnRequest(payer, destination)


def _email(body: Mapping[str, Any]) -> str:
    field = "emailAddress"
    email = text(body, field, _EMAIL, "it must be an e-mail address")
    if len(email) > EMAIL_LENGTH_MAX:
        raise refused(field, email, f"it must have at most {EMAIL_LENGTH_MAX} characters")
    if not email.isprintable():
        raise refused(field, email, "it must be an e-mail address")
    return email


def _require_confirmed_owner(body: Mapping[str, Any]) -> None:
    confirmed = body["ownerConfirmed"]
    if confirmed is not True:
        raise BadInputError(
            field="ownerConfirmed",
            value="false" if confirmed is False else "",
            rule="nobody is registered before the policy owner is confirmed",
            remedy="Confirm the owner, then send true",
        )


def _redirect(body: Mapping[str, Any]) -> Redirect:
    value = body["redirectId"]
    if type(value) is int and value in Redirect.__members__.values():
        return Redirect(value)
    known = ", ".join(f"{one.value}" for one in Redirect)
    raise refused("redirectId", value, f"it must be one of {known}, as a number")


def _url(body: Mapping[str, Any], field: str) -> str:
    """Read an http or https address: anything else could run in the payer's browser."""
    value = free_text(body, field, URL_LENGTH_MAX)
    if field not in body:
        return ""
    try:
        parts = urlsplit(value)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        is_usable = is_usable and parts.username is None and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or not value.isascii() or not value.isprintable() or " " in value:
        raise refused(field, "", "it must be an http or https URL")
    return value


def _customer(body: Mapping[str, Any]) -> Customer | None:
    if "customer" not in body:
        return None
    told = body["customer"]
    if not isinstance(told, dict):
        raise refused("customer", told, "it must be an object")
    # An error names such a field with its place, as customer.zip.
    fields = {f"customer.{name}": value for name, value in told.items()}
    require_fields(
        fields,
        "a customer",
        required=[f"customer.{name}" for name in _CUSTOMER_REQUIRED],
        optional=[f"customer.{name}" for name in _CUSTOMER_OPTIONAL],
    )
    if not free_text(fields, "customer.name", CUSTOMER_LENGTH_MAX).strip():
        raise refused("customer.name", "", "it must not be empty")
    return Customer(
        name=free_text(fields, "customer.name", CUSTOMER_LENGTH_MAX),
        address1=free_text(fields, "customer.address1", CUSTOMER_LENGTH_MAX),
        address2=free_text(fields, "customer.address2", CUSTOMER_LENGTH_MAX),
        city=free_text(fields, "customer.city", CUSTOMER_LENGTH_MAX),
        state=text(fields, "customer.state", _STATE, "it must be two capital letters"),
        zip_code=text(fields, "customer.zip", _ZIP_CODE, "it must be a ZIP code"),
    )
