"""Sends every invoice that changed since the last accepted file to Invoice Cloud (C1, E4)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog

from adapter.bif.rows import RefusedInvoice
from adapter.context import JobContext
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.invoice import BifProfile, Invoice, InvoiceExtract
from adapter.domain.upload import Upload, UploadAnswer, UploadState
from adapter.errors import (
    AdapterError,
    ConfigurationError,
    LedgerError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.jobs.invoice_files import FileMaker, Written
from adapter.jobs.polling import Poll
from adapter.jobs.report import JobReport
from adapter.kinds.under_way import bills_of
from adapter.ports import BillerPorts

JOB = "send_invoices"
# Under this name stands which answers of the questionnaire the bills were sent with (E5).
EDITION_MARK = "send_invoices edition"
REFERENCE_PREFIX = "BIF"
NO_CHANGE = "no change, no file"
# A payment that becomes known later than this after it was made corrects no bill by itself.
CORRECTED_WITHIN = timedelta(hours=26)

_log = structlog.get_logger(__name__)


class UploadRefusedError(AdapterError):
    """Invoice Cloud refused an invoice file."""


def run_once(biller: str, work: JobContext, *, full: bool = False, job: str = JOB) -> JobReport:
    """Send what changed, or with `full` every invoice; raises LedgerError and nothing else.

    A file whose answer was lost is sent again first, the same bytes under the same reference:
    its R records make that harmless. What is too large for one file goes in parts: a lost answer
    ends the run, a refusal only holds back its own part. The cursor moves when all that it tells
    was accepted. Other answers in the questionnaire send every bill anew. What is under way is
    not billed (decision 0036).
    """
    return _Run(biller, work, full=full).run(job)


class _Run(Poll):
    """One run for one biller."""

    def __init__(self, biller: str, work: JobContext, *, full: bool) -> None:
        super().__init__(biller, work)
        self._full = full
        self._uploads = work.ledger.uploads
        self._newest = 0

    def _poll(self, ports: BillerPorts) -> None:
        self._newest = self._uploads.newest(self._biller)
        waiting = self._uploads.unsettled(self._biller)
        if any(self._is_under_way(upload) for upload in waiting):
            self._note = "another run is sending a file; left to it"
            return
        for upload in waiting:
            self._settle(ports, upload)
        marks = self._ledger.watermarks
        edition = marks.get(self._biller, EDITION_MARK) or ""
        anew = self._full or edition != ports.bif_profile.questionnaire.edition()
        cursor = None if anew else marks.get(self._biller, JOB)
        self._send_changed(ports, ports.invoice_feed.invoices_since(cursor))

    def _settle(self, ports: BillerPorts, upload: Upload) -> None:
        """Send a file again whose answer was lost, unless the receiver takes less by now."""
        again, content = self._uploads.send_again(upload, now=self._now())
        receiver = ports.invoice_upload
        if receiver.request_bytes(content) > receiver.request_bytes_max:
            message = "larger than bif.receiver_bytes_max is now; its invoices come in other files"
            now = self._now()
            self._uploads.record_failed(again, UploadState.FAILED, message, now=now)
            return
        self._counts["sent_again"] += 1
        self._send(ports, again, content, mark=None)

    def _is_under_way(self, upload: Upload) -> bool:
        """Tell a file that somebody may be sending right now from one that nobody came back to."""
        lease = timedelta(seconds=self._work.rules.lease_seconds)
        fresh = self._now() < upload.sent_at + lease
        return upload.state is UploadState.SENDING and fresh

    def _send_changed(self, ports: BillerPorts, extract: InvoiceExtract) -> None:
        profile = ports.bif_profile
        bills = self._bills(ports, extract)
        billed = {} if self._full else self._uploads.billed(self._biller, bills)
        changed = [
            invoice
            for number, invoice in bills.items()
            if billed.get(number) != profile.fingerprint(invoice)
        ]
        self._counts.update(told=len(extract.invoices), changed=len(changed))
        sent = {invoice.invoice_number for invoice in changed}
        self._ledger.under_way.let_go(self._biller, bills.keys() - sent)
        now = self._now()
        maker = FileMaker(
            biller=self._biller,
            profile=profile,
            now=now,
            as_of=extract.as_of,
            receiver=ports.invoice_upload,
        )
        refusal: AdapterError | None = None
        for written, is_last in maker.files(changed, self._references(now)):
            mark = (JOB, extract.cursor) if is_last and refusal is None else None
            try:
                self._send_part(ports, written, mark)
            except (UploadRefusedError, RejectedError) as error:
                # The other parts hold other invoices: they need not wait for a person.
                refusal = refusal or error
        if refusal is not None:
            raise refusal
        if not self._counts["files"]:
            self._note = NO_CHANGE
        self._conclude(extract.cursor, profile)

    def _bills(self, ports: BillerPorts, extract: InvoiceExtract) -> dict[str, Invoice]:
        """Return what is billed now, by number, and keep what is held back (decision 0036).

        Besides the extract: what was held back, and what money alone makes another bill.
        """
        book, now = self._ledger.under_way, self._now()
        kept = book.kept(self._biller)
        for number, reason in kept.unreadable.items():
            self._refuse_invoice(
                number,
                f"what was kept of invoice {number} cannot be read ({reason}): it is billed when "
                "Spectrum tells it anew, or by `adapter run send_invoices --full`",
            )
        invoices = {**kept.billed, **kept.held}
        invoices |= {invoice.invoice_number: invoice for invoice in extract.invoices}
        bills = bills_of(
            self._ledger,
            self._biller,
            invoices,
            ports,
            as_of=extract.as_of,
            now=now,
            corrected=book.to_correct(self._biller, paid_since=now - CORRECTED_WITHIN),
        )
        held = [invoices[number] for number, bill in bills.items() if bill is None]
        self._counts["held_back"] = len(held)
        book.hold_back(self._biller, held, now=now)
        return {number: bill for number, bill in bills.items() if bill is not None}

    def _send_part(
        self, ports: BillerPorts, written: Written, mark: tuple[str, str] | None
    ) -> None:
        self._report_refused(written.refused)
        if written.file is None:
            return
        now = self._now()
        upload = self._uploads.begin(written.file, now=now, after=self._newest)
        self._newest = upload.id
        self._send(ports, upload, written.file.content, mark=mark)

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
        now = self._now()
        self._uploads.record_accepted(upload, answer, now=now, mark=mark)
        self._counts["files"] += 1
        self._counts["invoices"] += upload.invoice_count

    def _refuse(self, upload: Upload, message: str) -> None:
        now = self._now()
        self._uploads.record_failed(upload, UploadState.REFUSED, message, now=now)
        self._ledger.exceptions.open(
            self._biller,
            ExceptionKind.UPLOAD_REFUSED,
            f"Invoice Cloud refused file {upload.reference}: {message}",
            now=now,
            again=True,
        )

    def _record(self, upload: Upload, state: UploadState, error: Exception) -> None:
        words = str(error) if isinstance(error, AdapterError) else type(error).__name__
        self._uploads.record_failed(upload, state, words, now=self._now())

    def _report_refused(self, refused: tuple[RefusedInvoice, ...]) -> None:
        self._counts["refused"] += len(refused)
        for invoice in refused:
            self._refuse_invoice(invoice.invoice_number, str(invoice))

    def _refuse_invoice(self, number: str, words: str) -> None:
        """Ask a person; the invoice waits for nothing any more."""
        self._ledger.under_way.let_go(self._biller, [number])
        self._ledger.exceptions.open(
            self._biller,
            ExceptionKind.INVOICE_REFUSED,
            words,
            now=self._now(),
            invoice_number=number,
            again=True,
        )

    def _conclude(self, cursor: str, profile: BifProfile) -> None:
        """Everything up to the cursor is billed, or an exception: nothing refused stands open."""
        now = self._now()
        marks = self._ledger.watermarks
        edition = profile.questionnaire.edition()
        # That the mark moves, be it to where it was, is how alarms know of a run's end.
        marks.move(self._biller, JOB, cursor, now=now)
        if (marks.get(self._biller, EDITION_MARK) or "") != edition:
            marks.move(self._biller, EDITION_MARK, edition, now=now)
        self._ledger.exceptions.settle(
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
            if not self._uploads.is_known(self._biller, reference):
                yield reference
