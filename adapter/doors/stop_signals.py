"""Waits for the signal that ends a process: SIGTERM, or SIGINT from a terminal."""

from __future__ import annotations

import signal
import socket
from typing import Any

_NUMBERS = (signal.SIGTERM, signal.SIGINT)


class StopSignals:
    """Hears of the first of them from now on; a second one ends the process at once.

    The interpreter writes a byte at the very moment a signal arrives. A handler in Python would
    run later, between two of its steps: a wait that begins in between would never end.
    """

    def __init__(self) -> None:
        self._arriving, self._told = socket.socketpair()
        self._told.setblocking(False)
        signal.set_wakeup_fd(self._told.fileno())
        for number in _NUMBERS:
            signal.signal(number, _end_at_the_next)

    def wait(self) -> None:
        self._arriving.recv(1)


def _end_at_the_next(_received: int, _frame: Any) -> None:
    for number in _NUMBERS:
        signal.signal(number, signal.SIG_DFL)
