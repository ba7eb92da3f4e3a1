"""Every case of the campaign: how a payment's first post is answered, and what happens around it.

A case has a name by which it is played again, such as `403-html-after-nofeed-fee`: the answer,
whether Spectrum had applied the receipt before it (`after`) or never did (`before`), its receipts
feed, and whether a fee is charged between the post and the look.
"""

import itertools
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from random import Random

from tests.delivery.answers.spectrum import JSON, Reply

FORMS = ("json", "html", "empty")
STATUSES = range(200, 600)
# A connection that ends without an answer, and outcome (b), a success without a receipt.
OTHER_ANSWERS = ("severed", "okay")
FEEDS = ("nofeed", "fresh", "stale")
BELIEVED_REFUSALS = frozenset({400, 404, 405, 413, 415, 422})
WITHOUT_BODY = frozenset({204, 304})
ALONE = frozenset({401, 403, 407, 408, 409, 425, 429})
AMOUNTS = tuple(Decimal(text) for text in ("10.00", "25.00", "31.37", "120.05"))
FEES = tuple(Decimal(text) for text in ("3.00", "7.50", "15.00"))
FEE_AFTER = timedelta(seconds=60)
PAGE = (
    b"<!DOCTYPE html><html><head><title>Request rejected</title></head><body>The requested URL "
    b"was rejected. Please consult with your administrator. Your support ID is 1127.</body></html>"
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One payment and what it meets; `answer` is of the first post, all later ones are good."""

    answer: str
    applied: bool
    feed: str
    fee: bool

    @property
    def name(self):
        when = "after" if self.applied else "before"
        return "-".join([self.answer, when, self.feed, *(["fee"] if self.fee else [])])

    @property
    def surroundings(self):
        """Name what stands around the answer, for the table."""
        when = "applied" if self.applied else "not applied"
        return f"{when}, {self.feed}{', a fee' if self.fee else ''}"

    @property
    def group(self):
        """Name the kind of answer, for the table."""
        status, _, form = self.answer.partition("-")
        if not status.isdigit():
            return {"severed": "no answer", "okay": "2xx json, no receipt"}[status]
        number = int(status)
        if number in ALONE:
            return f"{status} {form}"
        if number in BELIEVED_REFUSALS and form == "json":
            return "refusal json"
        kind = {4: "other 4xx"}.get(number // 100, f"{number // 100}xx")
        return f"{kind} {form}"

    def amount(self, seed):
        return self._chance(seed).choice(AMOUNTS)

    def plan(self, seed):
        """Return what becomes of the first post."""
        fee = self._chance(f"fee {seed}").choice(FEES)

        def meet(post):
            receipt = post.apply() if self.applied else None
            if self.fee:
                post.spectrum.book.charge(post.invoice, fee, after=FEE_AFTER)
            return self._reply(post, receipt)

        return meet

    def _reply(self, post, receipt):
        if self.answer == "severed":
            return Reply(ending="severed")
        okay = post.echo(message="Receipt Can Be Obtained By Scheduled Service")
        if self.answer == "okay":
            return okay
        status_text, _, form = self.answer.partition("-")
        status = int(status_text)
        headers = _headers(status)
        if form == "empty" or status in WITHOUT_BODY:
            return Reply(status=status, headers=headers)
        if form == "html":
            return Reply(
                status=status, body=PAGE, headers={**headers, "Content-Type": "text/html"}
            )
        if status < 300:
            said = okay if receipt is None else post.echo(receiptID=receipt.id)
            return Reply(status=status, body=said.body, headers={**headers, "Content-Type": JSON})
        problem = b'{"title": "An error has occurred.", "status": %d}' % status
        kind = "application/problem+json"
        return Reply(status=status, body=problem, headers={**headers, "Content-Type": kind})

    def _chance(self, seed):
        return Random(f"{seed}:{self.name}")  # noqa: S311  # a drawn campaign, no secret


def every_case():
    """Return the whole campaign, in the order of the statuses."""
    answers = [f"{status}-{form}" for status in STATUSES for form in FORMS]
    return [
        Case(answer=answer, applied=applied, feed=feed, fee=fee)
        for answer, applied, feed, fee in itertools.product(
            [*answers, *OTHER_ANSWERS], (False, True), FEEDS, (False, True)
        )
    ]


def _headers(status):
    """Say what makes an eager client send it again: elsewhere, soon, or with another token."""
    if 300 <= status < 400:
        return {"Location": "/api/OnlineReceipt"}
    return {
        401: {"WWW-Authenticate": "Bearer"},
        429: {"Retry-After": "1"},
        503: {"Retry-After": "1"},
    }.get(status, {})
