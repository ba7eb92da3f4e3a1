"""OnlineReceipt: the four outcomes, .NET's lenient binding, and exact money (A3, A4)."""

import json
from decimal import Decimal

import pytest

API = "/spectrum/wsSpectrumAPICore/api"
MESSAGE = "Receipt Can Be Obtained By Scheduled Service or maybe already was"


def test_outcome_a_is_the_original_json_and_a_receipt_id(spectrum):
    receipt = spectrum.receipt()
    answer = spectrum.post(receipt)
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert answer.json == {**receipt, "receiptID": "1001"}
    assert spectrum.balance("30254") == "721.3700"
    applied = spectrum.book.receipts["1001"].applied
    assert (applied.amount, applied.fee) == (Decimal("10.00"), Decimal("0.50"))
    assert applied.reference_number == receipt["referenceNumber"]


def test_numbers_keep_their_spelling_in_the_echo(spectrum):
    """Digits, trailing zeros and order come back as they came: no float has touched them."""
    receipt = spectrum.receipt(amount="AMOUNT", fee="FEE")
    text = json.dumps(receipt).replace('"AMOUNT"', "123456789012.30").replace('"FEE"', "0.00")
    answer = spectrum.post(text)
    assert answer.get_data(as_text=True) == text[:-1] + ',"receiptID":"1001"}'
    assert spectrum.book.receipts["1001"].applied.amount == Decimal("123456789012.30")


@pytest.mark.parametrize("deduplicates", [True, False])
def test_repeated_reference_is_outcome_b_where_spectrum_deduplicates(spectrum, deduplicates):
    spectrum.world.behaviours.change({"spectrum_deduplicates": deduplicates})
    receipt = spectrum.receipt()
    spectrum.post(receipt)
    repeated = spectrum.receipt(referenceNumber=receipt["referenceNumber"].upper())
    answer = spectrum.post(repeated)
    assert answer.status_code == 200
    if deduplicates:
        assert answer.json == {**repeated, "message": MESSAGE}
        assert spectrum.balance("30254") == "721.3700"
    else:
        assert answer.json == {**repeated, "receiptID": "1002"}
        assert spectrum.balance("30254") == "711.3700"


def test_one_reference_pays_several_invoices(spectrum):
    ids = [spectrum.post(spectrum.receipt(index)).json["receiptID"] for index in range(3)]
    assert ids == ["1001", "1002", "1003"]


@pytest.mark.parametrize("wrong", [{"policyNumber": "1"}, {"approved": False}])
def test_outcome_c_is_success_with_nothing_in_it(spectrum, wrong):
    answer = spectrum.post(spectrum.receipt(**wrong))
    assert answer.status_code == 200
    assert answer.data == b""
    assert "Content-Type" not in answer.headers
    assert spectrum.balance("30254") == "731.3700"


def test_repeat_under_another_policy_is_still_outcome_c(spectrum):
    spectrum.post(spectrum.receipt())
    assert spectrum.post(spectrum.receipt(policyNumber="1")).data == b""


def test_only_three_things_move_a_balance(spectrum):
    """Outcomes (b), (c) and (d) record no event."""
    spectrum.post(spectrum.receipt())
    events = len(spectrum.book.events)
    for wrong in ({}, {"policyNumber": "1"}, {"approved": "False"}, {"amount": "-1.00"}):
        spectrum.post(spectrum.receipt(**wrong))
    spectrum.post(spectrum.receipt(invoiceNumber="1"))
    assert len(spectrum.book.events) == events


@pytest.mark.parametrize(
    "accepted",
    [
        {"invoiceNumber": 30254},
        {"amount": 10},
        {"amount": "10"},
        {"amount": "10.0000"},
        {"fee": None},
        {"fee": 0},
        {"fullName": None, "transactionID": None, "transactionMessage": None},
        {"transactionID": "x" * 50},
        {"paymentType": None},
        {"paymentType": "ACH"},
        {"approved": "True"},
        {"approved": "true"},
        {"datePaid": "2026-01-05T02:30:00"},
        {"datePaid": "2026-01-05"},
        {"datePaid": "2026-01-05T08:30:00.1234567Z"},
        {"datePaid": "2046-01-05T08:30:00Z"},
        {"onlineVendor": "SomebodyElse"},
        {"referenceNumber": "no GUID"},
    ],
    ids=str,
)
def test_binder_is_as_lenient_as_dotnets(spectrum, accepted):
    answer = spectrum.post(spectrum.receipt(**accepted))
    assert answer.status_code == 200
    assert answer.json["receiptID"] == "1001"


