"""Invariant 10: no secret, card or bank number in any journal, report, log or database."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakKeyDictionary

from sandbox.audit.evidence import Evidence
from sandbox.audit.report import Violation
from sandbox.audit.shapes import secrets_shaped
from sandbox.audit.watched_files import pieces_of, texts_of
from sandbox.fakes.imt.book import ImtBook
from sandbox.fakes.imt.portal_sessions import PortalBook
from sandbox.fakes.invoice_cloud.customers.sessions import SessionsBook
from sandbox.fakes.invoice_cloud.instruments import secret_numbers
from sandbox.fakes.spectrum.book import SpectrumBook
from sandbox.world.adapter_settings import password_seed
from sandbox.world.journal import Journal
from sandbox.world.world import World

# What carries a session or signs somebody on is as long as one of these, in hexadecimal.
_CARRIER = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-f]{48}|[0-9a-f]{64})(?![0-9A-Za-z])")


@dataclass(kw_only=True)
class _LookedAt:
    """Up to which entry a journal was looked through, and what was found in it."""

    sequence: int = 0
    found: set[str] = field(default_factory=set)


_LOOKED_AT: WeakKeyDictionary[Journal, _LookedAt] = WeakKeyDictionary()


def no_secret_anywhere(evidence: Evidence) -> Iterator[Violation]:
    """Look for the world's own secrets, and for whatever has the shape of one."""
    secrets = known_secrets(evidence.world)
    numbers = known_numbers(evidence.world)
    carriers = _fingerprints(evidence.world)

    def found_in(text: str) -> set[str]:
        lowered = text.lower()
        found = {what for value, what in secrets.items() if value in lowered}
        found |= set(secrets_shaped(text, numbers))
        if any(_fingerprint(word) in carriers for word in set(_CARRIER.findall(text))):
            found.add("a cookie or a token that somebody was given")
        return found

    for what in sorted(_found_in_journal(evidence.world.journal, found_in)):
        yield Violation(story=f"the journal holds {what}")
    for report in evidence.reports:
        for what in sorted(found_in(report.text)):
            yield Violation(story=f"{report.name} holds {what}")
    for path in evidence.world.watched_files:
        for what in sorted(_found_in_file(path, secrets, numbers)):
            yield Violation(story=f"{path.name} holds {what}")


def known_secrets(world: World) -> dict[str, str]:
    """Return every secret value of the world, in lower case, with what it is called."""
    secrets = dict.fromkeys(secret_numbers(), "a test card or bank account number")
    for biller in world.billers:
        own = (*biller.secrets, password_seed(world, biller))
        secrets |= dict.fromkeys(own, f"a secret of {biller.slug}")
    return {value.lower(): what for value, what in secrets.items()}


def known_numbers(world: World) -> frozenset[str]:
    """Return the numbers that anybody may read: of invoices and of policies."""
    book = world.book(SpectrumBook)
    with book.locked():
        policies = [invoice.policy for invoice in book.invoices.values()]
    return frozenset(
        number for policy in policies for number in (policy.invoice_number, policy.policy_number)
    )


def _fingerprints(world: World) -> set[str]:
    """Return what the books know cookies and tokens by: the secrets are kept nowhere."""
    sessions = world.book(SessionsBook)
    opened = (sessions.tokens, sessions.sessions, world.book(PortalBook).sessions)
    return {
        fingerprint for each in (*opened, world.book(ImtBook).sessions) for fingerprint in each
    }


def _fingerprint(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


def _found_in_journal(journal: Journal, found_in: Callable[[str], set[str]]) -> set[str]:
    """Look through the entries that are new since the last audit, and remember what was found.

    While a call is open its entry still changes: then nothing is taken for looked at.
    """
    looked = _LOOKED_AT.setdefault(journal, _LookedAt())
    sequence, open_calls = journal.position
    lines = "".join(e.as_line() for e in journal.entries() if e.sequence > looked.sequence)
    found = looked.found | found_in(lines)
    if not open_calls and journal.position == (sequence, open_calls):
        looked.sequence, looked.found = sequence, found
    return found


def _found_in_file(path: Path, secrets: dict[str, str], numbers: frozenset[str]) -> set[str]:
    """Look for the world's own secrets in every byte, for shapes in what a person reads."""
    values = {value.encode(): what for value, what in secrets.items()}
    found: set[str] = set()
    for piece in map(bytes.lower, pieces_of(path)):
        found |= {what for value, what in values.items() if value in piece}
    return found | {what for text in texts_of(path) for what in secrets_shaped(text, numbers)}
