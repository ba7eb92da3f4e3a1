"""A .NET DataSet as ASP.NET writes it: the inline schema, then a DiffGram with the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from lxml import etree

XS = "http://www.w3.org/2001/XMLSchema"
MSDATA = "urn:schemas-microsoft-com:xml-msdata"
DIFFGR = "urn:schemas-microsoft-com:xml-diffgram-v1"
GUID_TYPE = (
    "System.Guid, mscorlib, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089"
)
SET_NAME, TABLE_NAME = "NewDataSet", "Table"
# Spelled out, for around it the service's namespace is the default. lxml's stubs know no None.
NO_NAMESPACE: Any = {None: ""}

Value = str | bool | int | Decimal | datetime | None
Row = Mapping[str, Value]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column; `type` is its XML Schema type, `data_type` the .NET type behind a string."""

    name: str
    type: str
    data_type: str | None = None


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """One table of rows; a value of None is NULL and leaves its element out."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def append_data_set(parent: etree._Element, data: DataSet) -> None:
    """Write schema and DiffGram into the result element; without rows the DiffGram is bare."""
    _append_schema(parent, data.columns)
    diffgram = etree.SubElement(
        parent, f"{{{DIFFGR}}}diffgram", nsmap={"msdata": MSDATA, "diffgr": DIFFGR}
    )
    if not data.rows:
        return
    rows = etree.SubElement(diffgram, SET_NAME, nsmap=NO_NAMESPACE)
    for order, row in enumerate(data.rows):
        element = etree.SubElement(rows, TABLE_NAME)
        element.set(f"{{{DIFFGR}}}id", f"{TABLE_NAME}{order + 1}")
        element.set(f"{{{MSDATA}}}rowOrder", str(order))
        for column in data.columns:
            value = row[column.name]
            if value is not None:
                etree.SubElement(element, column.name).text = _text(value)


def _append_schema(parent: etree._Element, columns: tuple[Column, ...]) -> None:
    schema = etree.SubElement(
        parent, f"{{{XS}}}schema", nsmap={"xs": XS, "msdata": MSDATA, **NO_NAMESPACE}
    )
    schema.set("id", SET_NAME)
    data_set = _element(schema, name=SET_NAME)
    data_set.set(f"{{{MSDATA}}}IsDataSet", "true")
    data_set.set(f"{{{MSDATA}}}UseCurrentLocale", "true")
    choice = etree.SubElement(
        etree.SubElement(data_set, f"{{{XS}}}complexType"), f"{{{XS}}}choice"
    )
    choice.set("minOccurs", "0")
    choice.set("maxOccurs", "unbounded")
    table = _element(choice, name=TABLE_NAME)
    sequence = etree.SubElement(
        etree.SubElement(table, f"{{{XS}}}complexType"), f"{{{XS}}}sequence"
    )
    for column in columns:
        element = _element(sequence, name=column.name)
        if column.data_type == "System.Guid":
            element.set(f"{{{MSDATA}}}DataType", GUID_TYPE)
        element.set("type", f"xs:{column.type}")
        element.set("minOccurs", "0")


def _element(parent: etree._Element, *, name: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{XS}}}element")
    element.set("name", name)
    return element


def _text(value: str | bool | int | Decimal | datetime) -> str:  # noqa: FBT001  # a column may be boolean
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            return f"{value:.4f}"
        case datetime():
            return _moment(value)
        case _:
            return value


def _moment(moment: datetime) -> str:
    """Write a moment with its offset, the fraction without closing zeros, as .NET does."""
    fraction = f".{moment.microsecond:06}".rstrip("0").rstrip(".")
    offset = f"{moment:%z}"
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}{offset[:3]}:{offset[3:]}"
