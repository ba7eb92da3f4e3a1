"""Invoice Cloud's REST services: payers' accounts and logins (D1), and CloudSSO's address (D2).

Talking is `InvoiceCloudRestClient`, one for each biller; mapping are the functions below it, the
only place that knows these services' words. What the technical design leaves open is assumed
(decisions 0021 and 0022).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from adapter.domain.registration import (
    AccountExistsError,
    Customer,
    Destination,
    KnownUsers,
    PasswordMismatchError,
    Payer,
    matching_form,
)
from adapter.errors import PartnerError, RejectedError
from adapter.partners.http import (
    Answer,
    Call,
    PartnerHttp,
    UnauthorizedError,
    UnreadableAnswerError,
)
from adapter.partners.json_rows import read_json
from adapter.settings import RestAccess

# The technical design's, always (D1, D2).
LOGIN_TYPE_ID = 1
VIEW_MODE = 0
ACCOUNT_EXISTS, PASSWORD_MISMATCH = "AccountExists", "PasswordMismatch"
TOKEN_CHARACTERS_MAX = 2048
# An account has a family's logins, not a town's.
USERS_MAX = 1000


class InvoiceCloudRestClient:
    """One biller's way to its payers' accounts at Invoice Cloud: the payer accounts port.

    `settings` names the settings that `access` came from, for errors. Any thread may call.
    """

    def __init__(
        self,
        http: PartnerHttp,
        access: RestAccess,
        *,
        biller_guid: str,
        password_seed: str,
        settings: str = "the invoice_cloud table",
    ) -> None:
        self._http = http
        self._access = access
        self._biller_guid = biller_guid
        self._password_seed = password_seed
        self._settings = settings

    def known_users(self, account_number: str) -> KnownUsers:
        """Ask Retrieve Users; every account has an answer, so a 404 comes of a wrong address."""
        call = self._call(
            "RetrieveUsers",
            "remoteauthentication/RetrieveUsers",
            {"AccountNumber": account_number},
            blames_settings=frozenset({401, 403, 404}),
        )
        answer = self._send(call)
        try:
            return users_of(read_json(answer.content))
        except UnreadableAnswerError as error:
            raise self._distrust(call, f"the answer tells no users ({error})", answer) from None

    def create_customer(self, payer: Payer, customer: Customer) -> None:
        call = self._call(
            "CreateCustomerRecord",
            "customer/CreateCustomerRecord",
            customer_record(payer, customer),
            repeatable=False,
            handled=frozenset({HTTPStatus.CONFLICT}),
        )
        answer = self._send(call)
        if answer.status != HTTPStatus.CONFLICT:
            return
        if error_code(answer.content) != ACCOUNT_EXISTS:
            raise self._http.refuse(
                call, "answered 409", status=answer.status, content=answer.content
            )
        raise self._told(AccountExistsError, call, "the account exists already", answer)

    def register(self, payer: Payer) -> None:
        password_token = self._password_token(payer.email_address)
        call = self._call(
            "RegisterAccounts",
            "remoteauthentication/RegisterAccounts",
            {
                "LoginTypeID": LOGIN_TYPE_ID,
                "EmailAddress": payer.email_address,
                "PasswordToken": password_token,
                "Accounts": [{"AccountNumber": payer.account_number}],
            },
            repeatable=False,
            secrets=(password_token,),
        )
        self._send(call)

    def update_password(self, email_address: str) -> None:
        password_token = self._password_token(email_address)
        call = self._call(
            "UpdatePassword",
            "remoteauthentication/UpdatePassword",
            {"EmailAddress": email_address, "PasswordToken": password_token},
            secrets=(password_token,),
        )
        self._send(call)

    def authenticate(self, payer: Payer) -> str:
        password_token = self._password_token(payer.email_address)
        call = self._call(
            "RemoteAuthentication",
            "remoteauthentication/RemoteAuthentication",
            {
                "AccountNumber": payer.account_number,
                "EmailAddress": payer.email_address,
                "PasswordToken": password_token,
            },
            handled=frozenset({HTTPStatus.UNAUTHORIZED}),
            secrets=(password_token,),
        )
        answer = self._send(call)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            if error_code(answer.content) == PASSWORD_MISMATCH:
                raise self._told(PasswordMismatchError, call, "another password", answer)
            raise UnauthorizedError(
                f"{self._settings}.api_key: {self._http.partner} {call.operation} refused with "
                "401. Give the values that the partner issued"
            )
        try:
            return token_of(read_json(answer.content))
        except UnreadableAnswerError as error:
            raise self._distrust(call, f"the answer is no token ({error})", answer) from None

    def sign_on_url(self, token: str, destination: Destination) -> str:
        """Write CloudSSO Connect's address; `ViewMode` is 0 in a frame too (D2)."""
        told = {
            "RemoteAuthenticationToken": token,
            "ViewMode": str(VIEW_MODE),
            "RedirectID": str(int(destination.redirect)),
            "CSSUrl": destination.css_url,
            "ReturnUrl": destination.return_url,
        }
        query = urlencode({name: value for name, value in told.items() if value})
        return f"{self._access.cloud_sso_url}?{query}"

    def _password_token(self, email_address: str) -> str:
        """Make a login's password of its e-mail address: nothing has to be kept."""
        told = f"{self._biller_guid.lower()}\n{matching_form(email_address)}"
        return hmac.new(self._password_seed.encode(), told.encode(), hashlib.sha256).hexdigest()

    def _call(
        self,
        operation: str,
        path: str,
        document: Mapping[str, Any],
        *,
        secrets: tuple[str, ...] = (),
        **rest: Any,
    ) -> Call:
        key = self._access.api_key
        basic = base64.b64encode(f"{key}:".encode()).decode()
        return Call(
            operation=operation,
            method="POST",
            url=f"{self._access.base_url}/{path}",
            headers={
                "Authorization": f"Basic {basic}",
                "Content-Type": "application/json",
                "Accept": "application/json",
            },
            content=json.dumps(document).encode(),
            settings=f"{self._settings}: api_key or rest_base_url",
            secrets=(key, basic, *secrets),
            **rest,
        )

    def _send(self, call: Call) -> Answer:
        """Send a call; a refusal that is not in JSON comes from a gateway, and refuses nothing."""
        try:
            return self._http.send(call)
        except RejectedError as error:
            raise self._http.believed(error, call.doubt) from None

    def _told(
        self, kind: type[RejectedError], call: Call, why: str, answer: Answer
    ) -> RejectedError:
        return kind(
            why, partner=self._http.partner, operation=call.operation, status=answer.status
        )

    def _distrust(self, call: Call, why: str, answer: Answer) -> PartnerError:
        return self._http.distrust(call, why, status=answer.status, content=answer.content)


