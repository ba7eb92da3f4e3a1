"""How the portal says no to a customer: what is wrong, in which field, and what to do."""

from __future__ import annotations


class PortalRefusedError(Exception):
    """A page would not do this; `field` is the form's own name of it, empty for the whole form."""

    def __init__(self, message: str, *, field: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.remedy = remedy
