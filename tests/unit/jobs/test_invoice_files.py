"""Cutting invoices into files: each fits, each has its own true header, none is lost."""

import io
import itertools
from dataclasses import replace

import pytest

from adapter.bif.check import check_bif
from adapter.jobs.invoice_files import FileMaker


@pytest.fixture
def maker(bench):
    return FileMaker(
        biller=bench.biller,
        profile=bench.partners.bif_profile,
        now=bench.clock.now(),
        as_of=bench.clock.now(),
        file_bytes_max=100_000,
        file_invoices_max=100,
    )


def references():
    return (f"BIF{number}" for number in itertools.count(1))


def many(bench, count):
    return [bench.invoice(str(1000 + number)) for number in range(count)]


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
    early = replace(maker, now=bench.clock.now().replace(hour=2))
    assert b"|4~01/05/2026|" in maker.write(many(bench, 1), "BIF1").file.content
    assert b"|4~01/04/2026|" in early.write(many(bench, 1), "BIF1").file.content


def test_what_is_too_large_is_split_until_it_fits(bench, maker):
    small = replace(maker, file_bytes_max=2000)
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


def test_many_invoices_are_cut_before_they_are_written(bench, maker):
    few = replace(maker, file_invoices_max=3)
    parts = [written.file.invoice_count for written, _ in few.files(many(bench, 8), references())]
    assert parts == [3, 3, 2]


def test_one_invoice_that_is_too_large_by_itself_is_sent_all_the_same(bench, maker):
    tiny = replace(maker, file_bytes_max=1)
    assert len(list(tiny.files(many(bench, 3), references()))) == 3


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
