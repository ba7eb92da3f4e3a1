"""A sweep at a steady pace, whatever any clock says."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

SECONDS = 60.0

_log = structlog.get_logger(__name__)


class Sweeper:
    """Calls something again and again, in a thread of its own, until it is stopped."""

    def __init__(self, sweep: Callable[[], None], *, seconds: float = SECONDS) -> None:
        self._sweep = sweep
        self._seconds = seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="adapter-sweep", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Call it no more; wait for a call that runs."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._seconds):
            try:
                self._sweep()
            except Exception as error:  # noqa: BLE001  # one sweep that fails must not be the last
                _log.error("a sweep failed", exc_info=error)
