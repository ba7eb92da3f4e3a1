"""The doors as one application: headers on every answer, no redirect, no leak, no surprise."""

import uuid

import pytest

PATHS = [
    ("GET", "/", 404),
    ("GET", "/nowhere", 404),
    ("GET", "/billers", 404),
    ("GET", "/billers//balance", 404),
    ("GET", "//ops/uploads", 404),
    ("GET", "/ops/health/", 404),
    ("GET", "/billers/alpha-mutual/payments", 405),
    ("POST", "/billers/alpha-mutual/balance", 405),
    ("OPTIONS", "/billers/alpha-mutual/balance", 405),
    ("PUT", "/ops/deliveries", 405),
    ("DELETE", "/ops/deliveries", 405),
    ("PROPFIND", "/ops/health", 405),
    ("GET", "/billers/alpha-mutual/balance", 401),
    ("POST", "/billers/alpha-mutual/payments", 401),
    ("GET", "/ops/health", 200),
]


@pytest.mark.parametrize(("method", "path", "status"), PATHS)
def test_every_path_answers_in_json_and_is_never_cached(client, method, path, status):
    answer = client.open(path, method=method)
    assert answer.status_code == status
    assert answer.mimetype == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert uuid.UUID(answer.headers["X-Correlation-Id"])
    if status >= 400:
        assert set(answer.get_json()["error"]) == {"code", "message", "field", "remedy"}
    assert ("Allow" in answer.headers) == (status == 405)


def test_a_bug_is_told_without_its_words(adapter, client, credentials):
    adapter.billers.rtdr.outcome = ZeroDivisionError("a secret of the process")
    answer = client.get("/billers/alpha-mutual/balance?invoiceNumber=1", headers=credentials)
    assert answer.status_code == 500
    assert "secret" not in answer.get_data(as_text=True)
    assert answer.headers["X-Correlation-Id"]


@pytest.mark.parametrize("name", ["%00", "%2e%2e", "a" * 5000, "%F0%9F%92%B8", "alpha%2Fmutual"])
def test_strange_billers_are_unknown_billers(client, credentials, name):
    for path, method in (("balance?invoiceNumber=1", "GET"), ("payments", "POST")):
        answer = client.open(f"/billers/{name}/{path}", method=method, headers=credentials)
        assert answer.status_code in {401, 404}
