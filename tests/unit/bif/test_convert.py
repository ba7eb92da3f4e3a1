"""Making this integration's file of another system's: what is kept, told, refused."""

import contextlib
import io
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.bif.check import check_bif
from adapter.bif.convert import Wanted, convert_bif
from adapter.bif.diff import Comparison
from adapter.bif.losses import Effect
from adapter.bif.sample import sample_invoices
from adapter.bif.writer import write_bif
from adapter.domain.invoice import BifDialect, Questionnaire
from adapter.errors import BadInputError

GUID = "5f0c9a3e-7d41-4b86-9c2e-1a6b3d8f4e70"
FORMAT = "0b6f1c52-93de-4f0a-8a5d-6f2e4c7b9d11"
MIPS = [
    f"1~FH|2~{GUID.upper()}|3~BIF143655|4~4/30/2025|5~2|6~2,345.75",
    (
        f"7~IH|8~N|9~{FORMAT}|10~00143655|11~2025-04-30|12~05/31/2025|13~2345.75|93~750.76|183~Omaha"
        "|194~1|252~42|375~1"
    ),
    "58~CR|59~1234566|60~Ada Miller|61~12 Oak St|356~1",
    "70~ID|71~|72~Liability|79~2000",
    "70~ID|71~x|72~Collision|79~345.75",
    f"7~IH|8~N|9~{FORMAT}|10~143656|11~04/30/2025|12~05/31/2025|13~0.00|93~1.00|252~1",
    "58~CR|59~1234567|60~Keller Seed LLC",
    "70~ID|72~1234567|79~0.00",
]


def convert(*lines, encoding="utf-8", **wanted):
    out = io.BytesIO()
    source = io.BytesIO("".join(f"{line}\n" for line in lines).encode(encoding))
    conversion = convert_bif(source, out, Wanted(**wanted))
    return conversion, out.getvalue()


def changed(row, old, new):
    assert old in MIPS[row - 1]
    return (*MIPS[: row - 1], MIPS[row - 1].replace(old, new, 1), *MIPS[row:])


def test_another_systems_file_becomes_ours():
    conversion, content = convert(*MIPS)
    assert conversion.whole
    assert content.decode().splitlines() == [
        f"1~FH|2~{GUID.upper()}|3~BIF143655|4~04/30/2025|5~2|6~2345.75",
        (
            f"7~IH|8~R|9~{FORMAT}|10~143655|11~04/30/2025|12~05/31/2025|13~2345.75|20~0|21~2345.75"
            "|183~Spectrum|248~|252~1|375~1"
        ),
        "58~CR|59~1234566|60~Ada Miller|61~12 Oak St|62~|63~|64~|65~|67~|356~0|357~0|409~1",
        "70~ID|72~1234566|79~2345.75",
        (
            f"7~IH|8~R|9~{FORMAT}|10~143656|11~04/30/2025|12~05/31/2025|13~0.00|20~0|21~0.00"
            "|183~Spectrum|248~|252~1|375~1"
        ),
        "58~CR|59~1234567|60~Keller Seed LLC|61~|62~|63~|64~|65~|67~|356~0|357~0|409~1",
        "70~ID|72~1234567|79~0.00",
    ]
    assert (conversion.source_count, conversion.source_total) == (2, Decimal("2345.75"))


def test_every_change_and_every_loss_is_told():
    conversion, _ = convert(*MIPS)
    told = {(t.effect, t.record, t.file_spec_id): t for t in conversion.tallies}
    assert {key for key in told if key[0] is Effect.NOT_CARRIED} == {
        (Effect.NOT_CARRIED, "IH", 93),
        (Effect.NOT_CARRIED, "IH", 194),
        (Effect.NOT_CARRIED, "ID", 71),
    }
    assert {key[1:] for key in told if key[0] is Effect.CHANGED} == {
        ("FH", 4),
        ("IH", 8),
        ("IH", 10),
        ("IH", 11),
        ("IH", 183),
        ("IH", 252),
        ("CR", 356),
    }
    assert {key[1:] for key in told if key[0] is Effect.MERGED} == {("ID", 79)}
    lines = conversion.render().splitlines()
    assert 'changed: row 2: IH 8 RecordType: "N" -> "R", 2 times' in lines
    assert 'not_carried: row 2: IH 93: "750.76" and 1 more; 751.76 in all' in lines
    assert 'merged: row 4: ID 79 Amount: "2 details of 2345.75" -> "1 of 2345.75"' in lines
    assert lines[-1] == (
        "2 invoices, total 2345.75, tagged: 2 converted, total 2345.75; 0 refused"
    )


