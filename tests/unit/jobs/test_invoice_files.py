"""Cutting invoices into files: each fits, each has its own true header, none is lost."""

import io
import itertools
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.bif.check import check_bif
from adapter.domain.invoice import Questionnaire
from adapter.jobs.invoice_files import INVOICE_BYTES, FileMaker
from tests.unit.domain.conftest import INVOICE
from tests.unit.jobs.conftest import PROFILE

NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


def receiver(request_bytes_max):
    """Return one that takes requests up to a size; around a file there is nothing."""
    return SimpleNamespace(request_bytes_max=request_bytes_max, request_bytes=len)


MAKER = FileMaker(
    biller="camp-point", profile=PROFILE, now=NOW, as_of=NOW, receiver=receiver(100_000)
)


def references():
    return (f"BIF{number}" for number in itertools.count(1))


def many(bench, count, **fields):
    return [bench.invoice(str(1000 + number), **fields) for number in range(count)]


def test_what_fits_is_one_file(bench):
    ((written, is_last),) = MAKER.files(many(bench, 3), references())
    assert is_last
    file = written.file
    assert (file.reference, file.invoice_count) == ("BIF1", 3)
    assert file.fingerprints.keys() == {"1000", "1001", "1002"}
    report = check_bif(io.BytesIO(file.content))
    assert report.valid
    assert (report.invoice_count, report.total) == (3, file.total)


def test_the_header_is_dated_for_the_biller(bench):
    """08:00 UTC is 02:00 of the same day in Chicago, 02:00 UTC is the day before."""
    early = replace(MAKER, now=NOW.replace(hour=2))
    assert b"|4~01/05/2026|" in MAKER.write(many(bench, 1), "BIF1").file.content
    assert b"|4~01/04/2026|" in early.write(many(bench, 1), "BIF1").file.content


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
    maker = replace(MAKER, receiver=receiver(limit))
    parts = list(maker.files(invoices, references()))
    files = [written.file for written, _ in parts]
    assert [is_last for _, is_last in parts] == [False] * (len(parts) - 1) + [True]
    assert len({file.reference for file in files}) == len(files)
    reports = [check_bif(io.BytesIO(file.content)) for file in files]
    assert all(report.valid for report in reports)
    counts = [len(file.fingerprints) for file in files]
    assert [report.invoice_count for report in reports] == counts
    assert [file.invoice_count for file in files] == counts
    assert all(len(file.content) <= limit for file in files)
    assert [n for file in files for n in file.fingerprints] == [i.invoice_number for i in invoices]
    assert sum(report.total for report in reports) == sum(i.balance_due for i in invoices)
    bodies = b"".join(file.content.split(b"\n", 1)[1] for file in files)
    whole = MAKER.write(invoices, "BIF1").file.content
    assert bodies == whole.split(b"\n", 1)[1]


def test_many_invoices_are_cut_before_they_are_written(bench):
    """Three estimated invoices to a file, though more would fit."""
    few = replace(MAKER, receiver=receiver(3 * INVOICE_BYTES))
    parts = [written.file.invoice_count for written, _ in few.files(many(bench, 8), references())]
    assert parts == [3, 3, 2]


def test_an_invoice_that_is_too_large_by_itself_is_refused_and_holds_up_no_other(bench):
    tiny = replace(MAKER, receiver=receiver(900))
    invoices = many(bench, 3)
    invoices[1] = replace(invoices[1], address1="x" * 900)
    written = [written for written, _ in tiny.files(invoices, references())]
    assert [n for w in written if w.file for n in w.file.fingerprints] == ["1000", "1002"]
    (refused,) = [refused for w in written for refused in w.refused]
    assert refused.invoice_number == "1001"
    assert "bif.receiver_bytes_max" in str(refused)


def test_an_invoice_that_no_file_can_carry_is_named_and_left_out(bench):
    """Nothing but such invoices is no file, and no invoice is nothing at all."""
    wrong = bench.invoice("1003", city="Camp|Point")
    for others in (many(bench, 3), []):
        ((written, is_last),) = MAKER.files([*others, wrong], references())
        assert is_last
        assert [refused.invoice_number for refused in written.refused] == ["1003"]
        kept = {} if written.file is None else written.file.fingerprints
        assert list(kept) == [invoice.invoice_number for invoice in others]
    assert list(MAKER.files([], references())) == []


def test_a_fingerprint_knows_the_questionnaire(bench):
    """The same invoice under other answers is another bill."""
    answers = Questionnaire(allow_partial_payments=True)
    asked = replace(MAKER, profile=replace(MAKER.profile, questionnaire=answers))
    invoice = bench.invoice()
    plain = MAKER.write([invoice], "BIF1").file.fingerprints
    assert plain == {invoice.invoice_number: invoice.fingerprint()}
    assert asked.write([invoice], "BIF1").file.fingerprints != plain
