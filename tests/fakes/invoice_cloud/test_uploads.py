"""An uploaded file: it becomes bills, or is refused with its reasons and changes nothing."""

import re
from decimal import Decimal

import pytest

from contracts.loader import vectors
from sandbox.fakes.invoice_cloud.uploads import PROBLEMS_TOLD, SUCCESS_MESSAGE, receive_file

CONTENT = {v.name: v.path.with_suffix(".BIF").read_bytes() for v in vectors("bif/golden")}
ONE = CONTENT["one-invoice"]


@pytest.fixture
def send(cloud):
    """Send a file of the contract's examples under the biller's own GUID."""

    def send(content, biller=0, *, own=True):
        told = cloud.billers[biller].biller_guid.encode()
        content = re.sub(rb"\|2~[0-9a-f-]{36}", b"|2~" + told, content) if own else content
        return receive_file(cloud.world, cloud.billers[biller], "sent.BIF", content)

    return send


def due(cloud, number="30254", biller=0):
    return cloud.book.bills[cloud.billers[biller].slug, number].balance


def test_a_taken_file_is_answered_with_the_servers_name_and_becomes_bills(cloud, send):
    answer = send(CONTENT["three-invoices"])
    assert (answer.success, answer.message) == (True, SUCCESS_MESSAGE)
    assert answer.error_message is None
    assert answer.file_name == "4500_01052026030000.BIF"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer.file_guid)
    assert len(cloud.book.bills) == 3
    assert {bill.file_name for bill in cloud.book.bills.values()} == {answer.file_name}


def test_the_book_notes_what_header_and_body_say(cloud, send):
    send(CONTENT["three-invoices"])
    _, file = cloud.book.files[0]
    assert (file.header_count, file.header_total) == (file.body_count, file.body_total)
    assert file.body_count == 3
    assert file.sent_as == "sent.BIF"
    assert file.reference == "imt-20260105T090000Z"
    assert file.accepted


def test_an_invoice_of_a_newer_file_replaces_the_bill_and_no_other(cloud, send):
    send(CONTENT["three-invoices"])
    others = {
        number: b.balance for (_, number), b in cloud.book.bills.items() if number != "30254"
    }
    send(ONE.replace(b"731.37", b"31.37"))
    assert due(cloud) == Decimal("31.37")
    assert {n: b.balance for (_, n), b in cloud.book.bills.items() if n != "30254"} == others


def test_a_refused_file_changes_no_bill_and_says_why(cloud, send):
    send(ONE)
    answer = send(ONE.replace(b"|13~731.37", b"|13~7.5"))
    assert (answer.success, answer.message) == (False, None)
    assert answer.error_message.startswith("row 2, FileSpecID 13 TotalAmountDue '7.5': format: ")
    assert due(cloud) == Decimal("731.37")
    _, file = cloud.book.files[-1]
    assert not file.accepted
    assert file.problems == (answer.error_message,)


def test_one_broken_invoice_keeps_the_whole_file_out(cloud, send):
    send(CONTENT["three-invoices"].replace(b"58~CR", b"58~XX", 1))
    assert not cloud.book.bills


@pytest.mark.parametrize("own", [True, False])
def test_a_file_of_another_biller_is_refused(cloud, send, own):
    answer = send(ONE, own=own)
    assert answer.success is own
    if not own:
        assert answer.error_message.startswith("row 1, FileSpecID 2 BillerGuid '")
        assert not cloud.book.bills


def test_the_billers_guid_is_read_in_any_case(cloud):
    biller = cloud.billers[0]
    content = re.sub(rb"\|2~[0-9a-f-]{36}", b"|2~" + biller.biller_guid.upper().encode(), ONE)
    assert receive_file(cloud.world, biller, "sent.BIF", content).success


def test_many_problems_are_counted_and_the_first_are_told(send):
    answer = send(ONE + b"x\n" * 30)
    assert answer.error_message.count("unknown_record") == PROBLEMS_TOLD
    assert answer.error_message.endswith("; and 20 more")
    assert answer.outcome == "refused: 30 broken rules, nothing imported"


def test_a_file_without_invoices_is_taken_and_changes_nothing(cloud, send):
    answer = send(CONTENT["no-invoices"])
    assert answer.success
    assert answer.outcome == "0 invoices, 0.00 in all: taken"
    assert not cloud.book.bills


def test_two_billers_bills_of_the_same_number_stay_apart(cloud, send):
    send(ONE)
    send(ONE.replace(b"731.37", b"9.99"), biller=1)
    assert (due(cloud), due(cloud, biller=1)) == (Decimal("731.37"), Decimal("9.99"))


def test_each_file_has_a_guid_of_its_own_drawn_from_the_seed(make_cloud, send):
    guids = [send(ONE).file_guid for _ in range(2)]
    assert len(set(guids)) == 2
    again = make_cloud()
    assert receive_file(again.world, again.billers[0], "x", ONE).file_guid == guids[0]