def test_names_bind_in_any_case_and_come_back_as_they_were(spectrum):
    receipt = {name.upper(): value for name, value in spectrum.receipt().items()}
    answer = spectrum.post(receipt)
    assert answer.json == {**receipt, "receiptID": "1001"}


def test_defaults_are_credit_card_and_no_fee(spectrum):
    spectrum.post(spectrum.receipt(paymentType=None, fee=None))
    applied = spectrum.book.receipts["1001"].applied
    assert (applied.payment_type, applied.fee) == ("CreditCard", Decimal("0.00"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "0.00"),
        ("amount", 0),
        ("amount", "-1.00"),
        ("amount", -1),
        ("amount", "ten"),
        ("amount", "1e2"),
        ("amount", " 1.00"),
        ("amount", "1,000.00"),
        ("amount", "10.005"),
        ("amount", True),
        ("amount", [1]),
        ("amount", "9" * 16),
        ("fee", "-0.01"),
        ("fee", "0.001"),
        ("transactionID", "x" * 51),
        ("transactionID", 5),
        ("paymentType", "Cash"),
        ("paymentType", "creditcard"),
        ("approved", "yes"),
        ("approved", 1),
        ("datePaid", "01/05/2026"),
        ("datePaid", "2026-02-30"),
        ("datePaid", "2026-01-05T08:00:00+99:99"),
        ("datePaid", "0000-01-01"),
        ("datePaid", "2026-01-05\n"),
        ("datePaid", 20260105),
        ("invoiceNumber", "A30254"),
        ("invoiceNumber", 30254.5),
        ("invoiceNumber", True),
        ("invoiceNumber", ""),
        ("policyNumber", {"a": 1}),
        ("referenceNumber", ""),
        ("referenceNumber", "x" * 51),
        ("onlineVendor", ""),
        ("colour", "red"),
    ],
)
def test_wrong_field_is_named_in_a_validation_problem(spectrum, field, value):
    answer = spectrum.post(spectrum.receipt(**{field: value}))
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    assert answer.json["title"] == "One or more validation errors occurred."
    assert list(answer.json["errors"]) == [field]


@pytest.mark.parametrize(
    "digits", ["1E400", "1e-99999", "1e-999999999", "1E+999999999", "0.005", "1000000000000000"]
)
def test_extreme_numbers_are_refused_without_being_computed(spectrum, digits):
    text = json.dumps(spectrum.receipt(amount="AMOUNT")).replace('"AMOUNT"', digits)
    answer = spectrum.post(text)
    assert answer.status_code == 400
    assert list(answer.json["errors"]) == ["amount"]


@pytest.mark.parametrize(
    "missing",
    [
        "invoiceNumber",
        "policyNumber",
        "datePaid",
        "referenceNumber",
        "amount",
        "approved",
        "onlineVendor",
    ],
)
def test_required_field_is_asked_for(spectrum, missing):
    answer = spectrum.post(spectrum.receipt(**{missing: None}))
    assert answer.json["errors"] == {missing: [f"The {missing} field is required."]}


def test_every_wrong_field_is_named_at_once(spectrum):
    answer = spectrum.post(spectrum.receipt(amount="-1", fee="x", approved=None, colour="red"))
    assert set(answer.json["errors"]) == {"amount", "fee", "approved", "colour"}


def test_invoice_of_another_biller_does_not_exist(spectrum):
    receipt = spectrum.receipt()
    assert spectrum.post(receipt, biller=1).status_code == 404
    answer = spectrum.post({**receipt, "invoiceNumber": "1"})
    assert answer.status_code == 404
    assert answer.json["title"] == "Not Found"
    assert not spectrum.book.receipts


def test_both_sets_of_values_open_the_receipt(spectrum):
    """Decision 0012: either credential set opens every Spectrum API."""
    rtdr = spectrum.biller().rtdr_credentials
    values = {"token": rtdr.token, "username": rtdr.username, "password": rtdr.password}
    token = spectrum.client.post(f"{API}/Token", json=values).json["data"]["attributes"]["token"]
    answer = spectrum.client.post(
        f"{API}/OnlineReceipt",
        json=spectrum.receipt(),
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.json["receiptID"] == "1001"
