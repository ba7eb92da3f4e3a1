"""The Biller Portal: payments, rejects, settled batches and files of one carrier (D5)."""

import pytest

from sandbox.fakes.invoice_cloud.book import FileReceived
from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS, CARDS
from sandbox.fakes.invoice_cloud.pages.biller_portal import ROWS_MAX
from sandbox.fakes.invoice_cloud.payers import PaymentOrder, pay

pytestmark = pytest.mark.requirement("D5")
DAY = 24 * 3600
RETURNED = next(account for account in BANK_ACCOUNTS if account.return_code)


@pytest.fixture
def portal(payer):
    return f"biller/{payer.slug}"


def make(payer, instrument, number="30254", due="731.37"):
    payer.bill(number, due)
    order = PaymentOrder(biller=payer.slug, invoice_number=number, instrument=instrument)
    return pay(payer.world, order)


def receive(payer, **changes):
    told = {
        "biller": payer.slug,
        "file_name": "4500_01052026040000.BIF",
        "file_guid": "2f0a0000-0000-4000-8000-000000000001",
        "sent_as": "BIF1.BIF",
        "reference": "BIF1",
        "header_count": 25,
        "header_total": 1,
        "body_count": 25,
        "body_total": 1,
        "accepted": True,
        "problems": (),
    }
    payer.book.record(FileReceived(**{**told, **changes}))


def test_a_carrier_without_anything_is_told_so(payer, portal):
    page = payer.get(portal)
    assert page.status == 200
    for told in ("Nobody has paid yet", "No bank has returned", "No batch", "No invoice file"):
        assert told in page.text


def test_payments_show_what_came_of_them(payer, portal):
    approved = make(payer, CARDS[0])
    make(payer, CARDS[3], "30255", "20.00")
    page = payer.get(portal)
    for told in ("$731.37", "VISA …1111", "account 1004587", approved.reference, "Approved"):
        assert told in page.text
    assert "Declined" in page.text


def test_rejects_and_batches_follow(payer, portal):
    made = make(payer, RETURNED)
    payer.world.clock.advance(5 * DAY)
    page = payer.get(portal)
    for told in ("R01", "Insufficient Funds", "Returned R01", made.reference, "-$731.37"):
        assert told in page.text
    (batch, _) = page.tree.xpath("//details")
    assert "Return" in batch.text_content()


def test_files_show_their_problems(payer, portal):
    receive(payer)
    problems = tuple(f"line {number}: wrong" for number in range(1, 9))
    receive(payer, file_name="b.BIF", accepted=False, problems=problems)
    page = payer.get(portal)
    for told in ("4500_01052026040000.BIF", "Imported", "Refused", "line 1: wrong", "and 3 more"):
        assert told in page.text


def test_only_the_latest_rows_are_shown(payer, portal):
    for number in range(ROWS_MAX + 1):
        receive(payer, file_name=f"file-{number}.BIF")
    page = payer.get(portal)
    assert f"The latest {ROWS_MAX} of {ROWS_MAX + 1} files" in page.text
    assert "file-0.BIF" not in page.text


def test_another_carriers_rows_are_not_shown(payer, portal):
    make(payer, CARDS[0])
    assert payer.get("biller/nobody").status == 404
    receive(payer, biller="somebody-else", file_name="theirs.BIF")
    assert "theirs.BIF" not in payer.get(portal).text
