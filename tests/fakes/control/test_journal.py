"""The resource `journal`: filters, pages and lines."""

import json

import pytest


@pytest.fixture
def told(world, control_of):
    """Fill a world's journal with five entries, and return how to ask for it."""
    for number in range(5):
        world.journal.event(
            target="spectrum" if number % 2 else "invoice_cloud",
            operation="Receipt",
            outcome=f"receipt {number}",
            invoice_number=str(30254 + number),
        )

    def ask(**query):
        return control_of(world)("GET", "journal", params=query)

    return ask


def sequences(answer):
    return [entry["sequence"] for entry in answer.json()["entries"]]


def test_fields_and_tags_filter(told):
    assert sequences(told()) == [1, 2, 3, 4, 5]
    assert sequences(told(target="spectrum")) == [2, 4]
    assert sequences(told(invoice_number="30255", kind="event")) == [2]
    assert sequences(told(self="x")) == []
    assert sequences(told(__class__="x")) == []


def test_pages_follow_each_other(told):
    first = told(limit=2)
    assert (sequences(first), first.json()["more"]) == ([1, 2], True)
    last = told(limit=3, after=2)
    assert (sequences(last), last.json()["more"]) == ([3, 4, 5], False)


def test_lines_are_one_entry_each(told):
    answer = told(format="jsonl", target="spectrum")
    assert [json.loads(line)["sequence"] for line in answer.text.splitlines()] == [2, 4]
    assert answer.headers["Content-Type"].startswith("application/x-ndjson")


def test_lines_are_the_journals_own_bytes(told, world):
    assert told(format="jsonl").text == world.journal.as_lines()


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": "x"}, {"after": "-1"}, {"after": "1e3"}, {"format": "xml"}]
)
def test_wrong_query_is_named(told, query):
    answer = told(**query)
    assert answer.status_code == 400
    assert next(iter(query)) in answer.json()["error"]["message"]


def test_repeated_filter_is_refused(refusal):
    error = refusal(400, "GET", "journal?target=a&target=b")
    assert "more than once" in error["message"]
