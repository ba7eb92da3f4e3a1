"""Which correlation ids of callers are kept; any other request gets one of its own."""

import uuid

import pytest

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize("given", ["a", "IC-2026.01:05_7", "x" * 64, str(uuid.UUID(int=7))])
def test_a_safe_id_is_kept(client, given):
    answer = client.get("/health", headers={"X-Correlation-Id": given, "traceparent": TRACEPARENT})
    assert answer.headers["X-Correlation-Id"] == given


@pytest.mark.parametrize(
    "given",
    ["", "x" * 65, "-a", "a-", "a b", "a;b", "é", "4111111111111111", "4111-1111-1111-1111"],
)
def test_an_unsafe_id_or_a_card_number_is_replaced(client, given):
    answer = client.get("/health", headers={"X-Correlation-Id": given})
    assert uuid.UUID(answer.headers["X-Correlation-Id"])
    again = client.get("/health", headers={"X-Correlation-Id": given})
    assert again.headers["X-Correlation-Id"] != answer.headers["X-Correlation-Id"]


def test_a_callers_trace_is_kept_where_it_is_one(client):
    kept = client.get("/health", headers={"traceparent": TRACEPARENT})
    assert kept.headers["X-Correlation-Id"] == TRACEPARENT
    for broken in (TRACEPARENT[:-1], TRACEPARENT.upper(), f"00-{'0' * 32}-{'1' * 16}-01"):
        answer = client.get("/health", headers={"traceparent": broken})
        assert uuid.UUID(answer.headers["X-Correlation-Id"])
