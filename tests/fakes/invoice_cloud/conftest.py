"""Invoice Cloud without its own socket: a world, bills, and a stub adapter on a real one."""

import base64
import json
import threading
from collections import deque
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from werkzeug.test import Client, TestResponse

from sandbox.fakes.invoice_cloud.book import BilledInvoice, BillPosted, InvoiceCloudBook
from sandbox.fakes.invoice_cloud.instruments import CARDS
from sandbox.fakes.invoice_cloud.payers import PaymentOrder, pay
from sandbox.fakes.invoice_cloud.soap import application
from sandbox.faults import FAULTS
from sandbox.world.binding import WORLD_KEY
from sandbox.world.clock import DEMO_START
from sandbox.world.world import World

NOTHING_LISTENS = "http://127.0.0.1:1"


class InvoiceCloud:
    """One world's Invoice Cloud: its book, its clock, and payers at its pages."""

    def __init__(self, world):
        self.world = world
        self.book = world.book(InvoiceCloudBook)
        self.billers = world.billers
        self.client = Client(self._bound, TestResponse)

    def _bound(self, environ, start_response):
        environ[WORLD_KEY] = self.world
        return application(environ, start_response)

    def invoice(self, number="30254", due="731.37", **changes):
        told = {
            "invoice_number": number,
            "account_number": "1004587",
            "customer_name": "Dana Whitfield",
            "email_address": "",
            "invoice_date": "12/20/2025",
            "due_date": "01/20/2026",
            "autopay_date": "",
            "total_due": Decimal(due),
            "allow_partial": False,
            "details": (("1004587", Decimal(due)),),
        }
        return BilledInvoice(**{**told, **changes})

    def bill(self, number="30254", due="731.37", *, biller=0, **changes):
        """Post a bill and return it."""
        slug = self.billers[biller].slug
        invoice = self.invoice(number, due, **changes)
        self.book.record(BillPosted(biller=slug, file_name="a.BIF", invoice=invoice))
        return self.book.bills[slug, number]

    def pay(self, number="30254", instrument=CARDS[0], amount=None, *, biller=0):
        order = PaymentOrder(
            biller=self.billers[biller].slug,
            invoice_number=number,
            instrument=instrument,
            amount=amount and Decimal(amount),
        )
        return pay(self.world, order)

    def pay_new(self, number="30254", instrument=CARDS[0]):
        """Post a bill and pay it."""
        self.bill(number)
        return self.pay(number, instrument)

    def delivery(self, made):
        return self.book.payments[made.payment_guid]

    def arm(self, kind, operation, moment, count=1, **parameters):
        self.world.faults.arm(
            kind=kind,
            effect=FAULTS[kind](parameters),
            partner="invoice_cloud",
            operation=operation,
            moment=moment,
            count=count,
            match={},
            parameters=parameters,
        )


class StubAdapter:
    """What answers in the adapter's place: planned answers, then the usual one.

    An answer is a status and a document, or the bytes of a body; None hangs up without a word.
    """

    def __init__(self, url):
        self.url = url
        self.planned = deque()
        self.usual = (200, {})
        self.calls = []

    def join(self, world):
        for connector in world.connectors.values():
            connector.url = self.url

    def take(self, handler):
        """Note a request and return what to answer."""
        length = int(handler.headers.get("Content-Length", 0))
        body = handler.rfile.read(length)
        scheme, _, told = handler.headers["Authorization"].partition(" ")
        call = {
            "line": f"{handler.command} {handler.path}",
            "credentials": (scheme, *base64.b64decode(told).decode().split(":", 1)),
            "body": json.loads(body) if body else None,
        }
        self.calls.append(call)
        return self.planned.popleft() if self.planned else self.usual


class _Handler(BaseHTTPRequestHandler):
    def answer(self):
        planned = self.server.stub.take(self)
        if planned is None:
            return
        status, document, *headers = planned
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer  # noqa: N815  # the library's names

    def log_message(self, *_):
        """Keep the test's output clean."""


@pytest.fixture(scope="session")
def stub_server():
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def cloud():
    return InvoiceCloud(World(seed=1, start=DEMO_START, billers=2))


@pytest.fixture
def make_cloud():
    """Return a maker of worlds' Invoice Clouds, for tests that need several or none kept."""

    def make(**options):
        return InvoiceCloud(World(**{"seed": 1, "start": DEMO_START, "billers": 2, **options}))

    return make


@pytest.fixture
def adapter(cloud, stub_server):
    """Put a stub in the adapter's place for every biller of the world."""
    stub = StubAdapter(f"http://127.0.0.1:{stub_server.server_port}")
    stub_server.stub = stub
    stub.join(cloud.world)
    return stub


@pytest.fixture
def nobody(cloud):
    """Point every biller's connector to a port where nothing listens."""
    for connector in cloud.world.connectors.values():
        connector.url = NOTHING_LISTENS
