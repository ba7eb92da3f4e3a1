"""The rig's own Spectrum on a real socket: token, balance, receipt and the extract of receipts.

It shares nothing with the sandbox's. How a post on an invoice is answered, and what it is told of
a balance, can be planned; what is not planned is answered well.
"""

import base64
import json
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.delivery.answers.book import START, Book

JSON = "application/json; charset=utf-8"
# What one request takes, half of it before Spectrum acts.
HALF_A_REQUEST = timedelta(milliseconds=50)
TOKEN_LIFETIME = timedelta(hours=1)
# A stale extract tells nothing of the time after this.
STALE_AS_OF = START - timedelta(hours=1)
LAG = timedelta(hours=6)
FEEDS = ("nofeed", "fresh", "stale", "late")
DRIPS_MAX = 100
SECONDS_BETWEEN_DRIPS = 0.05


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer; severed, its connection ends without it, and dripped, it comes line by line."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    ending: str = "whole"


def json_reply(document, *, status=200, **headers):
    return Reply(
        status=status,
        body=json.dumps(document).encode(),
        headers={"Content-Type": JSON, **headers},
    )


@dataclass(frozen=True, kw_only=True)
class Post:
    """One receipt that was sent to Spectrum, which may apply it."""

    spectrum: "Spectrum"
    document: dict
    at: datetime

    @property
    def invoice(self):
        return str(self.document["invoiceNumber"])

    @property
    def amount(self):
        return Decimal(str(self.document["amount"]))

    def apply(self, **when):
        return self.spectrum.book.apply(
            invoice=self.invoice,
            reference=str(self.document["referenceNumber"]),
            amount=self.amount,
            **when,
        )

    def echo(self, **changes):
        """Answer with what was sent, and what is said besides."""
        return json_reply({**self.document, **changes})

    def applied(self):
        """Apply it and say so, as Spectrum does when all is well."""
        if self.spectrum.knows(self.document["referenceNumber"]):
            return self.echo(message="maybe already was")
        return self.echo(receiptID=self.apply().id)


