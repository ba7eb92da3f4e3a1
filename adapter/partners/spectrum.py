"""Spectrum's REST services: token (A1), balance (A2) and receipt (A3, A4).

Talking is `SpectrumClient`, one for each biller and purpose; mapping are the functions below it,
the only place that knows Spectrum's words.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from adapter.clock import Clock
from adapter.domain.invoice import BalanceAnswer
from adapter.domain.money import CENT, money_text, parse_money
from adapter.domain.payment import (
    PAYMENT_REFERENCE_LENGTH,
    Payment,
    ReceiptAnswer,
    ReceiptApplied,
    ReceiptEmpty,
    ReceiptPending,
)
from adapter.errors import BadInputError, CredentialsRefusedError, RejectedError
from adapter.partners.credential import CachedCredential
from adapter.partners.freshness import why_stale
from adapter.partners.http import (
    Answer,
    Call,
    PartnerHttp,
    StreamedAnswer,
    UnauthorizedError,
    UnreadableAnswerError,
)
from adapter.partners.json_rows import attributes_of, read_json
from adapter.partners.spectrum_echo import differing_echo, is_no_receipt
from adapter.redaction import redacted_excerpt
from adapter.settings import SpectrumAccess

ONLINE_VENDOR = "InvoiceCloud"
CORRELATION_HEADER = "X-Correlation-Id"
# decimal(19, 4) has fifteen digits before the point.
AMOUNT_MAX = Decimal("999999999999999.99")
RECEIPT_ID_CHARACTERS_MAX = 100
# The only statuses that refuse a receipt, and only in JSON (decision 0031).
RECEIPT_REFUSALS = frozenset({400, 404, 405, 413, 415, 422})
# A token is renewed this long before it expires, so that none expires on its way.
TOKEN_MARGIN = timedelta(seconds=60)
# How long a token is used that does not tell when it expires; a 401 renews it sooner.
TOKEN_LIFETIME = timedelta(minutes=5)
# Ours take under a kilobyte; a server's limit for all headers is often 8 KiB.
TOKEN_CHARACTERS_MAX = 7 * 1024
_TOKEN = re.compile(rf"[\x21-\x7e]{{1,{TOKEN_CHARACTERS_MAX}}}")
# Whatever Token refuses is refused because of the three values or the address.
_TOKEN_BLAMES = frozenset(range(400, 500)) - {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}


class SpectrumClient:
    """One biller's way to Spectrum with one credential set: the balance and receipt ports.

    `settings` names the settings that `access` came from, for errors. Receipts are dated in the
    biller's `time_zone`. Any thread may call.
    """

    def __init__(
        self,
        http: PartnerHttp,
        access: SpectrumAccess,
        clock: Clock,
        *,
        settings: str = "Spectrum's URL, username and key|password",
        time_zone: str = "UTC",
    ) -> None:
        self._http = http
        self._access = access
        self._clock = clock
        self._settings = settings
        self._zone = ZoneInfo(time_zone)
        self._tokens = CachedCredential(self._fetch_token, clock)

    @property
    def http(self) -> PartnerHttp:
        return self._http

    def balance_due(self, invoice_number: str) -> BalanceAnswer:
        """Return what is due on an invoice; raises RejectedError for an unknown one."""
        call = self._call(
            "InvoiceBalanceDue",
            "GET",
            "/api/Invoice/InvoiceBalanceDue",
            params={"invoiceNumber": invoice_number},
            headers={"Cache-Control": "no-cache"},
        )
        try:
            answer = self.send(call)
        except RejectedError as error:
            raise self._http.believed(error, call.doubt) from None
        try:
            balance = balance_of(read_json(answer.content), invoice_number)
        except (UnreadableAnswerError, BadInputError) as error:
            why = f"the answer is no balance of invoice {invoice_number} ({error})"
            raise self._distrust(call, why, answer) from None
        return BalanceAnswer(
            balance=balance,
            stale=why_stale(answer.headers),
            dated_at=self._http.dated_at(call, answer.headers),
        )

    def post_receipt(self, payment: Payment) -> ReceiptAnswer:
        """Post one receipt, once; what cannot be posted as it is, is refused before sending."""
        call = self._call(
            "OnlineReceipt",
            "POST",
            "/api/OnlineReceipt",
            headers={
                "Content-Type": "application/json",
                CORRELATION_HEADER: payment.payment_guid,
            },
            repeatable=False,
            refusals=RECEIPT_REFUSALS,
        )
        try:
            call = replace(call, content=receipt_json(payment, self._zone))
        except BadInputError as error:
            raise self._http.refuse(call, str(error)) from None
        answer = self.send(call)
        try:
            return receipt_answer(answer.content, payment)
        except UnreadableAnswerError as error:
            why = f"the answer says neither that it was applied nor that not ({error})"
            raise self._distrust(call, why, answer) from None

    def send(self, call: Call) -> Answer:
        """Send a call with the token and wait for the whole answer."""
        with self.stream(call) as answer:
            return answer.read()

    @contextmanager
    def stream(self, call: Call) -> Iterator[StreamedAnswer]:
        """Send a call with the token; after a 401 again with a new one, unless it moves money."""
        token = self._tokens.usable()
        with ExitStack() as opened:
            try:
                answer = opened.enter_context(self._http.stream(self._bearing(call, token)))
            except CredentialsRefusedError:
                self._tokens.drop(token)
                raise
            except UnauthorizedError:
                token = self._tokens.usable(refused=token)
                answer = opened.enter_context(self._http.stream(self._bearing(call, token)))
            yield answer

    def _fetch_token(self) -> tuple[str, datetime]:
        access = self._access
        document = {
            "token": access.key,
            "username": access.username,
            "password": access.password,
        }
        call = self._call(
            "Token",
            "POST",
            "/api/Token",
            headers={"Content-Type": "application/json"},
            content=json.dumps(document).encode(),
            blames_settings=_TOKEN_BLAMES,
        )
        answer = self._http.send(call)
        try:
            token = token_text(read_json(answer.content))
        except UnreadableAnswerError as error:
            raise self._distrust(call, f"the answer is no token ({error})", answer) from None
        return token, use_until(token, now=self._clock.now())

    def _call(self, operation: str, method: str, path: str, **rest: Any) -> Call:
        return Call(
            operation=operation,
            method=method,
            url=f"{self._access.base_url.rstrip('/')}{path}",
            settings=self._settings,
            secrets=(self._access.key, self._access.password),
            **rest,
        )

    def _bearing(self, call: Call, token: str) -> Call:
        return replace(
            call,
            headers={**call.headers, "Authorization": f"Bearer {token}"},
            secrets=(*call.secrets, token),
        )

    def _distrust(self, call: Call, why: str, answer: Answer) -> Exception:
        return self._http.distrust(call, why, status=answer.status, content=answer.content)


def balance_of(document: Any, invoice_number: str) -> Decimal:
    """Read A2's answer; raises UnreadableAnswerError or BadInputError for anything else."""
    attributes = attributes_of(document, "invoiceNumber")
    told = document["data"].get("id")
    if isinstance(told, bool) or str(told) != invoice_number:
        raise UnreadableAnswerError(f"data.id is {redacted_excerpt(str(told))}")
    balance = attributes.get("balanceDue")
    if isinstance(balance, bool) or not isinstance(balance, str | int | Decimal):
        raise UnreadableAnswerError("data.attributes.balanceDue must be an amount")
    text = format(balance, "f") if isinstance(balance, Decimal) else str(balance)
    return parse_money(text, field="balanceDue")


