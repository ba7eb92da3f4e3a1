"""The extract as files: whole, named by their moment, each going on where the last one ended."""

import csv
import json

import pytest

from sandbox.fakes.spectrum.extract import INVOICE_COLUMNS, RECEIPT_COLUMNS
from sandbox.fakes.spectrum.feed import EXPORT_LABEL, export_feed, schedule_feed_export


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def export(spectrum, tmp_path):
    """Export the first biller's feed after some seconds; return the files by their stem."""

    def export_after(seconds=0, **options):
        spectrum.world.clock.advance(seconds)
        paths = export_feed(spectrum.world, spectrum.biller(), tmp_path / "feed", **options)
        return {path.name.partition("-")[0]: path for path in paths}

    return export_after


def test_first_file_tells_everything_and_is_named_by_its_moment(spectrum, export):
    spectrum.post(spectrum.receipt())
    files = export(300)
    assert files["invoices"].name == "invoices-20260105T080500Z.jsonl"
    assert files["receipts"].name == "receipts-20260105T080500Z.jsonl"
    over_http = spectrum.get("/spectrum/extract/v1/invoices").json["invoices"]
    assert rows(files["invoices"]) == over_http
    assert [row["receipt_id"] for row in rows(files["receipts"])] == ["1001"]


def test_each_file_holds_what_changed_since_the_one_before(spectrum, export):
    """Nothing falls between two files, and a quiet time still says how far it was looked."""
    export()
    assert [rows(path) for path in export(60).values()] == [[], []]
    spectrum.world.clock.advance(30)
    spectrum.post(spectrum.receipt())
    files = export(30)
    assert [row["invoice_number"] for row in rows(files["invoices"])] == ["30254"]
    assert [row["receipt_id"] for row in rows(files["receipts"])] == ["1001"]
    assert [rows(path) for path in export(60).values()] == [[], []]


def test_change_in_the_moment_of_an_export_is_told_by_the_next(spectrum, export):
    spectrum.world.clock.advance(60)
    export()
    spectrum.post(spectrum.receipt())
    assert len(rows(export(60)["invoices"])) == 1


def test_file_of_the_same_second_replaces_its_namesake_whole(spectrum, export):
    spectrum.world.clock.advance(60)
    first = export()
    spectrum.post(spectrum.receipt())
    second = export()
    assert first == second
    assert len(rows(second["invoices"])) == 25
    assert len(rows(second["receipts"])) == 1


def test_csv_has_the_same_names_and_values(spectrum, export):
    spectrum.post(spectrum.receipt(referenceNumber='a,"b\n\u00e9'))
    files = export(60, kind="csv")
    for name, columns in (("invoices", INVOICE_COLUMNS), ("receipts", RECEIPT_COLUMNS)):
        with files[name].open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            told = list(reader)
        assert tuple(reader.fieldnames) == columns
        over_http = spectrum.get(f"/spectrum/extract/v1/{name}").json[name]
        assert told == [{k: v or "" for k, v in row.items()} for row in over_http]


def test_files_appear_whole_and_leave_nothing_half_written(export):
    files = export()
    folder = files["invoices"].parent
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        path.name for path in files.values()
    )


def test_receipts_are_not_written_where_there_is_no_such_feed(spectrum, export):
    spectrum.world.behaviours.change({"spectrum_receipts_feed": False})
    assert list(export()) == ["invoices"]


def test_billers_and_folders_are_told_apart(spectrum, export, tmp_path):
    export()
    other = export_feed(spectrum.world, spectrum.biller(1), tmp_path / "feed-of-the-other")
    assert len(rows(other[0])) == 25
    again = export_feed(spectrum.world, spectrum.biller(), tmp_path / "another-folder")
    assert len(rows(again[0])) == 25


def test_schedule_exports_at_once_and_then_on_the_world_clock(spectrum, tmp_path):
    schedule_feed_export(spectrum.world, spectrum.biller(), tmp_path, 15)
    assert len(list(tmp_path.glob("invoices-*.jsonl"))) == 1
    advance = spectrum.world.clock.advance(3600)
    assert advance.events == {EXPORT_LABEL: 4}
    stamps = sorted(path.stem for path in tmp_path.glob("invoices-*.jsonl"))
    assert stamps[-1] == "invoices-20260105T090000Z"
    assert len(stamps) == 5


def test_journal_tells_of_exports_with_something_in_them(spectrum, export):
    export()
    export(60)
    events = spectrum.world.journal.entries(operation="Extract")
    assert [event.outcome for event in events] == ["invoices-20260105T080000Z.jsonl: 25 invoices"]
