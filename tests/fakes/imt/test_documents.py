"""How IMT reads a request: JSON:API's media types, one resource, and each wrong attribute."""

import json

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from sandbox.fakes.imt.documents import BODY_BYTES_MAX, check_media_types, read_resource
from sandbox.fakes.imt.errors import MEDIA_TYPE, RefusedError


def request_of(body=b"", content_type=MEDIA_TYPE, **headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    builder = EnvironBuilder(
        method="POST", data=content, content_type=content_type, headers=headers
    )
    return Request(builder.get_environ())


def change(**told):
    resource = {"type": "policy-settings", "id": "7", "attributes": {"paperless": True}, **told}
    return {"data": resource}


def refusal(act):
    with pytest.raises(RefusedError) as refused:
        act()
    return refused.value


def pointers(body):
    refused = refusal(
        lambda: read_resource(request_of(body), "PaperlessChange", kind="policy-settings")
    )
    return refused.status, [error["source"]["pointer"] for error in refused.document["errors"]]


@pytest.mark.parametrize(
    ("content_type", "accept"),
    [
        (MEDIA_TYPE, ""),
        (MEDIA_TYPE.upper(), "*/*"),
        (f'{MEDIA_TYPE}; profile="https://a.test/p"', MEDIA_TYPE),
        (MEDIA_TYPE, f"{MEDIA_TYPE};q=0.5"),
        (MEDIA_TYPE, f"{MEDIA_TYPE}; ext=x, {MEDIA_TYPE}"),
        (MEDIA_TYPE, "text/html; level=1"),
    ],
)
def test_media_types_that_json_api_allows(content_type, accept):
    check_media_types(request_of(content_type=content_type, Accept=accept))


@pytest.mark.parametrize(
    ("content_type", "accept", "status"),
    [
        ("", "", 415),
        ("application/json", "", 415),
        (f"{MEDIA_TYPE}; charset=utf-8", "", 415),
        (f'{MEDIA_TYPE}; ext="https://a.test/e"', "", 415),
        (MEDIA_TYPE, f"{MEDIA_TYPE}; charset=utf-8", 406),
        (MEDIA_TYPE, f"{MEDIA_TYPE}; ext=x, {MEDIA_TYPE}; version=2", 406),
    ],
)
def test_media_types_that_it_refuses(content_type, accept, status):
    request = request_of(content_type=content_type, Accept=accept)
    assert refusal(lambda: check_media_types(request)).status == status


def test_a_resource_is_returned_as_it_came():
    told = read_resource(request_of(change()), "PaperlessChange", kind="policy-settings")
    assert told == change()["data"]


@pytest.mark.parametrize(
    ("body", "status", "found"),
    [
        (change(type="policies"), 409, ["/data/type"]),
        (change(attributes={}), 422, ["/data/attributes/paperless"]),
        (change(attributes={"paperless": 1}), 422, ["/data/attributes/paperless"]),
        (change(id=None, attributes=[]), 422, ["/data/id", "/data/attributes"]),
        (change(links={}, meta={}), 422, ["/data/links", "/data/meta"]),
    ],
)
def test_each_wrong_place_is_pointed_at(body, status, found):
    told = pointers(body)
    assert told[0] == status
    assert sorted(told[1]) == sorted(found)


def test_no_value_is_repeated_in_a_refusal():
    """It may be a password."""
    body = {"data": {"id": "1", "type": "sessions", "attributes": {"username": "a"}}}
    body["data"]["attributes"]["password"] = ["hunter2"]
    refused = refusal(lambda: read_resource(request_of(body), "SessionRequest", kind="sessions"))
    assert "hunter2" not in json.dumps(refused.document) + refused.summary


def test_a_body_has_its_limit():
    body = b" " * (BODY_BYTES_MAX + 1)
    refused = refusal(lambda: read_resource(request_of(body), "SessionRequest", kind="sessions"))
    assert refused.status == 413
