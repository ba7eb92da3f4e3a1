"""The operations pages: everything escaped, nothing loaded, read-only, the operator's only."""

import re
from datetime import timedelta

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.doors.ops_page import spoken

EVIL = "<script>alert(1)</script>"
STORY = "/ops/payments/alpha-mutual/9f2c4b6e-0000-4000-8000-0123456789ab/30254"


@pytest.fixture
def paid(client, notice, credentials):
    """Bring a payment whose payer's name is a script."""
    body = notice(CustomerName=EVIL, PaymentMessage=EVIL)
    answer = client.post("/billers/alpha-mutual/payments", json=body, headers=credentials)
    assert answer.status_code == 202


def test_the_overview_tells_payments_jobs_exceptions_and_alarms(client, adapter, paid):
    assert paid is None
    now = adapter.clock.now()
    adapter.ledger.watermarks.move(
        "alpha-mutual", "reconcile_payments", "x", now=now - timedelta(hours=9)
    )
    adapter.ledger.exceptions.open(
        "alpha-mutual", ExceptionKind.MISMATCH, EVIL, now=now, invoice_number="30254"
    )
    answer = client.get("/ops/")
    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    for words in ("poll_behind", "exception_open", "behind", "9 h 0 min", STORY, "state=accepted"):
        assert words in answer.text
    assert EVIL not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert client.get("/ops").status_code == 200


def test_the_overview_lists_first_what_is_due_first(client, adapter, pressing):
    pressing(adapter.ledger)
    adapter.ledger.exceptions.assign(2, EVIL, now=adapter.clock.now())
    text = client.get("/ops/").text
    rows = re.findall(r"<tr><td data-label=\"No.\".*?</tr>", text, re.DOTALL)
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)[:5] for row in rows]
    critical = '2026-01-07 <span class="bad">critical</span>'
    assert cells == [
        ["2", critical, "&lt;script&gt;alert(1)&lt;/script&gt;", "0 min", "2.50"],
        ["1", "2026-02-05", "", "0 min", "1.50"],
        ["3", "", "", "0 min", "3.50"],
    ]


def test_the_list_leads_to_the_story(client, paid):
    assert paid is None
    listed = client.get("/ops/payments?state=accepted&biller=alpha-mutual")
    assert STORY in listed.text
    assert "no such payment" in client.get("/ops/payments?state=dead").text
    story = client.get(STORY)
    assert story.status_code == 200
    assert "received from the data pump" in story.text
    assert "The balance is read and the receipt posted" in story.text


@pytest.mark.parametrize("path", ["/ops/", "/ops/payments", STORY])
def test_a_page_loads_and_runs_nothing(client, paid, path):
    assert paid is None
    answer = client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    [nonce] = re.findall(r"style-src 'nonce-([^']+)'", policy)
    assert policy.startswith("default-src 'none'; ")
    assert f'<style nonce="{nonce}">' in answer.text
    assert not re.search(r"<script|<form|<img|<link| on[a-z]+=| style=", answer.text)
    assert client.get(path).headers["Content-Security-Policy"] != policy
    assert client.post(path).status_code == 405


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/ops/payments?state=lost", 404),
        ("/ops/payments?colour=red", 400),
        ("/ops/?colour=red", 400),
        ("/ops/payments/alpha-mutual/no-guid/1", 404),
        (STORY, 404),
    ],
)
def test_what_is_not_there_is_answered_as_at_every_door(client, path, status):
    assert client.get(path).status_code == status


@pytest.mark.parametrize("path", ["/ops/", "/ops/payments", STORY])
def test_the_pages_are_the_operators_only(client, adapter, path):
    adapter.change(adapter={"ops_key": "op3rat0r-key"})
    assert client.get(path).status_code == 401


def test_a_ledger_that_fails_is_told_by_the_page_itself(adapter, open_doors, broken_ledger):
    kept, adapter.ledger = adapter.ledger, broken_ledger
    answer = open_doors(adapter).get("/ops/")
    adapter.ledger = kept
    assert answer.status_code == 200
    assert "ledger_not_writable" in answer.text


def test_commands_are_shown_as_code_and_escaped():
    assert spoken("run `a <b>` now <i>") == "run <code>a &lt;b&gt;</code> now &lt;i&gt;"
