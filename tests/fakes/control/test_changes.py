"""The resource `spectrum/changes`: making a change, listing, and naming what is wrong."""

import pytest

FEE = {"kind": "fee", "invoice_number": "30254", "amount": "25.00"}


def test_a_change_is_made_told_and_listed(control):
    made = control("POST", "spectrum/changes", {**FEE, "date": "2026-01-04", "note": "late"})
    assert made.status_code == 201
    told = made.json()
    assert (told["moved"], told["balance_due"], told["date"]) == ("25.00", "756.37", "2026-01-04")
    assert control("GET", "spectrum/changes").json() == {"changes": [told]}
    assert control("GET", "state").json()["spectrum"]["changes"] == [told]
    [entry] = control("GET", "journal?operation=BookChange").json()["entries"]
    assert entry["tags"]["invoice_number"] == "30254"


def test_a_receipt_of_anybodys_is_told_with_its_vendor(control):
    told = control("POST", "spectrum/changes", {**FEE, "kind": "cheque"}).json()
    assert (told["receipt_id"], told["vendor"], told["moved"]) == ("1001", "Lockbox", "-25.00")


def test_a_card_number_in_a_note_is_not_kept(control):
    told = control("POST", "spectrum/changes", {**FEE, "note": "paid by 4111111111111111"}).json()
    assert told["note"].startswith("paid by ")
    assert "4111111111111111" not in control("GET", "state").text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "earthquake"}, "kind"),
        ({"amount": "25.001"}, "amount"),
        ({"amount": 25}, "amount"),
        ({"amount": "0.00"}, "amount = 0.00: above nothing"),
        ({"date": "2026-02-30"}, "no day of the calendar"),
        ({"date": "tomorrow"}, "date"),
        ({"invoice_number": "7"}, "invoice_number = '7': camp-point-mutual has none such"),
        ({"vendor": "Agency 12"}, "vendor: none for the kind fee"),
        ({"kind": "cheque", "vendor": "<b>"}, "vendor"),
        ({"invoice": "30254"}, "'invoice': no such field"),
    ],
)
def test_wrong_change_is_named_and_changes_nothing(refusal, control, change, told):
    assert told in refusal(400, "POST", "spectrum/changes", {**FEE, **change})["message"]
    assert control("GET", "spectrum/changes").json() == {"changes": []}


def test_unknown_biller_is_told_with_those_there_are(refusal):
    error = refusal(404, "POST", "spectrum/changes", {**FEE, "biller": "nobody"})
    assert "there are: camp-point-mutual" in error["message"]
