"""Changes of Spectrum's book: each kind, what it moves, and what is refused without a trace."""

from datetime import date
from decimal import Decimal

import pytest

from sandbox.fakes.imt.book import ImtBook
from sandbox.fakes.spectrum.change_kinds import FORMS, ChangeKind
from sandbox.fakes.spectrum.changes import (
    WORK,
    ChangeOrder,
    ChangeRefusedError,
    ChangesBook,
    make_change,
)


@pytest.fixture
def change(spectrum):
    """Make a change of the first biller's book, after a second; return its event."""

    def make(kind, amount=None, *, biller=0, **named):
        spectrum.world.clock.advance(1)
        money = None if amount is None else Decimal(amount)
        order = ChangeOrder(kind=ChangeKind(kind), amount=money, **named)
        return make_change(spectrum.world, spectrum.biller(biller), order).event

    return make


def extracted(spectrum, name="invoices"):
    """Return what the extract tells as changed since the world's birth, by number."""
    told = spectrum.get(f"/spectrum/extract/v1/{name}", since="2026-01-05T08:00:01Z").json[name]
    return {row["invoice_number"]: row for row in told}


def test_every_kind_has_its_form_and_its_work():
    assert set(FORMS) == set(WORK) == set(ChangeKind)


@pytest.mark.parametrize(
    ("kind", "amount", "due"),
    [
        ("endorsement", "100.00", "831.3700"),
        ("endorsement", "-31.37", "700.0000"),
        ("fee", "25", "756.3700"),
        ("credit", "31.37", "700.0000"),
        ("cheque", "731.37", "0.0000"),
        ("agent_payment", "31.37", "700.0000"),
        ("cancellation", None, "0.0000"),
    ],
)
def test_a_change_moves_what_is_due_and_the_extract_tells_it(spectrum, change, kind, amount, due):
    made = change(kind, amount, invoice_number="30254")
    assert spectrum.balance("30254") == due
    assert made.balance == Decimal(due)
    assert made.moved == made.balance - Decimal("731.37")
    assert extracted(spectrum)["30254"]["balance_due"] == f"{Decimal(due):.2f}"


def test_new_business_is_another_customers_invoice_that_imt_knows(spectrum, change):
    known = {i.policy.policy_number for i in spectrum.book.invoices.values()}
    made = change("new_business", "480.00", day=date(2026, 1, 4))
    assert made.policy_number not in known
    row = extracted(spectrum)[made.invoice_number]
    assert (row["balance_due"], row["invoice_date"]) == ("480.00", "2026-01-04")
    assert row["zip_code"]
    book = spectrum.world.book(ImtBook)
    assert book.settings_of(spectrum.biller(), made.policy_number).bill_mode == "direct"


def test_numbers_are_new_in_the_whole_world(spectrum, change):
    """Two billers share one book, and it knows an invoice by its number alone."""
    made = [change("new_business", "1.00", biller=biller) for biller in (0, 1, 0)]
    assert len({change.invoice_number for change in made}) == 3
    assert len(spectrum.book.invoices) == 53


def test_the_same_seed_writes_the_same_policy(make_spectrum):
    order = ChangeOrder(kind=ChangeKind.NEW_BUSINESS, amount=Decimal(5))
    worlds = [make_spectrum(seed=3).world for _ in range(2)]
    made = [make_change(world, world.billers[0], order).event for world in worlds]
    assert made[0] == made[1]


def test_a_renewal_bills_the_policys_next_term_and_leaves_the_old_bill_due(spectrum, change):
    old = spectrum.book.invoices["30254"].policy
    made = change("renewal", "900.00", policy_number=old.policy_number)
    new = spectrum.book.invoices[made.invoice_number].policy
    assert (new.policy_number, new.customer_name) == (old.policy_number, old.customer_name)
    assert new.due_date == date(2026, 1, 30)
    assert spectrum.balance("30254") == "731.3700"
    fee = change("fee", "1.00", policy_number=old.policy_number)
    assert fee.invoice_number == made.invoice_number


def test_a_renewal_keeps_autopay_as_far_before_the_due_date(spectrum, change):
    old = next(i.policy for i in spectrum.book.invoices.values() if i.policy.autopay_date)
    made = change("renewal", "9.00", invoice_number=old.invoice_number)
    new = spectrum.book.invoices[made.invoice_number].policy
    assert new.due_date - new.autopay_date == old.due_date - old.autopay_date


def test_a_cancelled_invoice_is_told_with_nothing_due_until_it_is_reinstated(spectrum, change):
    change("cheque", "100.00", invoice_number="30254")
    assert change("cancellation", invoice_number="30254").moved == Decimal("-631.37")
    assert extracted(spectrum)["30254"]["balance_due"] == "0.00"
    change("fee", "25.00", invoice_number="30254")
    assert change("reinstatement", invoice_number="30254").balance == Decimal("656.37")
    assert change("cancellation", invoice_number="30254").balance == 0


