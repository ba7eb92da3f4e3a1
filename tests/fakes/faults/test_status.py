"""The fault `status`: another answer, with parameters that cannot break the wire."""

import pytest

from sandbox.faults import FaultParameterError, FaultyAnswer
from sandbox.faults.status import Status


def struck(parameters):
    with pytest.raises(FaultyAnswer) as caught:
        Status.from_parameters(parameters).strike()
    return caught.value


def test_answers_503_without_a_body_unless_told_otherwise():
    answer = struck({})
    assert (answer.status, answer.headers, answer.body) == (503, {}, b"")


def test_answers_what_it_was_told():
    answer = struck({"status": 429, "headers": {"Retry-After": "7"}, "body": "später"})
    assert answer.status == 429
    assert answer.headers == {"Retry-After": "7"}
    assert answer.body == "später".encode()


@pytest.mark.parametrize(
    ("page", "media_type", "begins"),
    [
        ("empty", None, b""),
        ("html", "text/html; charset=utf-8", b"<!DOCTYPE html>"),
        ("json", "application/problem+json; charset=utf-8", b'{"title": "Forbidden"'),
    ],
)
def test_a_page_is_what_a_partner_or_a_firewall_says(page, media_type, begins):
    answer = struck({"status": 403, "page": page})
    assert answer.status == 403
    assert answer.headers.get("Content-Type") == media_type
    assert answer.body.startswith(begins)
    assert bool(answer.body) == bool(begins)


def test_a_page_keeps_the_media_type_it_is_told_and_knows_statuses_without_a_name():
    answer = struck({"status": 299, "page": "json", "headers": {"content-type": "text/plain"}})
    assert answer.headers == {"content-type": "text/plain"}
    assert answer.body == b'{"title": "Faulty", "status": 299}'


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"code": 500}, "code"),
        ({"page": "pdf"}, "page"),
        ({"page": "json", "body": ""}, "page"),
        ({"status": 600}, "status"),
        ({"status": 100}, "status"),
        ({"status": "503"}, "status"),
        ({"status": True}, "status"),
        ({"headers": ["Retry-After"]}, "headers"),
        ({"headers": {f"X-{n}": "" for n in range(21)}}, "headers"),
        ({"headers": {"Retry-After": 7}}, "Retry-After"),
        ({"headers": {"X": "a\r\nSet-Cookie: b"}}, "X"),
        ({"headers": {"X\n": "a"}}, "X"),
        ({"headers": {"Content-Length": "1"}}, "Content-Length"),
        ({"headers": {"transfer-encoding": "chunked"}}, "transfer-encoding"),
        ({"body": 1}, "body"),
        ({"body": "x" * 10_001}, "body"),
    ],
)
def test_wrong_parameter_is_named(parameters, named):
    with pytest.raises(FaultParameterError, match=named):
        Status.from_parameters(parameters)
