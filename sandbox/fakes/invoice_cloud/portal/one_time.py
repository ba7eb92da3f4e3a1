"""Form tokens: a form counts only if this portal gave it to this browser, and counts once."""

from __future__ import annotations

import functools
import hmac
from collections import defaultdict
from collections.abc import Callable
from threading import RLock
from typing import Concatenate

from flask import render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.fakes.chrome.guard import guard
from sandbox.fakes.invoice_cloud.customers.sessions import fingerprint_of
from sandbox.fakes.invoice_cloud.portal.visit import P, Visit, html, signed_on
from sandbox.world.book import Book, Recorded
from sandbox.world.world import World

FIELD = "form_token"
SERIAL_BYTES = 12


class FormsBook(Book):
    """Draws the serial numbers of forms, and knows where each one that was done has led to."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.led_to: dict[str, AnyResponse] = {}
        self._chance = world.chance(f"invoice_cloud:forms:{world.name}")
        self._locks: defaultdict[str, RLock] = defaultdict(RLock)

    def apply(self, recorded: Recorded) -> None:
        raise TypeError(f"the forms' book keeps no {type(recorded.event).__name__}")

    def next_serial(self) -> str:
        with self.lock:
            return self._chance.randbytes(SERIAL_BYTES).hex()

    def lock_of(self, secret: str) -> RLock:
        """Return what lets a browser's forms be done one after the other."""
        with self.lock:
            return self._locks[fingerprint_of(secret)]


def form_token(world: World, secret: str) -> str:
    """Return a token for a form that is shown to the browser that holds a secret."""
    serial = world.book(FormsBook).next_serial()
    return f"{serial}.{_sign(secret, serial)}"


def do_once(world: World, secret: str, act: Callable[[], AnyResponse]) -> AnyResponse:
    """Do what a form asks; a form that is sent again leads to where it led before."""
    token = request.form.get(FIELD, "")
    serial, _, signature = token.partition(".")
    if not secret or not hmac.compare_digest(signature.encode(), _sign(secret, serial).encode()):
        return _refuse(world)
    book = world.book(FormsBook)
    with book.lock_of(secret):
        done = book.led_to.get(token)
        if done is not None:
            return done
        answer = act()
        if answer.status_code == 303:  # noqa: PLR2004  # See Other: it was done
            book.led_to[token] = answer
        return answer


def form(act: Callable[Concatenate[Visit, P], AnyResponse]) -> Callable[P, AnyResponse]:
    """Serve a form of someone who is signed on, once."""

    @functools.wraps(act)
    def serve(visit: Visit, *args: P.args, **kwargs: P.kwargs) -> AnyResponse:
        return do_once(visit.world, visit.cookie, lambda: act(visit, *args, **kwargs))

    return signed_on(serve)


def _sign(secret: str, serial: str) -> str:
    return hmac.digest(secret.encode(), f"form {serial}".encode(), "sha256").hex()


def _refuse(world: World) -> AnyResponse:
    answer = html(render_template("customer/form_refused.html", world=world), 403)
    guard(answer, framed=True)
    return answer
