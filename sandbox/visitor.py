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

    def submit(self, *names: str, **values: str) -> None:
        """Fill in the page's first form that has these fields and buttons, and send it.

        `values` are typed in; what only `names` tell stays as it is. The first button is pressed.
        """
        form = self._form({*names, *values})
        for name, value in values.items():
            form.fields[name] = value
        told = [*form.form_values(), *self._pressed(form)]
        target = urljoin(self.url, form.get("action") or self.url)
        if form.method == "GET":
            self._show(self._browser.get(target, params=dict(told)))
        else:
            self._show(self._browser.post(target, data=dict(told)))

    def _form(self, wanted: set[str]) -> Any:
        for form in self.page.forms:
            buttons = {name for name, _ in self._pressed(form)}
            if wanted <= {*form.fields, *buttons}:
                return form
        raise PageError(f"{self.url} has no form with {', '.join(sorted(wanted))}")

    def _pressed(self, form: Any) -> list[tuple[str, str]]:
        return [(one.get("name"), one.get("value", "")) for one in form.xpath(".//button[@name]")][
            :1
        ]

    def _show(self, answer: httpx.Response) -> None:
        if answer.is_error:
            raise PageError(f"{answer.url} answers {answer.status_code}")
        self.url = str(answer.url)
        self.page = html.fromstring(answer.text)