def test_a_cancellation_gives_no_credit_back(change):
    change("credit", "800.00", invoice_number="30254")
    made = change("cancellation", invoice_number="30254")
    assert (made.moved, made.balance) == (Decimal("0.00"), Decimal("-68.63"))


def test_others_money_stands_among_the_receipts_under_their_names(spectrum, change):
    change("cheque", "10.00", invoice_number="30254", reference_number="CHK 88", note="by post")
    change("agent_payment", "5.00", invoice_number="30254", vendor="Agency 12")
    rows = spectrum.get("/spectrum/extract/v1/receipts").json["receipts"]
    told = [(r["receipt_id"], r["online_vendor"], r["reference_number"]) for r in rows]
    assert told == [("1001", "Lockbox", "CHK 88"), ("1002", "Agency 12", "Agency 12-1002")]
    assert [row["amount"] for row in rows] == ["10.00", "5.00"]


def test_a_reversal_takes_any_receipt_back_once(spectrum, change):
    change("cheque", "10.00", invoice_number="30254")
    made = change("reversal", receipt_id="1001", note="bounced")
    assert (made.moved, made.vendor) == (Decimal("10.00"), "Lockbox")
    assert spectrum.balance("30254") == "731.3700"
    [row] = spectrum.get("/spectrum/extract/v1/receipts").json["receipts"]
    assert (row["reversed_at"], row["reversal_id"]) == ("2026-01-05T08:00:02Z", None)
    with pytest.raises(ChangeRefusedError, match="reversed already"):
        change("reversal", receipt_id="1001")
    spectrum.post(spectrum.receipt())
    assert change("reversal", receipt_id="1002").vendor == "InvoiceCloud"


@pytest.mark.parametrize(
    ("kind", "named", "told"),
    [
        ("fee", {"amount": "5.00"}, "one invoice"),
        (
            "fee",
            {"amount": "5.00", "invoice_number": "30254", "policy_number": "1"},
            "one invoice",
        ),
        ("fee", {"amount": "5.00", "invoice_number": "7"}, "invoice_number = '7'"),
        ("fee", {"amount": "5.00", "policy_number": "7"}, "policy_number = '7'"),
        ("fee", {"invoice_number": "30254"}, "amount: missing"),
        ("fee", {"amount": "-5.00", "invoice_number": "30254"}, "above nothing"),
        ("endorsement", {"amount": "0.00", "invoice_number": "30254"}, "other than nothing"),
        ("cancellation", {"amount": "5.00", "invoice_number": "30254"}, "amount: none"),
        ("reinstatement", {"invoice_number": "30254"}, "not cancelled"),
        ("new_business", {"amount": "5.00", "invoice_number": "30254"}, "invoice_number: none"),
        ("credit", {"amount": "5.00", "invoice_number": "30254", "vendor": "X"}, "vendor: none"),
        ("reversal", {}, "receipt_id: missing"),
        ("reversal", {"receipt_id": "9"}, "receipt_id = '9'"),
    ],
)
def test_what_cannot_be_is_named_and_changes_nothing(spectrum, change, kind, named, told):
    before = len(spectrum.book.events)
    with pytest.raises(ChangeRefusedError, match=told):
        change(kind, **named)
    assert len(spectrum.book.events) == before
    assert spectrum.world.book(ChangesBook).as_json() == {"changes": []}


def test_another_billers_invoice_is_none_of_ours(spectrum, change):
    theirs = spectrum.book.invoices_of(spectrum.biller(1))[0]
    with pytest.raises(ChangeRefusedError, match="none such"):
        change("fee", "5.00", invoice_number=theirs.number)


def test_cancelling_twice_is_refused(change):
    change("cancellation", invoice_number="30254")
    with pytest.raises(ChangeRefusedError, match="cancelled already"):
        change("cancellation", invoice_number="30254")


def test_the_journal_and_the_list_tell_it(spectrum, change):
    change("fee", "25.00", invoice_number="30254", note="late")
    [entry] = spectrum.world.journal.entries(operation="BookChange", invoice_number="30254")
    assert entry.outcome == "fee on invoice 30254: 25.00 more, 756.37 is due"
    change("cheque", "25.00", invoice_number="30254")
    [_, told] = spectrum.world.book(ChangesBook).as_json()["changes"]
    assert told == {
        "number": 2,
        "at": "2026-01-05T08:00:02Z",
        "kind": "cheque",
        "biller": "camp-point-mutual",
        "policy_number": spectrum.book.invoices["30254"].policy.policy_number,
        "invoice_number": "30254",
        "date": "2026-01-05",
        "moved": "-25.00",
        "balance_due": "731.37",
        "receipt_id": "1001",
        "vendor": "Lockbox",
        "note": "",
    }
