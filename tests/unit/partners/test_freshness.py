"""Which headers say that a balance was kept: such a one proves nothing of a receipt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.partners.freshness import why_stale


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Age", "290"),
        ("Age", "1"),
        ("Age", "0, 12"),
        ("Age", "soon"),
        ("Age", "-5"),
        ("X-Cache", "HIT"),
        ("X-Cache", "Hit from cloudfront"),
        ("X-Cache", "RefreshHit from cloudfront"),
        ("X-Cache", "TCP_HIT from a23-1.deploy"),
        ("X-Cache", "MISS, HIT"),
        ("X-Cache-Status", "STALE"),
        ("X-Proxy-Cache", "hit"),
        ("CF-Cache-Status", "UPDATING"),
        ("CF-Cache-Status", "REVALIDATED"),
        ("Cache-Status", "edge; hit; ttl=30"),
        ("Cache-Status", 'origin; fwd=uri-miss, "edge"; hit'),
        ("Warning", '110 - "Response is Stale"'),
    ],
)
def test_a_kept_answer_is_named_by_its_header(name, value):
    assert why_stale({name: value}) == f"{name}: {value}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Age", "0"),
        ("Age", " 0 "),
        ("Age", ""),
        ("X-Cache", "MISS"),
        ("X-Cache", "Miss from cloudfront"),
        ("X-Cache-Lookup", "HIT from squid:3128"),
        ("CF-Cache-Status", "DYNAMIC"),
        ("CF-Cache-Status", "BYPASS"),
        ("Cache-Status", "edge; fwd=stale; fwd-status=200"),
        ("Cache-Status", "edge; hit=?0"),
        ("X-Cache", "white"),
        ("Content-Type", "hit"),
    ],
)
def test_an_answer_that_was_asked_for_is_evidence(name, value):
    assert why_stale({name: value}) == ""


def test_missing_headers_prove_nothing():
    assert why_stale({}) == ""


@given(st.integers(min_value=1))
def test_any_age_counts(age):
    assert why_stale({"Age": str(age)})
