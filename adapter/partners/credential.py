"""A credential that a partner issues, such as a token: kept, shared by threads, renewed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from adapter.clock import Clock


class CachedCredential:
    """Keeps one credential for any number of threads.

    `fetch` asks for a new one, and returns until when that may be used; without a moment it is
    used until the partner refuses it.
    """

    def __init__(self, fetch: Callable[[], tuple[str, datetime | None]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._credential = ""
        self._use_until: datetime | None = None

    def usable(self, *, refused: str | None = None) -> str:
        """Return the credential, renewed if its time is over or it is the refused one.

        Other threads wait meanwhile, so that one renewal serves them all. A failed fetch leaves
        no credential behind, and its error is raised.
        """
        with self._lock:
            is_over = self._use_until is not None and self._use_until <= self._clock.now()
            if is_over or self._credential in {"", refused}:
                self._credential = ""
                self._credential, self._use_until = self._fetch()
            return self._credential

    def drop(self, refused: str) -> None:
        """Have a refused credential renewed at its next use, not now."""
        with self._lock:
            if self._credential == refused:
                self._credential = ""
