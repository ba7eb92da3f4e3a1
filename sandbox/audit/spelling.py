"""What is the same however it is spelled: GUIDs, vendors, names, moments."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, tzinfo

# Receipts of other vendors are none of the adapter's.
VENDOR = "InvoiceCloud"


def guid_of(text: str) -> str:
    """Return a GUID in lower case with dashes; another text in lower case."""
    try:
        return str(uuid.UUID(text.strip().strip("()")))
    except ValueError:
        return text.strip().lower()


def is_vendor(text: str) -> bool:
    """Tell whether a receipt's vendor is Invoice Cloud in any spelling, such as INVOICE CLOUD."""
    return _letters(text) == _letters(VENDOR)


def name_of(text: str) -> str:
    """Return a name without the blanks that count for nothing."""
    return " ".join(text.split())


def kind_of(text: str) -> str:
    """Return how a payer paid, whatever the capitals and blanks (A3)."""
    return _letters(text)


def moment_of(text: str, zone: tzinfo) -> datetime | None:
    """Return the whole second (UTC) that a text tells; one without an offset is in the zone."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        return None
    return whole_second(told if told.tzinfo else told.replace(tzinfo=zone))


def whole_second(moment: datetime) -> datetime:
    """Return the second of a moment (UTC): the wire tells no more."""
    return moment.astimezone(UTC).replace(microsecond=0)


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
