"""Invariant 10: no secret, card or bank number in any journal, report, log or database."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from sandbox.audit.evidence import Evidence
from sandbox.audit.report import Violation
from sandbox.fakes.imt.book import ImtBook
from sandbox.fakes.imt.portal_sessions import PortalBook
from sandbox.fakes.invoice_cloud.customers.sessions import SessionsBook
from sandbox.fakes.invoice_cloud.instruments import secret_numbers
from sandbox.world.adapter_settings import password_seed
from sandbox.world.redaction import is_card_number
from sandbox.world.world import World

_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.")
_NUMBER = re.compile(r"(?<![0-9A-Za-z.-])[3-6][0-9]{12,18}(?![0-9A-Za-z.-])")
# What carries a session or signs somebody on is as long as one of these, in hexadecimal.
_CARRIER = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-f]{48}|[0-9a-f]{64})(?![0-9A-Za-z])")
SCAN_CHUNK_BYTES = 1024 * 1024


def no_secret_anywhere(evidence: Evidence) -> Iterator[Violation]:
    """Look for the world's own secrets, for tokens and for anything like a card number."""
    secrets = known_secrets(evidence.world)
    carriers = _fingerprints(evidence.world)
    for report in evidence.reports:
        found = _found_in_text(report.text, secrets)
        if any(_fingerprint(word) in carriers for word in set(_CARRIER.findall(report.text))):
            found.add("a cookie or a token that somebody was given")
        for what in sorted(found):
            yield Violation(story=f"{report.name} holds {what}")
    for path in evidence.world.watched_files:
        for what in sorted(_found_in_file(path, secrets)):
            yield Violation(story=f"{path.name} holds {what}")


def known_secrets(world: World) -> dict[str, str]:
    """Return every secret value of the world with what it is called."""
    secrets = dict.fromkeys(secret_numbers(), "a test card or bank account number")
    for biller in world.billers:
        own = (*biller.secrets, password_seed(world, biller))
        secrets |= dict.fromkeys(own, f"a secret of {biller.slug}")
    return secrets


def _fingerprints(world: World) -> set[str]:
    """Return what the books know cookies and tokens by: the secrets are kept nowhere."""
    sessions = world.book(SessionsBook)
    opened = (sessions.tokens, sessions.sessions, world.book(PortalBook).sessions)
    return {
        fingerprint for each in (*opened, world.book(ImtBook).sessions) for fingerprint in each
    }


def _fingerprint(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


def _found_in_text(text: str, secrets: dict[str, str]) -> set[str]:
    lowered = text.lower()
    found = {what for value, what in secrets.items() if value.lower() in lowered}
    if _JWT.search(text):
        found.add("a token")
    if any(is_card_number(number) for number in _NUMBER.findall(text)):
        found.add("a number that passes a card's check")
    return found


def _found_in_file(path: Path, secrets: dict[str, str]) -> set[str]:
    """Scan a file of any kind, in pieces that overlap by the longest secret."""
    overlap = max(len(value) for value in secrets)
    found: set[str] = set()
    if not path.is_file():
        return found
    with path.open("rb") as file:
        tail = b""
        while chunk := file.read(SCAN_CHUNK_BYTES):
            window = (tail + chunk).lower()
            found |= {w for value, w in secrets.items() if value.lower().encode() in window}
            tail = chunk[-overlap:]
    return found
