"""What a striking fault raises, for the server (or a calling fake) to carry out on the wire.

None of these is an `Exception`: nothing between the fault and the socket may turn one into an
answer of its own. A fake that is itself the caller catches `FaultStruck`.
"""

from __future__ import annotations


class FaultStruck(BaseException):
    """A fault struck this call: it ends here, and the partner's own answer is lost."""


class ConnectionSevered(FaultStruck):
    """The connection is reset; not a byte of an answer leaves."""


class AnswerWithheld(FaultStruck):
    """The connection stays open and silent until the caller hangs up."""


class FaultyAnswer(FaultStruck):
    """Another answer goes out in place of the partner's own."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.headers = headers
        self.body = body
