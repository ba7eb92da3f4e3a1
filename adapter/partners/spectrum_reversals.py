"""Spectrum's inbox of reversals (decision 0018), over HTTP and as files in a folder."""

from __future__ import annotations

import json
import os
from http import HTTPStatus
from pathlib import Path
from typing import Any

from adapter.domain.ach_return import AchReturn, ReversalTaken
from adapter.domain.money import money_text
from adapter.errors import ConfigurationError, RejectedError
from adapter.partners.http import Call, UnreadableAnswerError
from adapter.partners.json_rows import read_json
from adapter.partners.spectrum import RECEIPT_REFUSALS, SpectrumClient
from adapter.partners.spectrum_rows import utc_text
from adapter.redaction import redacted_excerpt

OPERATION = "ReceiveReversal"
INBOX, DONE, REFUSED = "inbox", "done", "refused"
REASON_BYTES_MAX = 2000
RECEIPT_ID_CHARACTERS_MAX = 100
# A conflict is the inbox's own word for a receipt that another reversal took back (0018).
REVERSAL_REFUSALS = RECEIPT_REFUSALS | {HTTPStatus.CONFLICT}


class HttpReversals:
    """The inbox over HTTP, opened with a client's token; `location` is the extract's base URL."""

    def __init__(
        self, client: SpectrumClient, location: str, *, settings: str = "Spectrum's feed"
    ) -> None:
        self._client = client
        self._url = f"{location.rstrip('/')}/reversals"
        self._settings = settings

    def reverse(self, ach_return: AchReturn) -> ReversalTaken:
        """Have a receipt taken back."""
        call = Call(
            operation=OPERATION,
            method="POST",
            url=self._url,
            headers={"Content-Type": "application/json"},
            content=reversal_json(ach_return),
            repeatable=False,
            refusals=REVERSAL_REFUSALS,
            settings=self._settings,
        )
        answer = self._client.send(call)
        try:
            receipt_id = _receipt_id(read_json(answer.content), ach_return)
        except UnreadableAnswerError as error:
            why = f"the answer does not say that it was taken ({error})"
            raise self._client.http.distrust(
                call, why, status=answer.status, content=answer.content
            ) from None
        return ReversalTaken(receipt_id=receipt_id)

    def outcome(self, ach_return: AchReturn) -> None:
        """Tell nothing: what became of a lost answer, only Spectrum's book shows."""


class FolderReversals:
    """The inbox as a folder below the feed's: a file appears whole, and durable, or not at all."""

    def __init__(self, folder: str | Path, *, settings: str = "Spectrum's feed") -> None:
        self._inbox = Path(folder) / INBOX
        self._settings = settings

    def reverse(self, ach_return: AchReturn) -> ReversalTaken:
        """Hand a file over; the same reversal again is the same file."""
        name = _file_name(ach_return)
        part = self._inbox / f"{name}.part"
        try:
            self._inbox.mkdir(exist_ok=True)
            with part.open("wb") as file:
                file.write(reversal_json(ach_return))
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._inbox / name)
            _sync(self._inbox)
        except OSError as error:
            raise ConfigurationError(
                f"{self._settings}: no reversal can be written to {self._inbox} "
                f"({error.strerror}). Give a folder that the adapter may write to"
            ) from None
        return ReversalTaken(is_read=False)

    def outcome(self, ach_return: AchReturn) -> ReversalTaken | None:
        """Tell whether Spectrum has read the file; RejectedError where it says no.

        A file that is nowhere proves nothing. One that waits goes before what became of an
        earlier one of its name.
        """
        name = _file_name(ach_return)
        try:
            self._inbox.mkdir(exist_ok=True)
            if (self._inbox / name).exists():
                return ReversalTaken(is_read=False)
            if (self._inbox / DONE / name).exists():
                return ReversalTaken()
            if not (self._inbox / REFUSED / name).exists():
                return None
            why = self._why_refused(name)
        except OSError as error:
            raise ConfigurationError(
                f"{self._settings}: {self._inbox} cannot be read ({error.strerror}). "
                "Give a folder that the adapter may read"
            ) from None
        told = f"{INBOX}/{REFUSED}/{name}: {why}"
        raise RejectedError(told, partner="spectrum", operation=OPERATION)

    def _why_refused(self, name: str) -> str:
        path = (self._inbox / REFUSED / name).with_suffix(".reason.txt")
        if not path.exists():
            return "Spectrum gives no reason"
        with path.open("rb") as file:
            return redacted_excerpt(file.read(REASON_BYTES_MAX).decode("utf-8", "replace").strip())


def _file_name(ach_return: AchReturn) -> str:
    return f"reversal-{ach_return.reversal_id.replace(':', '-')}.json"


def reversal_json(ach_return: AchReturn) -> bytes:
    """Write a reversal in the inbox's words."""
    return json.dumps(
        {
            "reversal_id": ach_return.reversal_id,
            "reference_number": ach_return.payment_guid,
            "invoice_number": ach_return.invoice_number,
            "policy_number": ach_return.account_number,
            "amount": money_text(ach_return.amount),
            "reason_code": ach_return.code,
            "reason": ach_return.reason,
            "returned_at": utc_text(ach_return.returned_at),
        }
    ).encode()


def _receipt_id(document: Any, ach_return: AchReturn) -> str:
    if not isinstance(document, dict):
        raise UnreadableAnswerError("it is no object")
    told = document.get("reversal_id")
    if told != ach_return.reversal_id:
        raise UnreadableAnswerError(f"its reversal_id is {redacted_excerpt(str(told))}")
    receipt_id = document.get("receipt_id")
    if not isinstance(receipt_id, str) or not 0 < len(receipt_id) <= RECEIPT_ID_CHARACTERS_MAX:
        raise UnreadableAnswerError("its receipt_id is no text of a receipt's length")
    return receipt_id


def _sync(folder: Path) -> None:
    """Make a renamed file durable; without it a power cut could undo the renaming."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
