"""Form tokens: a form counts only if this portal gave it to this browser, and counts once."""

from __future__ import annotations

import hmac
from collections import defaultdict
from collections.abc import Callable
from threading import RLock

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.fakes.chrome.guard import comes_from_elsewhere
from sandbox.fakes.invoice_cloud.customers.sessions import fingerprint_of
from sandbox.fakes.invoice_cloud.portal.answers import show
from sandbox.world.book import Book, Recorded
from sandbox.world.world import World

FIELD = "form_token"
SERIAL_BYTES = 12
DONE = 303


class FormsBook(Book):
    """Draws the serial numbers of forms, and knows where each one that was done has led to."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.led_to: dict[str, AnyResponse] = {}
        self._chance = world.chance(f"invoice_cloud:forms:{world.name}")
        self._turns: defaultdict[str, RLock] = defaultdict(RLock)

    def apply(self, recorded: Recorded) -> None:
        raise TypeError(f"the forms' book keeps no {type(recorded.event).__name__}")

    def next_serial(self) -> str:
        with self.lock:
            return self._chance.randbytes(SERIAL_BYTES).hex()

    def turn(self, secret: str) -> RLock:
        """Return what lets a browser's forms be done one after the other."""
        with self.lock:
            return self._turns[fingerprint_of(secret)]


def form_token(world: World, secret: str) -> str:
    """Return a token for a form that is shown to the browser that holds a secret."""
    serial = world.book(FormsBook).next_serial()
    return f"{serial}.{_sign(secret, serial)}"


def do_once(world: World, secret: str, act: Callable[[], AnyResponse]) -> AnyResponse:
    """Do what a form asks; the same form sent again leads to where it led before.

    A form that was refused has done nothing, and may be sent again.
    """
    token = request.form.get(FIELD, "")
    serial, _, signature = token.partition(".")
    own = hmac.compare_digest(signature.encode(), _sign(secret, serial).encode())
    if not secret or not own or comes_from_elsewhere(request.headers):
        return show("form_refused", 403, world=world, biller=None)
    book = world.book(FormsBook)
    with book.turn(secret):
        if token in book.led_to:
            return book.led_to[token]
        answer = act()
        if answer.status_code == DONE:
            book.led_to[token] = answer
        return answer


def _sign(secret: str, serial: str) -> str:
    return hmac.digest(secret.encode(), f"form {serial}".encode(), "sha256").hex()
