"""Fields of notices: each shape, and what is wrong with any other."""

from datetime import UTC, datetime

import pytest

from adapter.doors import notice_fields as fields
from adapter.errors import BadInputError

GUID = "7D0C2B8E-41A5-4F6D-9A37-5E8B1C40D2F9"


def field_refused(read):
    with pytest.raises(BadInputError) as caught:
        read()
    return caught.value


def test_fields_are_known_and_none_is_missing():
    known = {"required": ("A",), "optional": ("B",)}
    fields.require_fields({"A": 1, "B": 2}, "a notice", **known)
    unknown = field_refused(lambda: fields.require_fields({"A": 1, "C": 3}, "a notice", **known))
    assert (unknown.field, unknown.rule) == ("C", "it is no field of a notice")
    assert unknown.remedy.endswith("A, B")
    missing = field_refused(lambda: fields.require_fields({"B": 2}, "a notice", **known))
    assert (missing.field, missing.rule) == ("A", "it is missing")


def test_a_notice_is_of_the_door_s_own_biller():
    fields.require_own_guid({"BillerGUID": GUID}, GUID.lower())
    other = field_refused(
        lambda: fields.require_own_guid({"BillerGUID": GUID}, GUID.replace("7", "8"))
    )
    assert other.field == "BillerGUID"


def test_values():
    assert fields.guid({"F": GUID}, "F") == GUID
    assert fields.number({"F": "30254"}, "F") == "30254"
    assert fields.free_text({}, "F", 3) == ""
    assert fields.moment({"F": "2026-01-05T03:00:00-05:00"}, "F") == datetime(
        2026, 1, 5, 8, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("value", "truth"), [(True, True), (False, False), ("True", True), ("False", False)]
)
def test_truths(value, truth):
    assert fields.truth({"F": value}, "F") is truth


@pytest.mark.parametrize("value", ["true", "TRUE", "1", 1, 0, None, [], {}, ""])
def test_what_is_no_truth(value):
    assert field_refused(lambda: fields.truth({"F": value}, "F")).field == "F"


@pytest.mark.parametrize(
    "read",
    [
        lambda: fields.guid({"F": GUID[1:]}, "F"),
        lambda: fields.number({"F": "030254"}, "F"),
        lambda: fields.number({"F": 30254}, "F"),
        lambda: fields.free_text({"F": "four"}, "F", 3),
        lambda: fields.free_text({"F": "\0"}, "F", 3),
        lambda: fields.free_text({"F": "\ud800"}, "F", 3),
        lambda: fields.moment({"F": "2026-01-05T03:00:00"}, "F"),
        lambda: fields.moment({"F": "2026-13-05T03:00:00Z"}, "F"),
        lambda: fields.moment({"F": "0001-01-01T00:00:00Z"}, "F"),
    ],
)
def test_what_has_another_shape_is_named(read):
    assert field_refused(read).field == "F"


def test_a_value_is_shown_on_one_line_and_short():
    error = fields.refused("F", "a\nb" + "x" * 99, "a rule")
    assert error.value.startswith("a?bx")
    assert len(error.value) == 60
    assert fields.refused("F", {"a": 1}, "a rule").value == ""
