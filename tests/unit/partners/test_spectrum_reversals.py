"""Spectrum's inbox over HTTP and as files: idempotent, durable, and a refusal is heard."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

from adapter.domain.ach_return import AchReturn, ReversalTaken
from adapter.errors import (
    ConfigurationError,
    CredentialsRefusedError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.partners.spectrum_reversals import FolderReversals, HttpReversals, reversal_json

REJECT = "cccccccc-0000-4000-8000-000000000001"
PAYMENT = "aaaaaaaa-0000-4000-8000-000000000001"
RETURNED = AchReturn(
    biller="alpha",
    reject_guid=REJECT,
    payment_guid=PAYMENT,
    invoice_number="30254",
    account_number="900100",
    amount=Decimal("731.30"),
    code="R01",
    reason="Insufficient Funds",
    returned_at=datetime(2026, 1, 8, 10, 0, tzinfo=UTC),
)
TAKEN = {
    "reversal_id": f"{REJECT}:30254",
    "receipt_id": "1001",
    "amount": "731.30",
    "applied_at": "2026-01-08T10:15:00Z",
    "repeated": False,
}
NAME = f"reversal-{REJECT}-30254.json"
UNREAD = ReversalTaken(is_read=False)


def test_a_reversal_is_told_in_the_inbox_s_words():
    assert json.loads(reversal_json(RETURNED)) == {
        "reversal_id": f"{REJECT}:30254",
        "reference_number": PAYMENT,
        "invoice_number": "30254",
        "policy_number": "900100",
        "amount": "731.30",
        "reason_code": "R01",
        "reason": "Insufficient Funds",
        "returned_at": "2026-01-08T10:00:00Z",
    }


# Over HTTP


@pytest.fixture
def inbox(client):
    location = "https://spectrum.example/extract/v1/"
    return HttpReversals(client, location, settings="billers.alpha.feed")


@pytest.mark.parametrize("status", [200, 201])
def test_http_both_answers_say_that_it_was_taken(inbox, spectrum, status):
    spectrum.answer = httpx.Response(status, json=TAKEN)
    assert inbox.reverse(RETURNED) == ReversalTaken(receipt_id="1001")
    request = spectrum.requests[-1]
    assert (request.method, str(request.url)) == (
        "POST",
        "https://spectrum.example/extract/v1/reversals",
    )
    assert request.headers["Authorization"] == "Bearer token-1"
    assert request.content == reversal_json(RETURNED)


def test_http_what_became_of_it_is_not_asked_by_sending_it_again(inbox, spectrum):
    asked = len(spectrum.requests)
    assert inbox.outcome(RETURNED) is None
    assert len(spectrum.requests) == asked


@pytest.mark.parametrize("status", [400, 404, 409])
def test_http_a_refusal_is_spectrum_s_own_and_no_gateway_s(inbox, spectrum, status):
    spectrum.answer = httpx.Response(status, json={"title": "No", "detail": "reversed already"})
    with pytest.raises(RejectedError, match="reversed already"):
        inbox.reverse(RETURNED)
    spectrum.answer = httpx.Response(status, html="<html>not here</html>")
    with pytest.raises(OutcomeUnknownError):
        inbox.reverse(RETURNED)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(201, json={**TAKEN, "reversal_id": "another"}),
        httpx.Response(201, json={**TAKEN, "receipt_id": 1001}),
        httpx.Response(201, json={**TAKEN, "receipt_id": "1" * 101}),
        httpx.Response(201, json=[TAKEN]),
        httpx.Response(201, text='{"reversal_id": "'),
        httpx.Response(200, html="<html>welcome</html>"),
        *(httpx.Response(status, json={"detail": "no"}) for status in (302, 403, 408, 429, 503)),
        httpx.Response(405),
        httpx.ReadTimeout("silence"),
        httpx.RemoteProtocolError("broke off"),
    ],
    ids=str,
)
def test_http_whatever_does_not_say_so_leaves_doubt(inbox, spectrum, answer):
    """It may have reversed the receipt: evidence is looked for before it is sent again."""
    spectrum.answer = answer
    with pytest.raises(OutcomeUnknownError):
        inbox.reverse(RETURNED)


def test_http_what_surely_did_not_leave_is_sent_again(inbox, spectrum):
    spectrum.answer = httpx.ConnectError("refused")
    with pytest.raises(RetryableError):
        inbox.reverse(RETURNED)


def test_http_a_token_that_is_refused_leaves_doubt_and_is_renewed(inbox, spectrum):
    spectrum.answer = httpx.Response(401)
    with pytest.raises(CredentialsRefusedError):
        inbox.reverse(RETURNED)


# As files


@pytest.fixture
def folder(tmp_path):
    return FolderReversals(tmp_path, settings="billers.alpha.feed")


def read(tmp_path, place, reason=None):
    """Move the file as whoever reads the inbox does."""
    target = tmp_path / "inbox" / place
    target.mkdir(exist_ok=True)
    (tmp_path / "inbox" / NAME).replace(target / NAME)
    if reason is not None:
        (target / NAME).with_suffix(".reason.txt").write_text(reason, "utf-8")


def test_folder_a_file_appears_whole_and_once(folder, tmp_path):
    for _ in range(2):
        assert folder.reverse(RETURNED) == UNREAD
    [file] = (tmp_path / "inbox").iterdir()
    assert (file.name, file.read_bytes()) == (NAME, reversal_json(RETURNED))
    assert folder.outcome(RETURNED) == UNREAD


@pytest.mark.parametrize(
    ("reason", "quoted"),
    [
        ("no receipt of that reference\n", "no receipt of that reference"),
        (None, "gives no reason"),
        ("x" * 1_000_000, "xxx"),
    ],
    ids=["a reason", "none", "a long one"],
)
def test_folder_a_refusal_is_heard_with_its_reason_within_bounds(folder, tmp_path, reason, quoted):
    folder.reverse(RETURNED)
    read(tmp_path, "refused", reason)
    with pytest.raises(RejectedError, match=rf"refused/{NAME}.*{quoted}") as caught:
        folder.outcome(RETURNED)
    assert len(str(caught.value)) < 2000


def test_folder_a_file_sent_again_goes_before_its_earlier_refusal(folder, tmp_path):
    folder.reverse(RETURNED)
    read(tmp_path, "refused", "not today")
    folder.reverse(RETURNED)
    assert folder.outcome(RETURNED) == UNREAD
    read(tmp_path, "done")
    assert folder.outcome(RETURNED) == ReversalTaken()


def test_folder_a_file_that_is_nowhere_proves_nothing(folder, tmp_path):
    """A share that is not mounted looks like that too."""
    assert folder.outcome(RETURNED) is None
    folder.reverse(RETURNED)
    (tmp_path / "inbox" / NAME).unlink()
    assert folder.outcome(RETURNED) is None
    assert list((tmp_path / "inbox").iterdir()) == []


@pytest.mark.parametrize(("place", "named"), [("nowhere", r"billers\.alpha\.feed"), ("", "inbox")])
def test_folder_a_place_that_is_none_is_a_wrong_setting(tmp_path, place, named):
    """It is not there, or the inbox in it is a file."""
    (tmp_path / "inbox").write_bytes(b"")
    wrong = FolderReversals(tmp_path / place, settings="billers.alpha.feed")
    for ask in (wrong.reverse, wrong.outcome):
        with pytest.raises(ConfigurationError, match=named):
            ask(RETURNED)
