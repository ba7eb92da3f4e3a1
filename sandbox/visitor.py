"""Someone with a browser: opens pages, fills in forms and follows links, over real sockets."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import httpx
from lxml import html

TIMEOUT_SECONDS = 60


class PageError(Exception):
    """A page did not come, or lacks what the visitor looked for."""


class Visitor:
    """One person's browser, with cookies of its own; `page` is the page that is open."""

    def __init__(self) -> None:
        self._browser = httpx.Client(
            follow_redirects=True, timeout=TIMEOUT_SECONDS, trust_env=False
        )
        self.url = ""
        self.page: Any = None

    def close(self) -> None:
        self._browser.close()

    def open(self, url: str) -> None:
        """Open an address; one that is relative is looked for from the present page."""
        self._show(self._browser.get(urljoin(self.url, url)))

    def submit(self, *fields: str, **values: str) -> None:
        """Fill in the page's first form that has these fields, and send it.

        `fields` must be there and stay as they are; `values` are typed in.
        """
        form = self._form({*fields, *values})
        for name, value in values.items():
            form.fields[name] = value
        told = dict(form.form_values())
        buttons = form.xpath(".//button[@name]")
        if buttons and buttons[0].get("name") not in told:
            told[buttons[0].get("name")] = buttons[0].get("value", "")
        target = urljoin(self.url, form.get("action") or self.url)
        if form.method.upper() == "GET":
            self._show(self._browser.get(target, params=told))
        else:
            self._show(self._browser.post(target, data=told))

    @property
    def text(self) -> str:
        """What the open page says, in one line."""
        return " ".join(self.page.text_content().split())

    def _form(self, wanted: set[str]) -> Any:
        for form in self.page.forms:
            if wanted <= set(form.fields):
                return form
        raise PageError(f"{self.url} has no form with {', '.join(sorted(wanted))}")

    def _show(self, answer: httpx.Response) -> None:
        if answer.is_error:
            raise PageError(f"{answer.url} answers {answer.status_code}")
        self.url = str(answer.url)
        self.page = html.fromstring(answer.text)
