"""BIFs that must not change unseen: what is written, what is refused, and the contract's files.

`bif/NAME.json` holds a header and invoices; beside it lie the file that they make (`NAME.BIF`) and
what is left out of it (`NAME.refused.txt`). After a change on purpose, write them anew with

    python tests/golden/test_bif_golden.py

and read the difference before it is committed.
"""

import io
import json
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from adapter.bif.check import check_bif
from adapter.bif.rows import FileHeader
from adapter.bif.sample import write_sample
from adapter.bif.writer import write_bif
from adapter.domain.invoice import BifDialect, BifProfile, Invoice, Questionnaire
from contracts.loader import vectors

FOLDER = Path(__file__).parent / "bif"
INPUTS = sorted(FOLDER.glob("*.json"))
SAMPLE = FOLDER / "sample-25-seed-7.BIF"
CONTRACT = vectors("bif/golden")


def write(source: Path) -> tuple[bytes, str]:
    """Return the file that a golden input makes, and its refusals line by line."""
    told = json.loads(source.read_text("utf-8"))
    out = io.BytesIO()
    written = write_bif(map(invoice_in, told["invoices"]), header_in(told["header"]), out)
    return out.getvalue(), "".join(f"{refused}\n" for refused in written.refused)


def header_in(told: dict) -> FileHeader:
    return FileHeader(
        profile=BifProfile(
            biller_guid=told["biller_guid"],
            invoice_format_guid=told["invoice_format_guid"],
            time_zone="America/Chicago",
            replacement=told["replacement"],
            dialect=BifDialect(told.get("dialect", "tagged")),
            questionnaire=Questionnaire(
                allow_partial_payments=told.get("allow_partial_payments", False),
                notify_days=tuple(told.get("notify_days", (None, None, None))),
            ),
        ),
        reference=told["reference"],
        created_on=date.fromisoformat(told["created_on"]),
    )


def invoice_in(told: dict) -> Invoice:
    days = {name: told[name] for name in ("invoice_date", "due_date", "autopay_date")}
    parsed = {name: day and date.fromisoformat(day) for name, day in days.items()}
    return Invoice(**told | parsed | {"balance_due": Decimal(told["balance_due"])})


def sample() -> bytes:
    out = io.BytesIO()
    write_sample(25, 7, out)
    return out.getvalue()


@pytest.mark.parametrize("source", INPUTS, ids=lambda path: path.stem)
def test_a_golden_input_makes_its_golden_file(source):
    content, refused = write(source)
    assert content == source.with_suffix(".BIF").read_bytes()
    assert refused == source.with_suffix(".refused.txt").read_text("utf-8")


def test_the_sample_is_the_same_for_ever():
    assert sample() == SAMPLE.read_bytes()


def test_every_golden_file_is_valid_and_made_by_a_golden_input():
    made = {source.with_suffix(".BIF") for source in INPUTS} | {SAMPLE}
    assert made == set(FOLDER.glob("*.BIF"))
    for path in made:
        with path.open("rb") as file:
            assert check_bif(file).valid


@pytest.mark.parametrize("vector", [v for v in CONTRACT if v.valid], ids=lambda v: v.name)
def test_the_contracts_valid_files_are_valid(vector):
    with vector.path.with_suffix(".BIF").open("rb") as file:
        report = check_bif(file)
    assert not report.problems
    figures = vector.document["figures"]
    assert report.as_json()["total"] == figures["total"]
    assert report.invoice_count == figures["invoice_count"]
    assert report.row_count == sum(figures["records"].values())


@pytest.mark.parametrize("vector", [v for v in CONTRACT if not v.valid], ids=lambda v: v.name)
def test_the_contracts_invalid_files_break_the_rules_that_it_names(vector):
    with vector.path.with_suffix(".BIF").open("rb") as file:
        told = check_bif(file).as_json()["problems"]
    expected = vector.document["problems"]
    assert [{name: problem[name] for name in expected[0]} for problem in told] == expected


if __name__ == "__main__":
    SAMPLE.write_bytes(sample())
    for golden in INPUTS:
        body, left_out = write(golden)
        golden.with_suffix(".BIF").write_bytes(body)
        golden.with_suffix(".refused.txt").write_text(left_out, "utf-8")
    sys.stdout.write(f"{len(INPUTS) + 1} files written in {FOLDER.name}\n")
