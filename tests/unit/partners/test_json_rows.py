"""JSON answers: exact decimals, JSON:API attributes, and long arrays read while they arrive."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.partners.http import UnreadableAnswerError
from adapter.partners.json_rows import (
    PIECE_BYTES,
    VALUE_CHARACTERS_MAX,
    JsonRows,
    attributes_of,
    read_json,
)


def read(*chunks: bytes) -> tuple[list, dict]:
    reader = JsonRows("rows")
    return list(reader.rows(chunks)), reader.members


def test_decimals_are_exact():
    document = read_json('{"amount": 0.1000000000000000055511151231257827}')
    assert document["amount"] == Decimal("0.1000000000000000055511151231257827")


@pytest.mark.parametrize(
    "text", ["", "<html>", '{"a": NaN}', "[1", b"\xff\xfe\xfd", "[" * 100_000, b'{"a": "\xff"}']
)
def test_what_is_no_json_is_unreadable(text):
    with pytest.raises(UnreadableAnswerError):
        read_json(text)


@pytest.mark.parametrize(
    "document", [None, [], "x", {}, {"data": None}, {"data": []}, {"data": {"attributes": 1}}]
)
def test_what_has_no_attributes_is_unreadable(document):
    with pytest.raises(UnreadableAnswerError, match="jwtToken"):
        attributes_of(document, "jwtToken")


def test_rows_and_members_in_any_order():
    expected = ([{"n": Decimal("1.10")}, {"n": 2}], {"as_of": "x", "cursor": 12})
    assert read(b'{"as_of": "x", "rows": [{"n": 1.10}, {"n": 2}], "cursor": 12}') == expected
    assert (
        read(b'\xef\xbb\xbf {"rows":[{"n":1.10},{"n":2}],"cursor":12,"as_of":"x"}\n') == expected
    )


@pytest.mark.parametrize("document", [b'{"rows": []}', b'{ "rows" : [ ] }'])
def test_no_rows(document):
    assert read(document) == ([], {})


ROWS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.decimals(allow_nan=False, allow_infinity=False, places=2),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    rows=st.lists(ROWS, max_size=5), cursor=ROWS, size=st.integers(1, 20), ascii_only=st.booleans()
)
def test_the_cut_into_chunks_changes_nothing(rows, cursor, size, ascii_only):
    """Numbers, escapes and characters of several bytes may be cut anywhere."""
    document = {"before": cursor, "rows": rows, "cursor": cursor}
    text = json.dumps(document, default=str, ensure_ascii=ascii_only)
    content = text.encode("utf-8", "surrogatepass") if ascii_only else text.encode()
    chunks = [content[at : at + size] for at in range(0, len(content), size)]
    expected = json.loads(text, parse_float=Decimal)
    assert read(*chunks) == (
        expected["rows"],
        {"before": expected["before"], "cursor": expected["cursor"]},
    )


def test_rows_come_before_the_document_has_ended():
    def chunks():
        yield b'{"rows": [{"n": 1},'
        raise AssertionError("the first row was not handed over")

    assert next(JsonRows("rows").rows(chunks())) == {"n": 1}


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<html></html>",
        b"[]",
        b"{}",
        b'{"other": []}',
        b'{"rows": {}}',
        b'{"rows": [1, 2',
        b'{"rows": [1, 2]',
        b'{"rows": [1 2]}',
        b'{"rows": [1,]}',
        b'{"rows": []} {}',
        b'{"rows": [NaN]}',
        b'{"rows" []}',
        b"{1: []}",
        b'{"rows": ["\xff"]}',
        b'{"rows": ["\xc3',
        b'{"rows": [' + b"[" * 60_000,
    ],
)
def test_what_is_no_whole_document_of_this_shape_is_unreadable(document):
    with pytest.raises(UnreadableAnswerError):
        read(document)


def test_one_value_is_bounded():
    """A malformed row must not gather the rest of the document in memory."""
    delivered = []

    def chunks():
        yield b'{"rows": ["'
        for _ in range(1000):
            delivered.append(PIECE_BYTES)
            yield b"x" * PIECE_BYTES

    with pytest.raises(UnreadableAnswerError, match="over"):
        list(JsonRows("rows").rows(chunks()))
    assert sum(delivered) <= VALUE_CHARACTERS_MAX + 2 * PIECE_BYTES