def receipt_json(payment: Payment, zone: ZoneInfo) -> bytes:
    """Write a payment in Spectrum's words (A3), its amounts digit by digit.

    `datePaid` leaves with the biller's own offset: in UTC an evening's payment is tomorrow's.
    """
    if len(payment.payment_reference) > PAYMENT_REFERENCE_LENGTH:
        raise BadInputError(
            field="PaymentReference",
            value=payment.payment_reference[:60],
            rule=f"Spectrum takes at most {PAYMENT_REFERENCE_LENGTH} characters",
            remedy="Ask Invoice Cloud for a shorter reference",
        )
    document: dict[str, str | bool | Decimal] = {
        "invoiceNumber": payment.invoice_number,
        "policyNumber": payment.account_number,
        "fullName": payment.customer_name,
        "datePaid": payment.paid_at.astimezone(zone).isoformat().replace("+00:00", "Z"),
        "referenceNumber": payment.payment_guid,
        "amount": _sendable(payment.amount, "PaymentAmount"),
        "fee": _sendable(payment.fee, "ConvenienceFee"),
        "transactionID": payment.payment_reference,
        "transactionMessage": payment.payment_message,
        "paymentType": payment.method.value,
        "approved": payment.approved,
        "onlineVendor": ONLINE_VENDOR,
    }
    members = (f"{json.dumps(name)}: {_written(value)}" for name, value in document.items())
    return f"{{{', '.join(members)}}}".encode()


