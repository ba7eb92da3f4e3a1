"""The resource `payers`: paying by card and bank account, and what a page would not take."""

from decimal import Decimal

import pytest

from sandbox.fakes.invoice_cloud.book import BilledInvoice, BillPosted, InvoiceCloudBook

CARD = "4111111111111111"
BANK_ACCOUNT = {"routing_number": "011000015", "account_number": "000123456789"}


@pytest.fixture
def invoice(world):
    """Bill a world's only invoice, 30254 over 731.37."""
    invoice = BilledInvoice(
        invoice_number="30254",
        account_number="1004587",
        customer_name="Ann Example",
        email_address="",
        invoice_date="01/01/2026",
        due_date="01/31/2026",
        autopay_date="",
        total_due=Decimal("731.37"),
        allow_partial=False,
        details=(("1004587", Decimal("731.37")),),
    )
    posted = BillPosted(biller=world.billers[0].slug, file_name="a.BIF", invoice=invoice)
    world.book(InvoiceCloudBook).record(posted)
    return invoice


@pytest.fixture
def pay(world, invoice, control_of):
    """Pay the only bill."""

    def call(**wanted):
        body = {"invoice_number": invoice.invoice_number, **wanted}
        return control_of(world)("POST", "payers/payments", body)

    return call


def test_card_pays_the_whole_balance_unless_told_otherwise(pay, world):
    answer = pay(card_number=CARD)
    assert answer.status_code == 201
    told = answer.json()
    assert (told["amount"], told["approved"], told["invoice_number"]) == ("731.37", True, "30254")
    assert list(world.book(InvoiceCloudBook).payments) == [told["payment_guid"]]
    assert [event.label for event in world.clock.pending()] == ["data_pump", "settlement"]


def test_bank_account_pays_too(pay):
    told = pay(bank_account=BANK_ACCOUNT, amount="731.37").json()
    assert (told["approved"], told["fee"]) == (True, "0.00")


def test_declined_card_is_a_payment_that_was_not_approved(pay, world):
    told = pay(card_number="4000000000000002").json()
    assert (told["approved"], told["message"]) == (False, "Declined")
    assert world.clock.pending() == []


def test_what_was_paid_with_is_told_nowhere(pay, world, control_of):
    """Neither in the answer, nor in the journal, nor in the books."""
    told = pay(card_number=CARD).text + pay(bank_account=BANK_ACCOUNT).text
    told += control_of(world)("GET", "journal").text + control_of(world)("GET", "state").text
    assert CARD not in told
    assert BANK_ACCOUNT["account_number"] not in told


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({}, "exactly one of card_number, bank_account"),
        ({"card_number": CARD, "bank_account": BANK_ACCOUNT}, "exactly one of"),
        ({"card_number": "4111"}, "card_number: it does not match"),
        ({"bank_account": {"routing_number": "011000015"}}, "bank_account.account_number is"),
        ({"card_number": CARD, "amount": 731.37}, "amount = 731.37"),
        ({"card_number": CARD, "amount": "731.3"}, "amount"),
        ({"card_number": CARD, "amount": "0.00"}, "amount"),
        ({"card_number": CARD, "amount": "1000.00"}, "731.37 is due"),
        ({"card_number": CARD, "amount": "10.00"}, "AllowPartialPayments is 0"),
        ({"card_number": CARD, "invoice_number": "999"}, "no bill 999"),
        ({"card_number": "4111111111111112"}, "its own test cards: 4111111111111111"),
    ],
)
def test_wrong_payment_is_refused_and_none_is_made(pay, world, wanted, told):
    answer = pay(**wanted)
    assert answer.status_code == 400
    assert told in answer.json()["error"]["message"]
    assert "4111111111111112" not in answer.text
    assert world.book(InvoiceCloudBook).payments == {}


def test_unknown_biller_lists_the_known(pay):
    answer = pay(card_number=CARD, biller="acme")
    assert answer.status_code == 404
    assert "there are: camp-point-mutual" in answer.json()["error"]["message"]


def test_card_number_in_another_field_is_not_told_again(pay):
    answer = pay(card_number=CARD, invoice_number=CARD)
    assert answer.status_code == 400
    assert CARD not in answer.text


@pytest.fixture
def enroll(world, invoice, control_of):
    """Enroll the only account, 1004587."""

    def call(**wanted):
        body = {"account_number": invoice.account_number, "kind": "autopay", "on": True, **wanted}
        return control_of(world)("POST", "payers/enrollments", body)

    return call


@pytest.mark.parametrize("kind", ["paperless", "autopay", "pay_by_text"])
def test_an_account_is_enrolled_and_taken_out(enroll, world, control_of, kind):
    """It gets a login, and for AutoPay a card, of which the state tells the last digits."""
    answer = enroll(kind=kind)
    assert answer.status_code == 201
    assert answer.json() == {
        "biller": world.billers[0].slug,
        "account_number": "1004587",
        "kind": kind,
        "on": True,
    }
    state = control_of(world)("GET", "state").json()["invoice_cloud"]
    assert [row["kind"] for row in state["enrollments"]] == [kind]
    assert [row["accounts"] for row in state["logins"]] == [["1004587"]]
    cards = [row["last_four"] for row in state["payment_options"]]
    assert cards == (["1111"] if kind == "autopay" else [])
    enroll(kind=kind, on=False)
    state = control_of(world)("GET", "state").json()["invoice_cloud"]
    assert state["enrollments"] == []
    told = [(row["kind"], row["enrolled"]) for row in state["enrollment_changes"]]
    assert told == ([] if kind == "pay_by_text" else [(kind, True), (kind, False)])


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"account_number": "9"}, "no account 9"),
        ({"account_number": 9}, "account_number"),
        ({"kind": "paper"}, "kind"),
        ({"on": "yes"}, "on"),
        ({"email": "a@b.c"}, "'email': no such field"),
    ],
)
def test_a_wrong_enrolment_is_refused(enroll, world, control_of, wanted, told):
    answer = enroll(**wanted)
    assert answer.status_code == 400
    assert told in answer.json()["error"]["message"]
    assert control_of(world)("GET", "state").json()["invoice_cloud"]["logins"] == []
