"""The journal: the order of causes, nothing secret, and the same bytes for the same story."""

import json

import pytest

from sandbox.world.clock import DEMO_START, WorldClock
from sandbox.world.journal import EXCERPT_LENGTH, Journal


@pytest.fixture
def clock():
    return WorldClock(DEMO_START)


@pytest.fixture
def journal(clock):
    return Journal(clock)


def tell_a_story(clock, journal):
    with journal.call(
        source="adapter", target="spectrum", operation="OnlineReceipt", invoice_number="30254"
    ) as entry:
        journal.event(target="spectrum", operation="Receipt", outcome="booked")
        entry.status, entry.outcome = 200, "receipt R-1001 applied"
    clock.advance(60)
    journal.fault(target="spectrum", operation="Token", outcome="sever, before it acted")


def test_entry_takes_its_place_when_the_call_begins(clock, journal):
    """A call stands before what it causes, though it ends after it."""
    tell_a_story(clock, journal)
    told = [(e.sequence, e.kind, e.operation, e.outcome, e.at) for e in journal.entries()]
    assert told == [
        (1, "call", "OnlineReceipt", "receipt R-1001 applied", "2026-01-05T08:00:00Z"),
        (2, "event", "Receipt", "booked", "2026-01-05T08:00:00Z"),
        (3, "fault", "Token", "sever, before it acted", "2026-01-05T08:01:00Z"),
    ]


def test_same_story_makes_the_same_bytes(clock, journal):
    tell_a_story(clock, journal)
    other_clock = WorldClock(DEMO_START)
    other = Journal(other_clock)
    tell_a_story(other_clock, other)
    assert other.as_lines() == journal.as_lines()
    assert [json.loads(line)["sequence"] for line in journal.as_lines().splitlines()] == [1, 2, 3]


def test_fields_and_tags_filter(clock, journal):
    tell_a_story(clock, journal)
    assert len(journal.entries(kind="call")) == 1
    assert len(journal.entries(target="spectrum")) == 3
    assert len(journal.entries(invoice_number="30254", operation="OnlineReceipt")) == 1
    assert journal.entries(invoice_number="30255") == []
    assert journal.entries(self="x") == []


def fail_within_a_call(journal):
    with journal.call(source="client", target="spectrum", operation="Token"):
        assert journal.open_calls == 1
        raise ValueError("broken")


def test_open_calls_are_counted_even_when_they_fail(journal):
    with pytest.raises(ValueError, match="broken"):
        fail_within_a_call(journal)
    assert journal.open_calls == 0
    assert len(journal.entries()) == 1


def test_secrets_are_hidden_wherever_they_stand(journal):
    """In the request, the answer, the outcome and the tags."""
    card = "4111111111111111"
    with journal.call(
        source="client",
        target="spectrum",
        operation="Token",
        request={"token": "A-1", "password": "hush", "note": f"card {card}"},
        invoice_number=card,
    ) as entry:
        entry.response = {"data": {"attributes": {"token": "eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl"}}}
        entry.outcome = f"paid with {card}"
    text = journal.as_lines()
    for secret in ("A-1", "hush", card, "eyJhbGciOi"):
        assert secret not in text
    assert text.count("[redacted]") == 6


def test_long_text_is_an_excerpt(journal):
    with journal.call(
        source="client", target="invoice_cloud", operation="Upload", request="x" * 5000
    ):
        pass
    request = journal.entries()[0].request
    assert request.startswith("x" * EXCERPT_LENGTH)
    assert request.endswith("(5000 characters)")


def test_no_port_of_this_machine_is_told(journal):
    """It differs between two runs of one seed, wherever it stands."""
    told = {"url": "http://127.0.0.1:41234/a", "more": ["see http://localhost:8100/b"]}
    with journal.call(source="client", target="imt", operation="SignOn", request=told) as entry:
        entry.response = "https://[::1]:9/c and http://other.test:80/d"
    [entry] = journal.entries()
    assert entry.request == {"url": "http://127.0.0.1/a", "more": ["see http://localhost/b"]}
    assert entry.response == "https://[::1]/c and http://other.test:80/d"