@pytest.mark.parametrize(
    ("row", "old", "new", "told"),
    [
        (2, "|13~2345.75", "|13~2345.755", "13 TotalAmountDue.*no whole number of cents"),
        (2, "|13~2345.75", "", "13 TotalAmountDue.*no whole number of cents"),
        (4, "|79~2000", "|79~2001", "add up to 2346.75"),
        (2, "|375~1", "|375~0", "375 Active.*billed again"),
        (2, "8~N", "8~D", "8 RecordType.*not known"),
        (2, "12~05/31/2025", "12~31/05/2025", "12 InvoiceDueDate.*no day"),
        (2, "|11~2025-04-30", "", "11 InvoiceDate"),
        (3, "59~1234566", "59~HO-1234566", "59 AccountNumber.*integer"),
        (3, "60~Ada Miller", "60~", "60 CustomerName.*never empty"),
        (2, "10~00143655", "10~143656", "10 InvoiceNumber.*stands once"),
    ],
)
def test_what_would_lose_money_is_refused_by_name(row, old, new, told):
    lines = changed(row, old, new)
    lines = tuple(line.replace("6~2,345.75", "6~") for line in lines)
    conversion, content = convert(*lines)
    assert not conversion.whole
    ((problem,),) = [refused.problems for refused in conversion.refused]
    assert re.search(told, problem.render("x"))
    assert conversion.invoice_count == 1
    assert check_bif(io.BytesIO(content)).valid


@pytest.mark.parametrize(
    ("row", "old", "new", "told"),
    [
        (1, "5~2", "5~3", "5 InvoiceCount.*the file has 2"),
        (1, "6~2,345.75", "6~2345.76", "6 TotalInvoiceAmount.*the file has 2345.75"),
        (1, "6~2,345.75", "6~much", "6 TotalInvoiceAmount"),
        (1, "4~4/30/2025", "4~", "4 FileCreationDate"),
        (1, f"2~{GUID.upper()}", "2~", "2 BillerGuid.*--config"),
        (2, f"9~{FORMAT}", "9~", "9 InvoiceFormatGuid.*--config"),
        (3, "58~CR", "58~", "x"),
    ],
)
def test_a_file_that_is_not_whole_is_not_converted(row, old, new, told):
    if told == "x":
        lines = (*MIPS[:2], *MIPS[3:])
        told = "followed by its CR"
    else:
        lines = changed(row, old, new)
    with pytest.raises(BadInputError, match=told):
        convert(*lines)


def test_the_bills_word_can_be_taken_against_its_details():
    conversion, content = convert(*changed(4, "79~2000", "79~2001"), trust_totals=True)
    assert conversion.whole
    assert b"|13~2345.75|" in content


def test_a_credit_is_billed_as_nothing_and_told():
    lines = changed(6, "|13~0.00", "|13~-5.00")
    lines = tuple(
        line.replace("|79~0.00", "|79~-5.00").replace("6~2,345.75", "6~2340.75") for line in lines
    )
    conversion, _ = convert(*lines)
    assert conversion.whole
    assert (conversion.source_total, conversion.total) == (Decimal("2340.75"), Decimal("2345.75"))
    assert any(t.file_spec_id == 13 and t.old == "-5.00" for t in conversion.tallies)


def test_the_settings_of_a_biller_decide(header):
    """GUIDs, dialect and questionnaire are the biller's, and another biller's file is refused."""
    profile = replace(
        header.profile,
        dialect=BifDialect.POSITIONAL,
        questionnaire=Questionnaire(allow_partial_payments=True, notify_days=(0, None, None)),
    )
    conversion, content = convert(*MIPS, profile=profile, reference="new-1")
    assert content.startswith(f"FH|{profile.biller_guid}|new-1|".encode())
    assert b"|05/31/2025|||1|" in content
    assert conversion.whole
    foreign = replace(profile, biller_guid=FORMAT)
    with pytest.raises(BadInputError, match="2 BillerGuid"):
        convert(*MIPS, profile=foreign)


