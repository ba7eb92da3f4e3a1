"""Reading control requests: media type, size, JSON, the contract's schemas, secrets unshown."""

import pytest

POST_WORLD = "/_sandbox/worlds"


def error_of(answer, status):
    assert answer.status_code == status, answer.text
    return answer.json()["error"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b"{'name': 1}",
        b'{"name": NaN}',
        b'{"seed": 1e999, "name": "x"}',
        b'{"name": "\\ud800"}',
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"seed": ' + b"9" * 5000 + b"}",
    ],
)
def test_body_that_is_no_json_object_is_400(in_process, content):
    answer = in_process.post(
        POST_WORLD, content=content, headers={"Content-Type": "application/json"}
    )
    assert "JSON object" in error_of(answer, 400)["message"] + error_of(answer, 400)["remedy"]


def test_body_over_64_kib_is_413(in_process):
    answer = in_process.post(POST_WORLD, json={"name": "x" * 70_000})
    assert "65536 bytes" in error_of(answer, 413)["message"]


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "", "application/jsonp"])
def test_other_media_type_is_415(in_process, media_type):
    answer = in_process.post(POST_WORLD, content=b"{}", headers={"Content-Type": media_type})
    assert "application/json" in error_of(answer, 415)["remedy"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "name is missing"),
        ({"name": "Mine"}, 'name = "Mine": it does not match'),
        ({"name": "x" * 100}, "..."),
        ({"name": "x", "seed": "1"}, 'seed = "1": it is not of type "integer"'),
        ({"name": "x", "seed": -1}, "seed = -1"),
        ({"name": "x", "seed": True}, "seed = true"),
        ({"name": "x", "billers": 5}, "billers = 5: it is greater than the maximum of 4"),
        ({"name": "x", "start": "soon"}, 'start = "soon"'),
        ({"name": "x", "start": "2026-02-30T00:00:00Z"}, "a moment of the calendar"),
        ({"name": "x", "start": "0001-01-01T00:00:00Z"}, "in the years 1970 to 9000"),
        ({"name": "x", "seeed": 1}, "'seeed': no such field; there are: name, seed, start"),
    ],
)
def test_message_names_field_value_and_rule(in_process, body, told):
    error = error_of(in_process.post(POST_WORLD, json=body), 400)
    assert told in error["message"]
    assert error["code"] == "bad_input"


def test_unknown_query_parameter_is_refused(in_process):
    """A mistyped parameter would otherwise be ignored, and all faults disarmed."""
    answer = in_process.delete("/_sandbox/faults", params={"idd": 1})
    assert "'idd'" in error_of(answer, 400)["message"]
    answer = in_process.delete("/_sandbox/faults?id=1&id=2")
    assert "each once" in error_of(answer, 400)["message"]
