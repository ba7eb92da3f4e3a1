"""What the pages' headers allow: only origins get into them, whatever an address holds."""

import pytest
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

from sandbox.fakes.chrome.guard import comes_from_elsewhere, guard, origin_of


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://example.com", "https://example.com"),
        ("HTTPS://Example.com:8443/a?b#c", ""),
        ("https://Example.com:8443/a?b#c", "https://example.com:8443"),
        ("http://127.0.0.1:8100/w/x/", "http://127.0.0.1:8100"),
        ("http://[::1]:80/", "http://[::1]:80"),
        ("https://example.com/look.css;script-src *", "https://example.com"),
        ("https://example.com; script-src *", ""),
        ("https://example.com script-src", ""),
        ("https://user@example.com/", ""),
        ("https://example.com\r\nSet-Cookie: a=b", ""),
        ("javascript:alert(1)", ""),
        ("data:text/css,*{}", ""),
        ("//example.com/look.css", ""),
        ("", ""),
    ],
)
def test_only_a_plain_web_origin_is_taken(url, origin):
    assert origin_of(url) == origin


def test_a_page_allows_nothing_but_its_own():
    answer = Response()
    guard(answer)
    policy = answer.headers["Content-Security-Policy"]
    assert policy == (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "frame-src 'none'; frame-ancestors 'none'; base-uri 'none'"
    )


def test_what_a_page_asks_for_is_added():
    answer = Response()
    guard(
        answer,
        style_from="https://a.example/x.css",
        leads_to=("https://b.example/back", "", "nonsense"),
        framed=True,
        frames="https://c.example/inside",
    )
    policy = answer.headers["Content-Security-Policy"]
    assert "style-src 'self' https://a.example;" in policy
    assert "form-action 'self' https://b.example;" in policy
    assert "frame-src https://c.example;" in policy
    assert "frame-ancestors 'self';" in policy


@pytest.mark.parametrize(
    ("told", "elsewhere"),
    [("cross-site", True), ("same-origin", False), ("none", False), (None, False)],
)
def test_a_browser_says_whose_form_it_sends(told, elsewhere):
    headers = Headers({"Sec-Fetch-Site": told} if told else {})
    assert comes_from_elsewhere(headers) is elsewhere