def receipt_answer(content: bytes, payment: Payment) -> ReceiptAnswer:
    """Tell a receipt, an okay without one and an empty success apart (A4).

    Raises UnreadableAnswerError for anything else, such as the echo of another receipt.
    """
    if not content.strip():
        return ReceiptEmpty()
    document = read_json(content)
    if not isinstance(document, dict):
        raise UnreadableAnswerError("it is no object")
    told = {name.casefold(): value for name, value in document.items()}
    if differing := differing_echo(told, payment):
        raise UnreadableAnswerError(f"its {differing} is another's")
    receipt_id = told.get("receiptid")
    if is_no_receipt(receipt_id):
        return ReceiptPending(message=redacted_excerpt(str(told.get("message") or "")))
    if isinstance(receipt_id, bool) or not isinstance(receipt_id, str | int | Decimal):
        raise UnreadableAnswerError("its receiptID is neither a text nor a number")
    if len(str(receipt_id)) > RECEIPT_ID_CHARACTERS_MAX or not str(receipt_id).isprintable():
        raise UnreadableAnswerError("its receiptID is too long, or no text, to be one")
    return ReceiptApplied(receipt_id=str(receipt_id))


def _sendable(amount: Decimal, name: str) -> Decimal:
    """Refuse what would change when it is written with two decimals."""
    if not amount.is_finite() or abs(amount) > AMOUNT_MAX or amount != amount.quantize(CENT):
        raise BadInputError(
            field=name,
            value=str(amount)[:40],
            rule="it must be dollars and whole cents",
            remedy="Ask Invoice Cloud about this payment",
        )
    return amount


def _written(value: str | bool | Decimal) -> str:  # noqa: FBT001  # a value, not a switch
    return money_text(value) if isinstance(value, Decimal) else json.dumps(value)


def token_text(document: Any) -> str:
    """Find the token in A1's answer; raises UnreadableAnswerError for none that can be sent."""
    text = attributes_of(document, "jwtToken").get("token")
    if not isinstance(text, str) or not _TOKEN.fullmatch(text):
        raise UnreadableAnswerError("data.attributes.token must be a text that fits a header")
    return text


def use_until(token: str, *, now: datetime) -> datetime:
    """Tell when a token is to be renewed, by its `exp`.

    The signature is not checked, for the key is Spectrum's, and nothing else of the token is
    believed: one that cannot be read, whatever its algorithm, is used for a while.
    """
    try:
        claims = read_json(_base64url(token.split(".")[1]))
        return datetime.fromtimestamp(int(claims["exp"]), UTC) - TOKEN_MARGIN
    except (ArithmeticError, LookupError, OSError, TypeError, ValueError, UnreadableAnswerError):
        return now + TOKEN_LIFETIME


def _base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
