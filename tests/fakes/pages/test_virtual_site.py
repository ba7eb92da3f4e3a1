"""The Virtual Site: a bill is found, seen as its file presented it, and paid once (D5)."""

import pytest

from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS, CARDS

pytestmark = pytest.mark.requirement("D5")


@pytest.fixture
def site(payer):
    """Return the path of the biller's site."""
    return f"site/{payer.slug}"


@pytest.fixture
def bill_page(payer, site):
    payer.bill()
    return f"{site}/bills/30254"


@pytest.mark.parametrize("number", ["30254", "1004587", " 30254 "])
def test_a_bill_is_found_by_account_or_invoice_number(payer, site, bill_page, number):
    found = payer.get(site, number=number)
    assert found.status == 303
    assert found.location.endswith(f"/invoicecloud/portal/{bill_page}")


def test_several_bills_of_an_account_are_listed(payer, site):
    payer.bill()
    payer.bill("30255", "20.00")
    page = payer.get(site, number="1004587")
    assert page.status == 200
    for number, due in (("30254", "$731.37"), ("30255", "$20.00")):
        assert any(link.endswith(f"/bills/{number}") for link in page.links())
        assert due in page.text


@pytest.mark.parametrize(
    ("number", "status", "says"),
    [("", 422, "Enter an account number"), ("999", 404, "No bill has this number")],
)
def test_what_is_not_found_is_said_beside_the_field(payer, site, number, status, says):
    payer.bill()
    page = payer.get(site, number=number)
    assert page.status == status
    assert says in page.error_of("number")
    assert page.value("number") == number


def test_an_unknown_bill_or_biller_has_no_page(payer, site):
    assert payer.get(f"{site}/bills/30254").status == 404
    assert payer.get("site/nobody/bills/30254").status == 404
    assert payer.post(f"{site}/bills/30254").status == 404


def test_the_bill_is_presented_as_its_file_carried_it(payer, site):
    payer.bill(autopay_date="01/18/2026")
    page = payer.get(f"{site}/bills/30254")
    for told in (
        "Bill 30254",
        "Dana <Whitfield>",
        "dana@example.com",
        "1 Main Street",
        "Quincy, IL 62301",
        "1004587",
        "12/20/2025",
        "01/20/2026",
        "01/18/2026",
        "$731.37",
        "4500_01052026040000.BIF",
    ):
        assert told in page.text
    assert not page.tree.xpath("//whitfield")


def test_the_page_lists_every_test_number_and_no_script(payer, bill_page):
    page = payer.get(bill_page)
    for number in (*(c.number for c in CARDS), *(a.account_number for a in BANK_ACCOUNTS)):
        assert number in page.text
    assert not page.tree.xpath("//script")


def test_a_card_pays_once_and_gets_a_receipt(payer, bill_page, card):
    answer = payer.pay(bill_page, **card)
    assert answer.status == 303
    assert payer.paid() == [("30254", "731.37")]
    receipt = payer.get(answer.location)
    for told in ("$734.37", "$731.37", "$3.00", "VISA ending in 1111", "Jan 5, 2026, 3:00 AM EST"):
        assert told in receipt.text
    assert payer.balance() == "0.00"
    assert "Nothing is due" in payer.get(bill_page).text


def test_a_bank_account_pays_no_fee(payer, bill_page, bank_account):
    receipt = payer.get(payer.pay(bill_page, **bank_account).location)
    assert "Bank account ending in 6789" in receipt.text
    assert "Service fee" not in receipt.text
    assert payer.paid() == [("30254", "731.37")]


def test_numbers_may_be_typed_in_groups(payer, bill_page):
    assert payer.pay(bill_page, card_number="4111 1111-1111 1111").status == 303


def test_a_declined_card_is_told_beside_its_field_and_another_pays(
    payer, bill_page, declined_card, card
):
    page = payer.pay(bill_page, **declined_card)
    assert page.status == 422
    assert "ending in 0002 was declined" in page.error_of("card_number")
    assert payer.paid() == []
    again = {name: page.value(name) for name in ("once", "shown")}
    assert payer.post(bill_page, **again, **card).status == 303
    assert payer.paid() == [("30254", "731.37")]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"method": "card", "card_number": "4242424242424242"}, "card_number"),
        ({"method": "card", "card_number": ""}, "card_number"),
        ({"method": "bank", "routing_number": "", "bank_account_number": "1"}, "routing_number"),
        (
            {"method": "bank", "routing_number": "011000015", "bank_account_number": "4"},
            "bank_account_number",
        ),
        ({"method": "bank", "routing_number": "011000015"}, "bank_account_number"),
        ({"method": "stored", "method_guid": "x"}, "method"),
        ({"method": "gold"}, "method"),
    ],
)
def test_only_test_numbers_are_taken_and_none_is_shown_again(payer, bill_page, typed, field):
    page = payer.pay(bill_page, **typed)
    assert page.status == 422
    assert page.error_of(field)
    assert page.value("card_number") == ""
    assert page.value("bank_account_number") == ""
    assert payer.paid() == []
    told = payer.world.journal.as_lines()
    assert "4242424242424242" not in told
    assert "4242424242424242" not in page.answer.text