def customer_record(payer: Payer, customer: Customer) -> dict[str, str]:
    """Write a customer in Create Customer Record's words."""
    return {
        "AccountNumber": payer.account_number,
        "CustomerName": customer.name,
        "Address1": customer.address1,
        "Address2": customer.address2,
        "City": customer.city,
        "State": customer.state,
        "Zip": customer.zip_code,
        "EmailAddress": payer.email_address,
    }


def users_of(document: Any) -> KnownUsers:
    """Read Retrieve Users' answer; raises UnreadableAnswerError for anything else."""
    told = document if isinstance(document, dict) else {}
    exists, registered, users = (told.get(n) for n in ("AccountExists", "Registered", "Users"))
    if not isinstance(exists, bool) or not isinstance(registered, bool):
        raise UnreadableAnswerError("AccountExists and Registered must be true or false")
    users = [] if users is None else users
    if not isinstance(users, list) or len(users) > USERS_MAX:
        raise UnreadableAnswerError("Users must be a list of a bounded length")
    emails = [user.get("EmailAddress") if isinstance(user, dict) else None for user in users]
    if not all(email is None or isinstance(email, str) for email in emails):
        raise UnreadableAnswerError("a user's EmailAddress must be a text")
    if not exists and (registered or users):
        raise UnreadableAnswerError("it knows users of an account that does not exist")
    return KnownUsers(
        account_exists=exists,
        registered=registered or bool(users),
        email_addresses=tuple(email for email in emails if email),
    )


def token_of(document: Any) -> str:
    """Read Remote Authentication's answer; raises UnreadableAnswerError for anything else."""
    token = document.get("RemoteAuthenticationToken") if isinstance(document, dict) else None
    if not isinstance(token, str) or not token:
        raise UnreadableAnswerError("RemoteAuthenticationToken must be a text")
    if len(token) > TOKEN_CHARACTERS_MAX or not token.isascii() or not token.isprintable():
        raise UnreadableAnswerError("RemoteAuthenticationToken is too long, or no text, to be one")
    return token


def error_code(content: bytes) -> str:
    """Return a refusal's ErrorCode; nothing for what is no refusal of Invoice Cloud's."""
    try:
        document = read_json(content)
    except UnreadableAnswerError:
        return ""
    code = document.get("ErrorCode") if isinstance(document, dict) else None
    return code if isinstance(code, str) else ""
