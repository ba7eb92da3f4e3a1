"""An invoice file on its way to Invoice Cloud: what is sent, and what comes of it (C1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum


class UploadState(Enum):
    """Where an invoice file stands."""

    SENDING = "sending"  # kept on disk before the request leaves
    ACCEPTED = "accepted"  # Invoice Cloud has it: its invoices are billed
    REFUSED = "refused"  # Invoice Cloud said no: a person has to look
    FAILED = "failed"  # surely not received: its invoices are in the next file
    IN_DOUBT = "in_doubt"  # the answer was lost: the same bytes are sent again


@dataclass(frozen=True, kw_only=True)
class InvoiceFile:
    """A file that is ready to be sent; `as_of` (UTC) is when Spectrum's figures were told.

    `fingerprints` identifies the content of each invoice in it, by invoice number; `rows` is that
    content as JSON.
    """

    biller: str
    reference: str
    content: bytes
    invoice_count: int
    total: Decimal
    as_of: datetime
    fingerprints: Mapping[str, str]
    rows: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Upload:
    """One row of the list of invoice files; `reference` is the ThirdPartyFileReference.

    `allowed_for` is the money under way, in dollars, that an accepted file billed less, by invoice
    (decision 0036).
    """

    id: int
    biller: str
    reference: str
    state: UploadState
    invoice_count: int
    total: Decimal
    as_of: datetime
    created_at: datetime
    sent_at: datetime
    answered_at: datetime | None
    tries: int
    file_name: str
    file_guid: str
    message: str
    allowed_for: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class UploadAnswer:
    """What Invoice Cloud said of a BIF; a refusal carries its reason in `message`."""

    accepted: bool
    file_name: str
    file_guid: str
    message: str