def test_what_was_chosen_is_kept(payer, bill_page):
    page = payer.pay(bill_page, method="bank", routing_number="1", bank_account_number="2")
    (checked,) = page.tree.xpath("//input[@name='method' and @checked]/@value")
    assert checked == "bank"


def test_the_same_form_sent_again_pays_nothing_more(payer, bill_page, card):
    form = payer.fill(bill_page, **card)
    first, second = payer.post(bill_page, **form), payer.post(bill_page, **form)
    assert (first.status, second.status) == (303, 303)
    assert first.location == second.location
    assert payer.paid() == [("30254", "731.37")]


def test_the_same_form_sent_at_the_same_moment_pays_once(payer, bill_page, card):
    form = payer.fill(bill_page, **card)
    seen = payer.at_once(bill_page, form, count=4)
    assert {sight.status for sight in seen} == {303}
    assert len({sight.location for sight in seen}) == 1
    assert payer.paid() == [("30254", "731.37")]


def test_a_declined_form_sent_again_is_declined_once(payer, bill_page, declined_card):
    form = payer.fill(bill_page, **declined_card)
    payer.post(bill_page, **form)
    assert payer.post(bill_page, **form).error_of("card_number")
    assert len(payer.book.payments) == 1


def test_a_part_is_paid_where_the_bill_allows_it(payer, site, card):
    payer.bill(allow_partial=True)
    page = f"{site}/bills/30254"
    form = payer.fill(page, **card, amount="$100.00")
    assert payer.post(page, **form).status == 303
    # Two parts of one bill are two payments, and each form pays once.
    assert payer.post(page, **form).status == 303
    assert payer.paid() == [("30254", "100.00")]
    assert payer.balance() == "631.37"


@pytest.mark.parametrize("amount", ["", "0", "900.00", "ten", "1.005", "-5", "1,00"])
def test_a_wrong_amount_is_told_beside_its_field_and_kept(payer, site, card, amount):
    payer.bill(allow_partial=True)
    page = payer.pay(f"{site}/bills/30254", **card, amount=amount)
    assert page.status == 422
    assert page.error_of("amount")
    assert page.value("amount") == amount
    assert payer.paid() == []


def test_a_bill_that_is_paid_whole_takes_no_amount(payer, bill_page, card):
    payer.pay(bill_page, **card, amount="1.00")
    assert payer.paid() == [("30254", "731.37")]


def test_nobody_pays_another_amount_than_was_shown(payer, bill_page, card):
    form = payer.fill(bill_page, **card)
    payer.bill(due="800.00")
    page = payer.post(bill_page, **form)
    assert page.status == 422
    assert "What is due has changed" in page.text
    assert page.value("shown") == "800.00"
    assert payer.paid() == []


def test_a_bill_that_was_paid_meanwhile_is_not_paid_again(payer, bill_page, card):
    stale = payer.fill(bill_page, **card)
    payer.pay(bill_page, **card)
    page = payer.post(bill_page, **stale)
    assert page.status == 422
    assert "Nothing is due any more" in page.text
    assert len(payer.paid()) == 1


@pytest.mark.parametrize("once", ["", "x" * 48, "0" * 47])
def test_a_form_of_somebodys_own_making_is_refused(payer, bill_page, card, once):
    page = payer.post(bill_page, **card, once=once, shown="731.37")
    assert page.status == 422
    assert "This form is not complete" in page.text
    assert payer.paid() == []


def test_a_receipt_is_nobody_elses(payer, bill_page, declined_card, site):
    payer.pay(bill_page, **declined_card)
    (declined,) = payer.book.payments
    assert payer.get(f"{site}/receipts/{declined}").status == 404
    assert payer.get(f"{site}/receipts/nothing").status == 404


def test_the_journal_tells_forms_and_no_visits(payer, site, bill_page, card):
    payer.get(site)
    payer.get(bill_page)
    assert not payer.world.journal.entries(operation="VirtualSite")
    payer.pay(bill_page, **card)
    (entry,) = payer.world.journal.entries(operation="VirtualSite")
    assert (entry.status, entry.tags["invoice_number"]) == (303, "30254")
    assert entry.outcome == "$731.37: approved"
    assert entry.request is None