class Spectrum:
    """One biller's Spectrum: its book, its tokens, and what it was asked."""

    def __init__(self, clock, *, feed="nofeed", deduplicates=False):
        self.clock = clock
        self.book = Book(clock)
        self.feed = feed
        self._deduplicates = deduplicates
        # By invoice: what becomes of its next posts, each of which uses one up.
        self.plans = defaultdict(list)
        # By invoice: what a question for its balance is answered with, where that is otherwise.
        self.balances = {}
        self.posts = []
        self.story = defaultdict(list)  # by invoice: what was asked, as moments and words
        self.hung_up = threading.Event()
        self._tokens = {}
        self._refused = set()

    def answer(self, method, address, headers, content):
        """Answer one request; the clock moves on while it does."""
        self.clock.advance(seconds=HALF_A_REQUEST.total_seconds())
        parts = urlsplit(address)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if (method, parts.path) == ("POST", "/api/Token"):
            reply = self._token()
        elif not self._lets_in(headers.get("Authorization", "")):
            reply = Reply(status=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
        else:
            reply = self._serve(f"{method} {parts.path}", asked, content)
        self.clock.advance(seconds=HALF_A_REQUEST.total_seconds())
        return reply

    def knows(self, reference):
        """Tell whether it has such a receipt, where it looks for one at all."""
        return self._deduplicates and any(r.reference == reference for r in self.book.receipts)

    def refuse_token(self):
        """Let nobody in with a token that was given so far."""
        self._refused |= set(self._tokens)

    def note(self, invoice, words):
        self.story[invoice].append((self.clock.now(), words))

    def _serve(self, what, asked, content):
        match what:
            case "GET /api/Invoice/InvoiceBalanceDue":
                return self._balance(asked["invoiceNumber"])
            case "POST /api/OnlineReceipt":
                return self._receive(json.loads(content))
            case "GET /extract/receipts" if self.feed != "nofeed":
                return self._extract(datetime.fromisoformat(asked["since"]))
        return json_reply({"title": "Not Found", "status": 404}, status=404)

    def _balance(self, invoice):
        planned = self.balances.get(invoice)
        reply = planned(self.clock.now()) if planned is not None else None
        if reply is None:
            reply = balance_reply(invoice, self.book.balance(invoice, self.clock.now()))
        self.note(invoice, f"balance asked: {_told(reply)}")
        return reply

    def _receive(self, document):
        post = Post(spectrum=self, document=document, at=self.clock.now())
        self.posts.append(post)
        before = len(self.book.receipts)
        plans = self.plans[post.invoice]
        reply = plans.pop(0)(post) if plans else post.applied()
        new = ", ".join(f"receipt {r.id}" for r in self.book.receipts[before:]) or "nothing"
        self.note(post.invoice, f"posted {post.amount:.2f}: applied {new}; {_told(reply)}")
        return reply

    def _extract(self, since):
        now = self.clock.now()
        as_of = {"fresh": now, "stale": STALE_AS_OF, "late": now - LAG}[self.feed]
        rows = [_row(receipt) for receipt in self.book.told(since=since, as_of=as_of)]
        moment = utc_text(as_of)
        return json_reply({"as_of": moment, "cursor": moment, "receipts": rows})

    def _token(self):
        expires = self.clock.now() + TOKEN_LIFETIME
        claims = {"jti": len(self._tokens) + 1, "exp": int(expires.timestamp())}
        token = ".".join(_base64url(json.dumps(part)) for part in ({"typ": "JWT"}, claims, {}))
        self._tokens[token] = expires
        attributes = {"token": token}
        return json_reply({"data": {"id": "7", "type": "jwtToken", "attributes": attributes}})

    def _lets_in(self, authorization):
        token = authorization.removeprefix("Bearer ")
        expires = self._tokens.get(token)
        return expires is not None and token not in self._refused and self.clock.now() < expires


class SpectrumServer:
    """Serves one Spectrum after the other on the same free port of the loopback.

    Until it listens, its port is taken, and every connection to it refused.
    """

    def __init__(self, *, listens=True):
        self.spectrum = None
        self._server = _Server(("127.0.0.1", 0), _Handler, bind_and_activate=False)
        self._server.owner = self
        self._server.server_bind()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = None
        if listens:
            self.listen()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def listen(self):
        self._server.server_activate()
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, _request, _address):
        """Say nothing of a client that hung up: a plan may want just that."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        spectrum = self.server.owner.spectrum
        reply = spectrum.answer(self.command, self.path, self.headers, content)
        if reply.ending == "severed":
            self.close_connection = True
            return
        head = _head(reply, spectrum.clock.now())
        if reply.ending == "dripped":
            self._drip(spectrum, head)
        self.wfile.write(head + b"\r\n" + reply.body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_):
        """Keep quiet."""

    def _drip(self, spectrum, head):
        """Send one header line after the other until the client hangs up, or for some seconds."""
        self.wfile.write(head)
        try:
            for number in range(DRIPS_MAX):
                spectrum.hung_up.wait(SECONDS_BETWEEN_DRIPS)
                self.wfile.write(f"X-Drip: {number}\r\n".encode())
        except ConnectionError:
            spectrum.hung_up.set()
            raise


def balance_reply(invoice, balance, **headers):
    """Write a balance as Spectrum does, with four decimals."""
    told = {"id": invoice, "type": "invoiceNumber", "attributes": {"balanceDue": f"{balance:.4f}"}}
    return json_reply({"data": told}, **headers)


def utc_text(moment):
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _head(reply, now):
    known = {status.value: status.phrase for status in HTTPStatus}
    headers = {"Date": format_datetime(now, usegmt=True), **reply.headers}
    if reply.status not in {204, 304}:
        headers["Content-Length"] = str(len(reply.body))
    lines = [f"HTTP/1.1 {reply.status} {known.get(reply.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "".join(f"{line}\r\n" for line in lines).encode()


def _row(receipt):
    return {
        "receipt_id": receipt.id,
        "invoice_number": receipt.invoice,
        "policy_number": "900100",
        "reference_number": receipt.reference,
        "amount": f"{receipt.amount:.4f}",
        "fee": "0.0000",
        "online_vendor": receipt.vendor,
        "date_paid": utc_text(receipt.applied_at),
        "applied_at": utc_text(receipt.applied_at),
        "reversal_id": None,
        "reversed_at": None,
    }


def _told(reply):
    if reply.ending != "whole":
        return f"answer {reply.ending}"
    text = reply.body.decode()
    if "balanceDue" in text:
        told = json.loads(text)["data"]["attributes"]["balanceDue"]
        others = [f"{k}: {v}" for k, v in reply.headers.items() if k != "Content-Type"]
        return ", ".join([told, *others])
    return f"answer {reply.status} {text[:60] or 'without a body'}"


def _base64url(text):
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
