"""Bodies and queries within bounds."""

import pytest
from flask import Flask, request

from adapter.doors.envelope import MediaTypeError
from adapter.doors.requests import json_object, query
from adapter.errors import BadInputError


def read(content_type, data=b'{"a": 1}', **headers):
    app = Flask(__name__)
    with app.test_request_context(
        "/", method="POST", data=data, content_type=content_type, headers=headers
    ):
        return json_object(request)


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"'],
)
def test_json_in_utf_8_is_read(content_type):
    assert read(content_type) == {"a": 1}


@pytest.mark.parametrize(
    "content_type",
    [
        *("", "text/json", "text/plain", "application/x-www-form-urlencoded", "application/json5"),
        *("application/vnd.api+json", "application/json; charset=latin-1", "nonsense"),
    ],
)
def test_any_other_media_type_is_refused(content_type):
    with pytest.raises(MediaTypeError):
        read(content_type)


def test_a_compressed_body_is_refused():
    with pytest.raises(MediaTypeError, match="compressed"):
        read("application/json", **{"Content-Encoding": "gzip"})


def test_an_empty_body_is_bad_input():
    with pytest.raises(BadInputError):
        read("application/json", data=b"")


def ask(path, *known):
    with Flask(__name__).test_request_context(path):
        return query(request, *known)


def test_known_parameters_are_returned():
    assert ask("/?a=1&b=%20", "a", "b", "c") == {"a": "1", "b": " "}


@pytest.mark.parametrize("path", ["/?x=1", "/?A=1", "/?a=1&a=1", "/?" + "x" * 5000])
def test_unknown_and_doubled_parameters_are_refused(path):
    with pytest.raises(BadInputError) as refusal:
        ask(path, "a")
    assert len(refusal.value.field) <= 60
