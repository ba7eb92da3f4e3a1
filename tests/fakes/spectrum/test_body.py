"""Reading JSON bodies: bounds, exact numbers, the text kept, and nothing answered with a 500."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from sandbox.fakes.json_text import NUMBER_LENGTH_MAX
from sandbox.fakes.spectrum.body import BODY_BYTES_MAX, read_json
from sandbox.fakes.spectrum.errors import RefusedError


def read(content: bytes, media_type: str = "application/json"):
    builder = EnvironBuilder(method="POST", data=content, content_type=media_type)
    return read_json(Request(builder.get_environ()))


def refusal(content, media_type="application/json"):
    with pytest.raises(RefusedError) as caught:
        read(content, media_type).read()
    return caught.value


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "application/json; charset=UTF-8", "text/json", "application/x+json"],
)
def test_json_media_types_are_read(media_type):
    assert read(b'{"a": 1}', media_type).read() == {"a": 1}


@pytest.mark.parametrize(
    "media_type",
    ["", "text/plain", "application/xml", "application/json; charset=utf-16", "+json"],
)
def test_other_media_types_are_415(media_type):
    assert refusal(b"{}", media_type).status == 415


def test_byte_order_mark_and_white_space_are_no_matter():
    assert read(b'\xef\xbb\xbf \r\n{"a": 1}\n').read() == {"a": 1}


def test_body_at_the_limit_is_read_and_above_it_is_413():
    fitting = b'{"a":"%s"}' % (b"x" * (BODY_BYTES_MAX - 8))
    assert len(fitting) == BODY_BYTES_MAX
    assert read(fitting).read()
    assert refusal(fitting + b" ").status == 413


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "A non-empty request body is required."),
        (b"  \n", "A non-empty request body is required."),
        (b'{"a": 1', "not valid JSON"),
        (b'{"a": 1}{}', "not valid JSON"),
        (b'{"a": 01}', "not valid JSON"),
        (b'{"a": NaN}', "not valid JSON"),
        (b'{"a": Infinity}', "not valid JSON"),
        (b'{"a": -Infinity}', "not valid JSON"),
        (b'{"a": 1e99999999999999999999}', "not valid JSON"),
        (b'{"a": "\n"}', "not valid JSON"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b'{"a": 1, "a": 1}', "'a' comes more than once"),
        (b'{"a": 1, "A": 1}', "'A' comes more than once"),
        (b'{"a": {"b": 1, "b": 2}}', "'b' comes more than once"),
        (b'{"a": "\\ud800"}', "half of a surrogate pair"),
        (b'{"a": %s}' % (b"1" * (NUMBER_LENGTH_MAX + 1)), "more than 100 characters"),
        (b'{"a": 0.%s}' % (b"1" * 5000), "more than 100 characters"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "nested deeper than 32"),
        (b"[" * 500_000, "nested deeper than 32"),
        (b'{"' + b"\\" * 500_001, "not valid JSON"),
        (b'"' + b'\\"' * 400_000, "not valid JSON"),
    ],
)
def test_malformed_bodies_are_400_under_the_key_of_the_document(content, rule):
    refused = refusal(content)
    assert refused.status == 400
    assert list(refused.document["errors"]) == ["$"]
    assert rule in refused.document["errors"]["$"][0]


def test_brackets_inside_texts_are_no_depth():
    body = {"a": "[" * 100 + '"{' * 100}
    assert read(json.dumps(body).encode()).read() == body


@pytest.mark.parametrize(
    ("text", "echoed"),
    [
        ('{"amount": 10.00}', '{"amount": 10.00,"receiptID":"1001"}'),
        ('{ "amount" :1e1 } ', '{ "amount" :1e1,"receiptID":"1001"}'),
        ('{\n  "a": "}"\n}\n', '{\n  "a": "}","receiptID":"1001"}'),
        ('{"a": {}}', '{"a": {},"receiptID":"1001"}'),
        ("{ }", '{"receiptID":"1001"}'),
    ],
)
def test_echo_keeps_the_original_text(text, echoed):
    assert read(text.encode()).echo("receiptID", "1001") == echoed


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(document=st.dictionaries(st.text(), VALUES, max_size=5))
def test_echo_is_the_document_and_one_member_more(document):
    text = json.dumps(document, default=str)
    body = read(text.encode())
    if body.document is not None:
        echoed = json.loads(body.echo("message", "m"))
        assert echoed == {**json.loads(text), "message": "m"}


@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content):
    body = read(content)
    assert (body.document is None) == (body.refusal is not None)
