"""Cutting invoices into files: each fits, each has its own true header, none is lost."""

import io
import itertools
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.bif.check import check_bif
from adapter.domain.invoice import BifProfile, Invoice, Questionnaire
from adapter.jobs.invoice_files import INVOICE_BYTES, FileMaker

INVOICE = Invoice(
    invoice_number="30254",
    policy_number="1204117",
    organization_name="",
    first_name="Renée",
    last_name="O'Brien",
    address1="12 Maple Ave",
    address2="",
    city="Camp Point",
    state="IL",
    zip_code="62320",
    email_address="",
    invoice_date=date(2026, 1, 2),
    due_date=date(2026, 1, 27),
    balance_due=Decimal("731.37"),
    autopay_date=None,
)


class Receiver:
    """Takes requests up to a size; around a file there is nothing."""

    def __init__(self, request_bytes_max):
        self.request_bytes_max = request_bytes_max

    def request_bytes(self, content):
        return len(content)


NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
MAKER = FileMaker(
    biller="camp-point",
    profile=BifProfile(
        biller_guid="5f0c9a3e-7d41-4b86-9c2e-1a6b3d8f4e70",
        invoice_format_guid="0b6f1c52-93de-4f0a-8a5d-6f2e4c7b9d11",
        time_zone="America/Chicago",
        replacement=None,
    ),
    now=NOW,
    as_of=NOW,
    receiver=Receiver(100_000),
)


@pytest.fixture
def maker():
    return MAKER


def references():
    return (f"BIF{number}" for number in itertools.count(1))


def many(bench, count, **fields):
    return [bench.invoice(str(1000 + number), **fields) for number in range(count)]


def test_no_invoice_is_no_file(maker):
    assert list(maker.files([], references())) == []


def test_what_fits_is_one_file(bench, maker):
    ((written, is_last),) = maker.files(many(bench, 3), references())
    assert is_last
    file = written.file
    assert (file.reference, file.invoice_count) == ("BIF1", 3)
    assert file.fingerprints.keys() == {"1000", "1001", "1002"}
    report = check_bif(io.BytesIO(file.content))
    assert report.valid
    assert (report.invoice_count, report.total) == (3, file.total)


def test_the_header_is_dated_for_the_biller(maker, bench):
    """08:00 UTC is 02:00 of the same day in Chicago, 02:00 UTC is the day before."""
    early = replace(maker, now=NOW.replace(hour=2))
    assert b"|4~01/05/2026|" in maker.write(many(bench, 1), "BIF1").file.content
    assert b"|4~01/04/2026|" in early.write(many(bench, 1), "BIF1").file.content


def test_what_is_too_large_is_split_until_it_fits(bench, maker):
    small = replace(maker, receiver=Receiver(2000))
    invoices = many(bench, 21)
    parts = list(small.files(invoices, references()))
    files = [written.file for written, _ in parts]
    assert [is_last for _, is_last in parts] == [False] * (len(parts) - 1) + [True]
    assert len({file.reference for file in files}) == len(files) > 2
    assert all(len(file.content) <= 2000 for file in files)
    told = [number for file in files for number in file.fingerprints]
    assert told == [invoice.invoice_number for invoice in invoices]
    for file in files:
        report = check_bif(io.BytesIO(file.content))
        assert report.valid
        assert report.invoice_count == file.invoice_count == len(file.fingerprints)


@settings(max_examples=25, deadline=None)
@given(
    limit=st.integers(1500, 12_000),
    cents=st.lists(st.integers(0, 10**9), min_size=1, max_size=30),
    texts=st.lists(st.integers(0, 400), min_size=1, max_size=5),
)
def test_the_parts_together_are_the_whole(limit, cents, texts):
    """Whatever the limit: the same invoices in their order, the same money, no part too large."""
    invoices = [
        replace(
            INVOICE,
            invoice_number=str(1000 + place),
            address1="x" * texts[place % len(texts)],
            balance_due=Decimal(amount).scaleb(-2),
        )
        for place, amount in enumerate(cents)
    ]
    maker = replace(MAKER, receiver=Receiver(limit))
    files = [written.file for written, _ in maker.files(invoices, references())]
    reports = [check_bif(io.BytesIO(file.content)) for file in files]
    assert all(report.valid for report in reports)
    assert all(len(file.content) <= limit for file in files)
    assert [n for file in files for n in file.fingerprints] == [i.invoice_number for i in invoices]
    assert sum(report.total for report in reports) == sum(i.balance_due for i in invoices)
    bodies = b"".join(file.content.split(b"\n", 1)[1] for file in files)
    whole = MAKER.write(invoices, "BIF1").file.content
    assert bodies == whole.split(b"\n", 1)[1]


def test_many_invoices_are_cut_before_they_are_written(bench, maker):
    """Three estimated invoices to a file, though more would fit."""
    few = replace(maker, receiver=Receiver(3 * INVOICE_BYTES))
    parts = [written.file.invoice_count for written, _ in few.files(many(bench, 8), references())]
    assert parts == [3, 3, 2]


def test_an_invoice_that_is_too_large_by_itself_is_refused_and_holds_up_no_other(bench, maker):
    tiny = replace(maker, receiver=Receiver(900))
    invoices = many(bench, 3)
    invoices[1] = replace(invoices[1], address1="x" * 900)
    written = [written for written, _ in tiny.files(invoices, references())]
    assert [n for w in written if w.file for n in w.file.fingerprints] == ["1000", "1002"]
    (refused,) = [refused for w in written for refused in w.refused]
    assert refused.invoice_number == "1001"
    assert "bif.receiver_bytes_max" in str(refused)


def test_an_invoice_that_no_file_can_carry_is_named_and_left_out(bench, maker):
    wrong = bench.invoice("1003", city="Camp|Point")
    ((written, _),) = maker.files([*many(bench, 3), wrong], references())
    assert written.file.invoice_count == 3
    assert [refused.invoice_number for refused in written.refused] == ["1003"]
    assert "1003" not in written.file.fingerprints


def test_only_such_invoices_are_no_file(bench, maker):
    ((written, is_last),) = maker.files([bench.invoice(city="Camp|Point")], references())
    assert written.file is None
    assert is_last
    assert len(written.refused) == 1


def test_a_fingerprint_knows_the_questionnaire(bench, maker):
    """The same invoice under other answers is another bill."""
    answers = Questionnaire(allow_partial_payments=True)
    asked = replace(maker, profile=replace(maker.profile, questionnaire=answers))
    invoice = bench.invoice()
    plain = maker.write([invoice], "BIF1").file.fingerprints
    assert plain == {invoice.invoice_number: invoice.fingerprint()}
    assert asked.write([invoice], "BIF1").file.fingerprints != plain
