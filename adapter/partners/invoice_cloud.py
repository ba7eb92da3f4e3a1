"""Invoice Cloud's web services: uploading invoice files (C1) and reading reports (C2 to C5).

Talking is `InvoiceCloudClient`; mapping is the function below it and, for the reports' rows,
`invoice_cloud_reports.py`. Invoice Cloud's names are assumed (decision 0004).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from http import HTTPStatus
from typing import Any

import structlog

from adapter.clock import GmtWindow
from adapter.domain.ach_return import AchReturn
from adapter.domain.enrollment import EnrolledAccount, EnrollmentKind
from adapter.domain.payment import Payment
from adapter.domain.settlement import SettledRow
from adapter.domain.upload import UploadAnswer
from adapter.errors import BadInputError, ConfigurationError, RejectedError
from adapter.partners.http import Call, PartnerHttp, UnreadableAnswerError
from adapter.partners.invoice_cloud_reports import (
    CUSTOMERS,
    PAYMENTS,
    REJECTS,
    SETTLED_BATCHES,
    Read,
    Report,
    settlement_day,
    truth_of,
)
from adapter.partners.soap_answers import (
    DataSetReader,
    SoapFaultError,
    fault_error,
    read_result,
)
from adapter.redaction import redacted_excerpt
from adapter.settings import BillerSettings

UPLOAD_SERVICE = "InvoiceFileUploadSOAP"
# What is around a file: the envelope, both keys and the file's name take some 700 bytes.
ENVELOPE_BYTES_MAX = 2048
# By how much XML lengthens each of these in a text.
_ESCAPED = {b"&": len("&amp;") - 1, b"<": len("&lt;") - 1, b">": len("&gt;") - 1}
# A payment takes about 700 bytes: room for 350,000 of them in one window.
REPORT_BYTES_MAX = 256 * 1024 * 1024
REPORT_SECONDS_MAX = 600.0
# An address without such a service, or one that takes no POST, is a wrong address.
_WRONG_ADDRESS = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.GONE,
    }
)
# A refused file speaks of its fields, a refused caller of the key that no file holds.
_SPEAKS_OF_KEY = re.compile(r"web ?service ?key", re.IGNORECASE)

_log = structlog.get_logger(__name__)


class InvoiceCloudClient:
    """One biller's way to Invoice Cloud: the upload port and the ports of its reports."""

    def __init__(
        self, http: PartnerHttp, settings: BillerSettings, *, base64_upload: bool = False
    ) -> None:
        """Upload as text, or as bytes by the base64 operation where `base64_upload` says so."""
        self._http = http
        self._settings = settings
        self._base64_upload = base64_upload
        self._payment_columns = {**PAYMENTS.columns, **settings.columns}
        self._reported: frozenset[tuple[str, str]] = frozenset()

    @property
    def request_bytes_max(self) -> int:
        return self._settings.bif.receiver_bytes_max

    def request_bytes(self, content: bytes) -> int:
        """Tell how large a request is at most: base64 adds a third, text its escapes."""
        if self._base64_upload:
            return ENVELOPE_BYTES_MAX + 4 * -(-len(content) // 3)
        escapes = sum(content.count(mark) * more for mark, more in _ESCAPED.items())
        return ENVELOPE_BYTES_MAX + len(content) + escapes

    def upload(self, *, file_name: str, content: bytes) -> UploadAnswer:
        """Send one BIF, once. A refused file is an answer; refused credentials are an error.

        What cannot be written as XML is refused before it is sent.
        """
        operation = "UploadInvoiceFileBase64" if self._base64_upload else "UploadInvoiceFile"
        try:
            file = content if self._base64_upload else _text(content)
            parameters = {"FileName": file_name, "InvoiceFile": file}
            call = self._call(UPLOAD_SERVICE, operation, parameters, repeatable=False)
        except BadInputError as error:
            partner = self._http.partner
            raise RejectedError(str(error), partner=partner, operation=operation) from None
        try:
            answer = self._http.send(call)
        except RejectedError as error:
            if error.status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                raise
            raise self._too_large(operation, len(call.content or b"")) from error
        try:
            result = read_result(answer.content, f"{operation}Result")
            uploaded = upload_answer(result)
        except SoapFaultError as fault:
            raise fault_error(fault, self._http, call, status=answer.status) from None
        except UnreadableAnswerError as error:
            raise self._http.distrust(
                call, str(error), status=answer.status, content=answer.content
            ) from None
        if not uploaded.accepted and _SPEAKS_OF_KEY.search(uploaded.message):
            told = redacted_excerpt(uploaded.message, secrets=call.secrets)
            raise ConfigurationError(f"{call.settings}: invoice_cloud {operation} says: {told}")
        return uploaded

    def payments(self, window: GmtWindow) -> Iterator[Payment]:
        """Yield the window's payments while they arrive.

        Whatever goes wrong is raised after the rows before it were yielded. A row that cannot
        be mapped holds up no other: one BadInputError lists all of them after the last row.
        """
        yield from self._read(PAYMENTS, _gmt(window), columns=self._payment_columns)

    def enrolled(self, kind: EnrollmentKind) -> Iterator[EnrolledAccount]:
        """Yield every account that is enrolled now, with the same rules as `payments`."""
        yield from self._read(CUSTOMERS[kind], {})

    def rejects(self, window: GmtWindow) -> Iterator[AchReturn]:
        """Yield the window's ACH rejects, with the same rules as `payments`."""
        yield from self._read(REJECTS, _gmt(window))

    def day_of(self, moment: datetime) -> date:
        return settlement_day(moment)

    def settled(self, day: date) -> Iterator[SettledRow]:
        """Yield the rows of a day's settled batches, with the same rules as `payments`."""
        # Naive, as .NET writes a day; an offset could be moved to the day before.
        midnight = datetime.combine(day, time())
        yield from self._read(SETTLED_BATCHES, {"SettlementDate": midnight})

    def _read(
        self,
        report: Report[Read],
        parameters: Mapping[str, Any],
        *,
        columns: Mapping[str, str] | None = None,
    ) -> Iterator[Read]:
        columns = columns or report.columns
        call = self._call(
            report.service,
            report.operation,
            parameters,
            answer_bytes_max=REPORT_BYTES_MAX,
            seconds_max=REPORT_SECONDS_MAX,
        )
        rows = self._rows(call, {*columns.values(), *report.ignored})
        yield from report.read(rows, columns, biller=self._settings.slug)

    def _rows(self, call: Call, known_columns: set[str]) -> Iterator[dict[str, str]]:
        """Yield a report's rows while they arrive, and tell the log of columns nobody knows."""
        reader = DataSetReader(known_columns)
        with self._http.stream(call) as answer:
            try:
                yield from reader.rows(answer.chunks)
            except SoapFaultError as fault:
                raise fault_error(fault, self._http, call, status=answer.status) from None
            except UnreadableAnswerError as error:
                raise self._http.distrust(
                    call, str(error), status=answer.status, content=reader.beginning
                ) from None
        self._report_unknown(call.operation, reader.unknown_columns)

    def _call(
        self, service: str, operation: str, parameters: Mapping[str, Any], **bounds: Any
    ) -> Call:
        from adapter.partners.soap import build_request  # zeep, not before the first call

        settings = self._settings
        request = build_request(
            service,
            operation,
            {
                "BillerGUID": settings.biller_guid,
                "WebServiceKey": settings.web_service_key,
                **parameters,
            },
            base_url=settings.web_services_url,
        )
        return Call(
            operation=operation,
            method="POST",
            url=request.url,
            headers=request.headers,
            content=request.content,
            settings=(
                f"billers.{settings.slug}: biller_guid, web_service_key "
                "or invoice_cloud.web_services_url"
            ),
            blames_settings=_WRONG_ADDRESS,
            handled=frozenset({HTTPStatus.INTERNAL_SERVER_ERROR}),
            secrets=(settings.web_service_key,),
            **bounds,
        )

    def _too_large(self, operation: str, size: int) -> RejectedError:
        setting = f"billers.{self._settings.slug}.bif.receiver_bytes_max"
        return RejectedError(
            f"it takes no request of {size:,} bytes: {setting} must be less",
            partner=self._http.partner,
            operation=operation,
            status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        )

    def _report_unknown(self, operation: str, columns: set[str]) -> None:
        news = {column for column in columns if (operation, column) not in self._reported}
        if news:
            self._reported |= {(operation, column) for column in news}
            _log.warning(
                "unknown columns in a report",
                partner=self._http.partner,
                operation=operation,
                biller=self._settings.slug,
                columns=sorted(news),
            )


def upload_answer(result: Mapping[str, str]) -> UploadAnswer:
    """Map the result of an upload; without a readable Success it says nothing."""
    success = truth_of(result.get("Success", ""))
    if success is None:
        raise UnreadableAnswerError("the result holds no Success")
    told, reason = result.get("Message", "").strip(), result.get("ErrorMessage", "").strip()
    return UploadAnswer(
        accepted=success,
        file_name=result.get("FileName", "").strip(),
        file_guid=result.get("FileGUID", "").strip(),
        message=(told or reason) if success else (reason or told),
    )


def _gmt(window: GmtWindow) -> Mapping[str, datetime]:
    return {"StartDateGMT": window.start_gmt, "EndDateGMT": window.end_gmt}


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInputError(
            field="InvoiceFile",
            value=f"byte {error.start}",
            rule="it must be UTF-8",
            remedy="Write the file anew",
        ) from None
