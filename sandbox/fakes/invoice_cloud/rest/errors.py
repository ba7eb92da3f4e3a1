"""How the REST services say no: one JSON object, one constructor each (decision 0021)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandbox.world.redaction import redact_text

JSON = "application/json; charset=utf-8"


class RefusedError(Exception):
    """A request is refused: the whole answer, and a phrase for the journal."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        field: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.summary = f"refused: {field}: {message}" if field else f"refused: {message}"
        self.document: dict[str, Any] = {
            "ErrorCode": code,
            "Message": message,
            "Field": field or None,
        }
        self.headers = {"Content-Type": JSON, **(headers or {})}

    @property
    def body(self) -> bytes:
        return json.dumps(self.document).encode()


def invalid(field: str, message: str) -> RefusedError:
    """Refuse a body; a card number that came as a field's name is not told again."""
    return RefusedError(400, "InvalidRequest", message, field=redact_text(field))


def no_api_key() -> RefusedError:
    return RefusedError(
        401,
        "Unauthorized",
        "The API key is missing or not valid.",
        headers={"WWW-Authenticate": 'Basic realm="Invoice Cloud"'},
    )


def password_mismatch() -> RefusedError:
    message = "The password token is not the login's."
    return RefusedError(401, "PasswordMismatch", message, field="PasswordToken")


def no_such_path() -> RefusedError:
    return RefusedError(404, "NotFound", "There is no such service.")


def no_such_account(field: str = "AccountNumber") -> RefusedError:
    return RefusedError(404, "AccountNotFound", "There is no such account.", field=field)


def no_such_customer(message: str, *, field: str) -> RefusedError:
    return RefusedError(404, "CustomerNotFound", message, field=field)


def no_such_invoice(field: str) -> RefusedError:
    message = "The account was never billed this invoice."
    return RefusedError(404, "InvoiceNotFound", message, field=field)


def no_such_login(message: str) -> RefusedError:
    return RefusedError(404, "LoginNotFound", message, field="EmailAddress")


def method_not_allowed(allowed: str) -> RefusedError:
    message = f"Only {allowed} is served here."
    return RefusedError(405, "MethodNotAllowed", message, headers={"Allow": allowed})


def account_exists() -> RefusedError:
    message = "The account exists already."
    return RefusedError(409, "AccountExists", message, field="AccountNumber")


def too_large(limit_bytes: int) -> RefusedError:
    return RefusedError(413, "TooLarge", f"The body is larger than {limit_bytes} bytes.")


def not_json() -> RefusedError:
    return RefusedError(415, "UnsupportedMediaType", "The body must be application/json in UTF-8.")
