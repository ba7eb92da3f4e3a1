"""What each SOAP operation answers: a DataSet, or an upload's typed result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

from sandbox.fakes.invoice_cloud.dataset import DataSet
from sandbox.fakes.invoice_cloud.reports import (
    AUTOPAY_REPORT,
    PAPERLESS_REPORT,
    PAYMENT_REPORT,
    REJECT_REPORT,
    SETTLEMENT_REPORT,
    autopay_report,
    paperless_report,
    payment_report,
    reject_report,
    settlement_report,
)
from sandbox.fakes.invoice_cloud.uploads import UploadResult, receive_file
from sandbox.world.billers import Biller
from sandbox.world.journal import Entry
from sandbox.world.world import World

BAD_KEY = "The BillerGUID or the WebServiceKey is not valid."
UPLOAD = "UploadInvoiceFile"


@dataclass(kw_only=True)
class SoapCall:
    """What an operation needs of its request, and the DataSet that it answers with, if any.

    `biller` is None for a bad key; `file` is what an upload carried.
    """

    world: World
    biller: Biller | None
    entry: Entry
    file: IO[bytes] | None = None
    data_set: DataSet | None = None


# Each with what one row of it is, as the journal counts them.
REPORTS: dict[str, tuple[Callable[..., DataSet], str]] = {
    PAYMENT_REPORT: (payment_report, "payment reported"),
    REJECT_REPORT: (reject_report, "reject reported"),
    SETTLEMENT_REPORT: (settlement_report, "settled transaction reported"),
    AUTOPAY_REPORT: (autopay_report, "account on AutoPay reported"),
    PAPERLESS_REPORT: (paperless_report, "paperless account reported"),
}


def answer(call: SoapCall, operation: str, arguments: tuple[Any, ...]) -> DataSet | UploadResult:
    """Act on a call, given what stands behind its keys in the contract's order.

    The call's entry in the journal says what came of it.
    """
    if operation.startswith(UPLOAD):
        name, _ = arguments
        return _upload(call, name or "")
    if call.biller is None:
        raise PermissionError(BAD_KEY)
    report, counted = REPORTS[operation]
    call.data_set = report(call.world, call.biller, *arguments)
    count = len(call.data_set.rows)
    call.entry.outcome = f"{count:,} {_plural(counted, count)}"
    return call.data_set


def _plural(words: str, count: int) -> str:
    """Return the plural of what is counted: its last noun stands before `on` or `reported`."""
    if count == 1:
        return words
    return words.replace(" on ", "s on ") if " on " in words else words.replace(" rep", "s rep")


def _upload(call: SoapCall, name: str) -> UploadResult:
    result = (
        UploadResult(success=False, error_message=BAD_KEY, outcome="refused: bad key")
        if call.biller is None
        else receive_file(call.world, call.biller, name, call.file or b"")
    )
    call.entry.outcome = result.outcome
    call.entry.response = {"Success": result.success, "Message": result.message}
    return result
