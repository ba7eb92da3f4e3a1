"""How the portal answers: with a guarded page, or by leading on to one."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox.fakes.chrome.guard import guard
from sandbox.fakes.invoice_cloud.portal.words import NOTICES
from sandbox.fakes.invoice_cloud.rest.cloud_sso import PORTAL_PATH

BODY_BYTES_MAX = 16 * 1024


def show(
    template: str,
    status: int = 200,
    *,
    style_from: str = "",
    return_url: str = "",
    **told: Any,
) -> Response:
    """Render a page, which may stand in a frame of the insurer's portal in the same world."""
    text = render_template(
        f"customer/{template}.html",
        portal=page_path,
        notice=NOTICES.get(request.args.get("told", "")),
        css_url=style_from,
        return_url=return_url,
        **told,
    )
    answer = Response(text, status, content_type="text/html; charset=utf-8")
    guard(answer, style_from=style_from, leads_to=(return_url,), framed=True)
    return answer


def page_path(path: str = "") -> str:
    """Return the path of a portal's page in the world of this request."""
    return f"{request.script_root}{PORTAL_PATH}/{path}"


def lead_to(path: str, told: str = "", *, to: str = "") -> AnyResponse:
    """Go on to a page, which says what came of a form; `to` is what the visitor wanted."""
    query = "&".join(f"{name}={value}" for name, value in (("told", told), ("to", to)) if value)
    answer = redirect(page_path(path) + (f"?{query}" if query else ""), 303)
    guard(answer, framed=True)
    return answer
