"""The DataSet on the wire: inline schema, DiffGram, NULLs, and .NET's spelling of values."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from sandbox.fakes.invoice_cloud.dataset import (
    DIFFGR,
    GUID_TYPE,
    MSDATA,
    XS,
    Column,
    DataSet,
    append_data_set,
)

COLUMNS = (
    Column(name="Id", type="string", data_type="System.Guid"),
    Column(name="Amount", type="decimal"),
    Column(name="Paid", type="dateTime"),
    Column(name="Approved", type="boolean"),
    Column(name="Note", type="string"),
    Column(name="Count", type="int"),
)
ROW = {"Id": "a", "Amount": Decimal(1), "Paid": None, "Approved": True, "Note": "x", "Count": 2}


def write(*rows):
    """Return the result element as a reader gets it, from its bytes."""
    result = etree.Element("Result")
    append_data_set(result, DataSet(columns=COLUMNS, rows=rows))
    return etree.fromstring(etree.tostring(result))


def cell(**changes):
    """Write one row and return the text of the column that is changed."""
    (name,) = changes
    return write({**ROW, **changes}).findtext(f".//Table/{name}")


def test_the_schema_tells_each_column_and_its_type_in_order():
    schema = write().find(f"{{{XS}}}schema")
    assert schema.get("id") == "NewDataSet"
    data_set = schema.find(f"{{{XS}}}element")
    assert data_set.get(f"{{{MSDATA}}}IsDataSet") == "true"
    assert data_set.get(f"{{{MSDATA}}}UseCurrentLocale") == "true"
    columns = schema.findall(f".//{{{XS}}}sequence/{{{XS}}}element")
    assert [(c.get("name"), c.get("type"), c.get("minOccurs")) for c in columns] == [
        (column.name, f"xs:{column.type}", "0") for column in COLUMNS
    ]
    assert [c.get(f"{{{MSDATA}}}DataType") for c in columns] == [GUID_TYPE, *[None] * 5]


def test_the_inline_schema_is_a_schema():
    etree.XMLSchema(write().find(f"{{{XS}}}schema"))


def test_without_rows_the_diffgram_is_bare():
    diffgram = write().find(f"{{{DIFFGR}}}diffgram")
    assert (len(diffgram), diffgram.text) == (0, None)


def test_rows_are_numbered_as_net_does_and_bear_no_namespace():
    rows = write(ROW, ROW).findall(f"{{{DIFFGR}}}diffgram/NewDataSet/Table")
    assert [row.get(f"{{{DIFFGR}}}id") for row in rows] == ["Table1", "Table2"]
    assert [row.get(f"{{{MSDATA}}}rowOrder") for row in rows] == ["0", "1"]


def test_null_is_an_absent_element_and_an_empty_text_is_an_empty_one():
    row = write({**ROW, "Note": ""}).find(".//Table")
    assert [element.tag for element in row] == ["Id", "Amount", "Approved", "Note", "Count"]
    assert row.findtext("Note") == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [("100", "100.0000"), ("0.1", "0.1000"), ("-5.25", "-5.2500"), ("9" * 13, f"{'9' * 13}.0000")],
)
def test_money_has_four_decimals(value, text):
    assert cell(Amount=Decimal(value)) == text


def test_a_boolean_is_spelled_in_lower_case():
    assert [cell(Approved=value) for value in (True, False)] == ["true", "false"]


@pytest.mark.parametrize("number", [0, 1, 10_000_000, -3])
def test_a_count_is_plain_digits(number):
    assert cell(Count=number) == str(number)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (
            datetime(2026, 1, 5, 3, tzinfo=ZoneInfo("America/New_York")),
            "2026-01-05T03:00:00-05:00",
        ),
        (
            datetime(2026, 7, 5, 3, tzinfo=ZoneInfo("America/New_York")),
            "2026-07-05T03:00:00-04:00",
        ),
        (
            datetime(2026, 1, 5, 3, 0, 0, 980_000, tzinfo=timezone(timedelta(hours=5.5))),
            "2026-01-05T03:00:00.98+05:30",
        ),
    ],
    ids=["winter", "summer", "fraction"],
)
def test_a_moment_has_its_offset_and_no_closing_zeros(moment, text):
    assert cell(Paid=moment) == text


@pytest.mark.parametrize("text", ["<&>'\"", "  two  ", "Zoë Muñoz", "]]>"])
def test_any_text_comes_back_as_it_was(text):
    assert cell(Note=text) == text
