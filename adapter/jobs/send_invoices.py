"""Sends every invoice that changed since the last accepted file to Invoice Cloud (C1, E4)."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog

from adapter.bif.rows import RefusedInvoice
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.invoice import InvoiceExtract
from adapter.domain.upload import Upload, UploadAnswer, UploadState
from adapter.errors import (
    AdapterError,
    ConfigurationError,
    LeaseLostError,
    LedgerError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.jobs.invoice_files import FILE_BYTES_MAX, FILE_INVOICES_MAX, FileMaker
from adapter.jobs.workbench import JobReport, Workbench
from adapter.ports import BillerPorts

JOB = "send_invoices"
REFERENCE_PREFIX = "BIF"
NO_CHANGE = "no change, no file"

_log = structlog.get_logger(__name__)


class UploadRefusedError(AdapterError):
    """Invoice Cloud refused an invoice file."""


def run_once(biller: str, work: Workbench, *, full: bool = False) -> JobReport:
    """Send what changed, or with `full` every invoice; raises LedgerError and nothing else.

    A file whose answer was lost is sent again first, the same bytes under the same reference:
    its R records make that harmless. The cursor moves when all that it tells was accepted.
    """
    run = _Run(biller, work)
    failure: AdapterError | None = None
    try:
        run.everything(work.billers.ports(biller), full=full)
    except LeaseLostError as error:
        failure = error
    except LedgerError:
        raise
    except AdapterError as error:
        failure = error
    return JobReport(job=JOB, biller=biller, counts=+run.counts, note=run.note, failure=failure)


class _Run:
    """One run for one biller."""

    def __init__(self, biller: str, work: Workbench) -> None:
        self._biller = biller
        self._work = work
        self._ledger = work.ledger.uploads
        self.counts: Counter[str] = Counter()
        self.note = ""

    def everything(self, ports: BillerPorts, *, full: bool) -> None:
        waiting = self._ledger.unsettled(self._biller)
        if any(self._is_under_way(upload) for upload in waiting):
            self.note = "another run is sending a file; left to it"
            return
        for upload in waiting:
            again, content = self._ledger.send_again(upload, now=self._work.clock.now())
            self.counts["sent_again"] += 1
            self._send(ports, again, content, mark=None)
        cursor = None if full else self._work.ledger.watermarks.get(self._biller, JOB)
        self._send_changed(ports, ports.invoice_feed.invoices_since(cursor), full=full)

    def _is_under_way(self, upload: Upload) -> bool:
        """Tell a file that somebody may be sending right now from one that nobody came back to."""
        lease = timedelta(seconds=self._work.rules.lease_seconds)
        fresh = self._work.clock.now() < upload.sent_at + lease
        return upload.state is UploadState.SENDING and fresh

    def _send_changed(self, ports: BillerPorts, extract: InvoiceExtract, *, full: bool) -> None:
        told = {invoice.invoice_number: invoice for invoice in extract.invoices}
        billed = {} if full else self._ledger.billed(self._biller, told)
        changed = [
            invoice
            for number, invoice in told.items()
            if billed.get(number) != invoice.fingerprint()
        ]
        self.counts.update(told=len(told), changed=len(changed))
        now = self._work.clock.now()
        maker = FileMaker(
            biller=self._biller,
            profile=ports.bif_profile,
            now=now,
            as_of=extract.as_of,
            file_bytes_max=FILE_BYTES_MAX,
            file_invoices_max=FILE_INVOICES_MAX,
        )
        for written, is_last in maker.files(changed, self._references(now)):
            self._report_refused(written.refused)
            if written.file is None:
                continue
            upload = self._ledger.begin(written.file, now=self._work.clock.now())
            mark = (JOB, extract.cursor) if is_last else None
            self._send(ports, upload, written.file.content, mark=mark)
        if not self.counts["files"]:
            self.note = NO_CHANGE
        self._conclude(extract.cursor)

    def _send(
        self,
        ports: BillerPorts,
        upload: Upload,
        content: bytes,
        *,
        mark: tuple[str, str] | None,
    ) -> None:
        """Send one file and record what came of it; whatever is no acceptance is raised."""
        try:
            answer = ports.invoice_upload.upload(
                file_name=f"{upload.reference}.BIF", content=content
            )
        except (RetryableError, ConfigurationError) as error:
            # This try surely failed; of an earlier one nobody knows.
            state = UploadState.FAILED if upload.tries == 1 else UploadState.IN_DOUBT
            self._record(upload, state, error)
            raise
        except RejectedError as error:
            self._refuse(upload, str(error))
            raise
        except LedgerError:
            raise
        except Exception as error:  # whatever it was: the file may have arrived
            self._record(upload, UploadState.IN_DOUBT, error)
            if isinstance(error, AdapterError):
                raise
            _log.error("an upload met an unforeseen error", exc_info=error, biller=self._biller)
            raise OutcomeUnknownError(
                f"unforeseen {type(error).__name__}", partner="invoice_cloud", operation="upload"
            ) from error
        self._take(upload, answer, mark)

    def _take(self, upload: Upload, answer: UploadAnswer, mark: tuple[str, str] | None) -> None:
        if not answer.accepted:
            self._refuse(upload, answer.message)
            raise UploadRefusedError(
                f"Invoice Cloud refused file {upload.reference}: {answer.message}"
            )
        now = self._work.clock.now()
        self._ledger.record_accepted(upload, answer, now=now, mark=mark)
        self.counts["files"] += 1
        self.counts["invoices"] += upload.invoice_count

    def _refuse(self, upload: Upload, message: str) -> None:
        now = self._work.clock.now()
        self._ledger.record_failed(upload, UploadState.REFUSED, message, now=now)
        self._work.ledger.exceptions.open(
            self._biller,
            ExceptionKind.UPLOAD_REFUSED,
            f"Invoice Cloud refused file {upload.reference}: {message}",
            now=now,
            again=True,
        )

    def _record(self, upload: Upload, state: UploadState, error: Exception) -> None:
        words = str(error) if isinstance(error, AdapterError) else type(error).__name__
        self._ledger.record_failed(upload, state, words, now=self._work.clock.now())

    def _report_refused(self, refused: tuple[RefusedInvoice, ...]) -> None:
        self.counts["refused"] += len(refused)
        for invoice in refused:
            self._work.ledger.exceptions.open(
                self._biller,
                ExceptionKind.INVOICE_REFUSED,
                str(invoice),
                now=self._work.clock.now(),
                invoice_number=invoice.invoice_number,
                again=True,
            )

    def _conclude(self, cursor: str) -> None:
        """Everything up to the cursor is billed, or an exception: nothing refused stands open."""
        now = self._work.clock.now()
        if self._work.ledger.watermarks.get(self._biller, JOB) != cursor:
            self._work.ledger.watermarks.move(self._biller, JOB, cursor, now=now)
        self._work.ledger.exceptions.settle(
            self._biller,
            ExceptionKind.UPLOAD_REFUSED,
            now=now,
            resolution="a later file with the same invoices was accepted",
        )

    def _references(self, now: datetime) -> Iterator[str]:
        """Yield references that this biller has not used: the second, numbered from the second."""
        first = f"{REFERENCE_PREFIX}{now:%Y%m%d%H%M%S}"
        numbered = (f"{first}-{number}" for number in itertools.count(2))
        for reference in itertools.chain([first], numbered):
            if not self._ledger.is_known(self._biller, reference):
                yield reference
