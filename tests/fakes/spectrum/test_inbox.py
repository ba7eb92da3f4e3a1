"""Reversals as files: read at each export, moved when read, refused with a reason beside them."""

import json

import pytest

from sandbox.fakes.spectrum.feed import schedule_feed_export

GUID = "5c9d6c8e-0f6d-4f5b-8f8e-1a2b3c4d5e6f"


@pytest.fixture
def drop(spectrum, tmp_path):
    """Have the feed in a folder, a receipt applied, and a way to drop files into the inbox."""
    spectrum.post(spectrum.receipt())
    schedule_feed_export(spectrum.world, spectrum.biller(), tmp_path, 15)

    def drop_file(name="reversal-1.json", text=None, **changes):
        inbox = tmp_path / "inbox"
        inbox.mkdir(exist_ok=True)
        document = {
            "reversal_id": "1",
            "reference_number": GUID,
            "invoice_number": spectrum.receipt()["invoiceNumber"],
            "policy_number": spectrum.receipt()["policyNumber"],
            "amount": "10.00",
            "reason_code": "R01",
            "reason": "Insufficient Funds",
            "returned_at": "2026-01-08T10:00:00Z",
            **changes,
        }
        (inbox / name).write_text(text if text is not None else json.dumps(document), "utf-8")
        spectrum.world.clock.advance(15 * 60)
        return inbox

    return drop_file


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_file_is_taken_at_the_next_export_and_done(spectrum, drop):
    inbox = drop()
    assert spectrum.balance("30254") == "731.3700"
    assert files(inbox) == ["done/reversal-1.json"]


def test_the_same_reversal_in_another_file_changes_nothing(spectrum, drop):
    drop()
    inbox = drop("reversal-2.json")
    assert spectrum.balance("30254") == "731.3700"
    assert files(inbox) == ["done/reversal-1.json", "done/reversal-2.json"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"amount": "9.00"}, "amount: The receipt is of 10.00"),
        ({"invoice_number": "99"}, "There is no receipt"),
        ({"text": "{"}, "no JSON object"),
        ({"text": "[]"}, "no JSON object"),
        ({"text": "[" * 5000}, "no JSON object"),
        ({"reason": "\ud800"}, "no JSON object"),
        ({"amount": 10}, "amount"),
    ],
)
def test_a_misfit_is_refused_with_its_reason(spectrum, drop, change, reason):
    inbox = drop(**change)
    assert files(inbox) == ["refused/reversal-1.json", "refused/reversal-1.reason.txt"]
    assert reason in (inbox / "refused" / "reversal-1.reason.txt").read_text()
    assert spectrum.balance("30254") == "721.3700"


def test_a_file_that_is_being_written_is_left_alone(drop):
    assert files(drop("reversal-1.json.part")) == ["reversal-1.json.part"]