def test_a_reference_that_cannot_be_kept_is_made_anew():
    _, content = convert(*changed(1, "|3~BIF143655", "|3~two words"))
    assert b"|3~conversion-20250430|" in content


def test_a_positional_file_of_other_columns_is_read_by_their_names():
    positional = [
        f"FH|{GUID}|r|4/30/2025|1|12",
        f"IH|N|{FORMAT}|7|4/30/2025|5/31/2025|12|3.00|1",
        "CR|8|Ada Mill~er",
        "ID|x|12",
    ]
    columns = {"IH": (7, 8, 9, 10, 11, 12, 13, 93, 252), "CR": (58, 59, 60)}
    with pytest.raises(BadInputError, match="column_count"):
        convert(*positional)
    refusing, _ = convert(*positional, columns=columns)
    assert "reserved_character" in refusing.render()
    positional[2] = "CR|8|Ada Miller"
    conversion, content = convert(*positional, columns=columns)
    assert conversion.whole
    assert conversion.dialect is BifDialect.POSITIONAL
    assert b"|13~12.00|" in content


def test_a_file_without_an_invoice_is_a_header():
    conversion, content = convert(f"1~FH|2~{GUID}|3~r|4~1/5/2026|5~0|6~0")
    assert (conversion.source_count, conversion.invoice_count) == (0, 0)
    assert check_bif(io.BytesIO(content)).valid


def test_what_is_told_is_told_as_json():
    told = convert(*changed(2, "375~1", "375~0"))[0].as_json()
    assert told["whole"] is False
    assert told["source"] == {"dialect": "tagged", "invoice_count": 2, "total": "2345.75"}
    assert told["refused"][0]["invoice_number"] == "00143655"
    assert {change["effect"] for change in told["changes"]} >= {"changed", "not_carried"}


values = st.sampled_from(["", "0", "1", "N", "R", "D", "5", "5.00", "1/5/2026", "01/05/2026", "x"])


@given(data=st.data())
def test_converting_again_changes_nothing(data):
    """Whatever another system wrote: what comes out is our file, and stays as it is."""
    lines = list(MIPS)
    for _ in range(data.draw(st.integers(0, 4))):
        row = data.draw(st.integers(1, len(lines) - 1))
        parts = lines[row].split("|")
        place = data.draw(st.integers(1, len(parts) - 1))
        parts[place] = f"{parts[place].partition('~')[0]}~{data.draw(values)}"
        lines[row] = "|".join(parts)
    lines[0] = lines[0].replace("|5~2|6~2,345.75", "")
    dialect = data.draw(st.sampled_from(BifDialect))
    with contextlib.suppress(BadInputError):
        conversion, content = convert(*lines, dialect=dialect)
        assert check_bif(io.BytesIO(content)).valid
        again, same = convert(*content.decode().splitlines(), dialect=dialect)
        assert same == content
        assert again.tallies == ()
        assert again.whole
        assert conversion.source_count == conversion.invoice_count + len(conversion.refused)


@given(
    count=st.integers(0, 8),
    before=st.sampled_from(BifDialect),
    after=st.sampled_from(BifDialect),
)
def test_our_own_file_is_carried_over_whole(header, count, before, after):
    source = io.BytesIO()
    profile = replace(header.profile, dialect=before)
    write_bif(sample_invoices(count, 5), replace(header, profile=profile), source)
    out = io.BytesIO()
    wanted = Wanted(profile=replace(profile, dialect=after))
    source.seek(0)
    conversion = convert_bif(source, out, wanted)
    assert conversion.tallies == ()
    for stream in (source, out):
        stream.seek(0)
    comparison = Comparison(source, out)
    assert list(comparison.changes()) == []
    assert comparison.same


@given(st.binary(max_size=200))
def test_any_bytes_are_converted_or_refused(content):
    with contextlib.suppress(BadInputError):
        convert_bif(io.BytesIO(content), io.BytesIO(), Wanted())
