"""What a browser may do with a page: nothing runs, nothing foreign is loaded, nothing is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

# Whatever else a URL may hold must not reach the header.
_ORIGIN = re.compile(
    r"(https?://(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?)(?:[/?#].*)?"
)


def origin_of(url: str) -> str:
    """Return the origin of an http address, such as https://example.com, or nothing."""
    found = _ORIGIN.fullmatch(url)
    return found.group(1).lower() if found else ""


def guard(
    answer: Response,
    *,
    style_from: str = "",
    leads_to: tuple[str, ...] = (),
    framed: bool = False,
    frames: str = "",
) -> None:
    """Set a page's headers.

    `style_from` is a further style sheet's address; `leads_to` are those to which a form may be
    redirected; `framed` pages may stand in a frame of this world's own pages, and `frames` is the
    address that a page shows in one. A style sheet from elsewhere can load nothing: images and
    fonts come from the page's own server.
    """
    styles = " ".join(filter(None, ("'self'", origin_of(style_from))))
    targets = " ".join(dict.fromkeys(["'self'", *filter(None, map(origin_of, leads_to))]))
    framed_by = "'self'" if framed else "'none'"
    shown = origin_of(frames) or "'none'"
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src {styles}; img-src 'self' data:; form-action {targets}; "
        f"frame-src {shown}; frame-ancestors {framed_by}; base-uri 'none'"
    )
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    # Addresses hold tokens and account numbers, which are no other site's business.
    answer.headers["Referrer-Policy"] = "no-referrer"


def comes_from_elsewhere(headers: Mapping[str, str] | Headers) -> bool:
    """Tell whether a browser says that another site sent this request."""
    return headers.get("Sec-Fetch-Site", "") == "cross-site"
