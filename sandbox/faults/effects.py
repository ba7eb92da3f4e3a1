"""What a striking fault raises, for the server (or a calling fake) to carry out on the wire.

None of these is an `Exception`: nothing between the fault and the socket may turn one into an
answer of its own. A fake that is itself the caller catches `FaultStruck`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Whose answers can be altered.
ALTERING_PARTNERS = frozenset({"spectrum"})
# Which operation can be acted on later.
DELAYED = ("spectrum", "OnlineReceipt")


class FaultStruck(BaseException):
    """A fault struck this call: it ends here, and the partner's own answer is lost."""


class ConnectionSevered(FaultStruck):
    """The connection is reset; not a byte of an answer leaves."""


class AnswerDripped(FaultStruck):
    """A header line at a time, and never an end: `lines` of them, then the connection is reset."""

    def __init__(self, lines: int, interval_seconds: float) -> None:
        super().__init__(f"{lines} lines, one every {interval_seconds} s")
        self.lines = lines
        self.interval_seconds = interval_seconds


class AnswerAltered(FaultStruck):
    """The partner's own answer goes out with other values or headers; the call goes on.

    Only a fake that builds its answers from documents can carry it out (`ALTERING_PARTNERS`).
    """

    def __init__(self, values: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        super().__init__(", ".join((*values, *headers)) or "nothing")
        self.values = dict(values)
        self.headers = dict(headers)

    def applied_to(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return a document with each value in its place; a name may lead through objects."""
        altered = dict(document)
        for path, value in self.values.items():
            inside = altered
            *objects, last = path.split(".")
            for name in objects:
                found = inside.get(name)
                inside[name] = dict(found) if isinstance(found, dict) else {}
                inside = inside[name]
            inside[last] = value
        return altered


class ActionDelayed(ConnectionSevered):
    """The connection is reset now, and the partner acts on the call so many seconds later.

    The seconds are the world's. Only what a fake can do later can be delayed (`DELAYED`).
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(f"acts {seconds} s later")
        self.seconds = seconds


class AnswerWithheld(FaultStruck):
    """The connection stays open and silent until the caller hangs up."""


class FaultyAnswer(FaultStruck):
    """Another answer goes out in place of the partner's own."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.headers = headers
        self.body = body
