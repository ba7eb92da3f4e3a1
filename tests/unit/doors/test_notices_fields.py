"""Fields of notices: what each type takes and refuses, and which wrong field is told."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

import pytest
from pydantic import Field, create_model

from adapter.doors import notices as fields
from adapter.errors import BadInputError

GUID = "7D0C2B8E-41A5-4F6D-9A37-5E8B1C40D2F9"
EIGHT = datetime(2026, 1, 5, 8, tzinfo=UTC)
FREE = Annotated[str, fields.free_text(3)]


class Place(fields.Notice, title="a place"):
    zip_code: fields.Number = Field(alias="zip")


class Sample(fields.Notice, title="a sample"):
    a: fields.Number
    b: fields.Number = ""
    c: fields.Number
    secret: Annotated[fields.Number, Field(repr=False)] = ""
    owner: bool = Field(True, strict=True, description="it is unknown. Ask them")
    place: Place = None


def value_of(kind, value):
    model = create_model("Sample", __base__=fields.Notice, F=(kind, ...))
    return fields.read(model, {"F": value}, biller="alpha", biller_guid=GUID).F


@pytest.mark.parametrize(
    ("kind", "value", "taken"),
    [
        (fields.Biller, GUID.lower(), "alpha"),
        (fields.Guid, GUID, GUID),
        (fields.Number, "30254", "30254"),
        (fields.Moment, "2026-01-05T03:00:00-05:00", EIGHT),
        (fields.Moment, "2026-01-05T08:00:00.1234567Z", EIGHT.replace(microsecond=123456)),
        *((fields.Truth, value, True) for value in (True, "True")),
        *((fields.Truth, value, False) for value in (False, "False")),
        *((fields.Money, value, "100.00") for value in ("100", "100.0", "100.0000", 100)),
        *((fields.Money, Decimal(value), "100.00") for value in ("100.0", "100.0000", "1E+2")),
        *((fields.Money, value, "0.10") for value in ("0.1", Decimal("0.10"))),
        (fields.Money, "999999999999999.99", "999999999999999.99"),
        (fields.Money, Decimal("-0.0"), "0.00"),
        (FREE, "", ""),
        (FREE, "a\n\u20ac", "a\n\u20ac"),
    ],
)
def test_values(kind, value, taken):
    """Of money, digit by digit."""
    found = value_of(kind, value)
    assert (str(found) if isinstance(found, Decimal) else found) == taken


DATES = (
    *("2026-01-05", "2026-01-05T03:04:05", "2026-02-30T03:04:05Z", "2026-01-05T03:04:05Z\n"),
    *("2026-01-05T03:04:05+99:00", "0001-01-01T00:00:00+14:00", "0001-12-31T23:59:59Z"),
    *("9999-12-31T23:59:59-14:00", "2026-01-05 03:04:05Z", "1767600000", 1767600000),
)
AMOUNTS = (
    *("", " ", "1,000.00", "-1.00", "+1", "1e3", "10.001", "1" * 16, "NaN", "٣", "1\n"),
    *(True, False, -1, 0.5, Decimal("0.001"), Decimal("-5.00"), Decimal("1E+400"), 10**15),
    *(Decimal("1E-400"), Decimal("0E+999999")),
)
WRONG = (
    (fields.Biller, (GUID.replace("7", "8"), f"{{{GUID}}}", "", 7)),
    (fields.Guid, (GUID[1:], f"{{{GUID}}}", GUID.replace("-", ""), f"{GUID}\n", 7)),
    (fields.Number, ("", "030254", 30254, "3" * 19, "30254\n", "A-7", "٣", Decimal(1))),
    (fields.Money, AMOUNTS),
    (fields.Moment, DATES),
    (fields.Truth, ("true", "TRUE", "1", 1, 0, "")),
    (FREE, ("four", "\0", "a\0b", "\ud800", 7)),
)


@pytest.mark.parametrize(
    ("kind", "value"),
    [(kind, value) for kind, values in WRONG for value in (*values, None, [], {})],
)
def test_what_has_another_shape_is_named(kind, value):
    with pytest.raises(BadInputError) as caught:
        value_of(kind, value)
    assert caught.value.field == "F"
    assert caught.value.value.isprintable()
    assert len(caught.value.value) <= 60
    assert caught.value.rule.startswith("it must")


WHOLE = {"a": "1", "c": "3"}
DIGITS = "it must be digits, as text. Send the notice as the contract of the doors says"
KNOWN = "Send these fields only: a, c, b, secret, owner, place"


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"place": 1, "z": 1, "y": 1}, f"z = '': it is no field of a sample. {KNOWN}"),
        ({**WHOLE, "x" * 99: 1}, f"{'x' * 60} = '': it is no field of a sample. {KNOWN}"),
        ({**WHOLE, "\ud800": 1}, f"\ud800 = '': it is no field of a sample. {KNOWN}"),
        ({"a": "x", "b": 1}, "c = '': it is missing. Send it"),
        ({"a": "x", "c": "x"}, f"a = 'x': {DIGITS}"),
        ({**WHOLE, "a": "a\nb" + "x" * 99}, f"a = 'a?b{'x' * 57}': {DIGITS}"),
        ({**WHOLE, "a": {"a": 1}}, f"a = '': {DIGITS}"),
        ({**WHOLE, "secret": "s3cret"}, f"secret = '': {DIGITS}"),
        ({**WHOLE, "owner": 1, "place": {}}, "owner = '1': it is unknown. Ask them"),
        ({**WHOLE, "place": {}}, "place.zip = '': it is missing. Send it"),
        ({**WHOLE, "place": {"zip": 1}}, f"place.zip = '1': {DIGITS}"),
        (
            {**WHOLE, "place": {"no": 1}},
            "place.no = '': it is no field of a place. Send these fields only: place.zip",
        ),
    ],
)
def test_one_wrong_field_is_told_and_what_to_do(told, message):
    """An unknown one before a missing one before a wrong one, and inner ones last."""
    with pytest.raises(BadInputError) as caught:
        fields.read(Sample, told)
    assert str(caught.value) == message
