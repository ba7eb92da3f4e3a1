"""Invoice Cloud's web services: uploading invoice files (C1) and reading payment reports (C2).

Talking is `InvoiceCloudClient`; mapping is the function below it and, for the report's rows,
invoice_cloud_report.py. Invoice Cloud's names are assumed (decision 0004).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import structlog

from adapter.domain.payment import Payment
from adapter.domain.upload import UploadAnswer
from adapter.domain.window import GmtWindow
from adapter.errors import BadInputError, ConfigurationError, RejectedError
from adapter.partners.dataset import DataSetReader
from adapter.partners.http import Call, PartnerHttp, UnreadableAnswerError
from adapter.partners.invoice_cloud_report import (
    COLUMNS,
    IGNORED_COLUMNS,
    RefusedRows,
    payment_of,
    truth_of,
)
from adapter.partners.redaction import redacted_excerpt
from adapter.partners.soap_answer import (
    SoapFaultError,
    fault_error,
    read_result,
)
from adapter.settings import BillerSettings

UPLOAD_SERVICE = "InvoiceFileUploadSOAP"
REPORT_SERVICE = "PaymentReportingSOAP"
REPORT_OPERATION = "PaymentReportingDataSetFromGMT"
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
    """One biller's way to Invoice Cloud: the upload port and the payment report port."""

    def __init__(
        self, http: PartnerHttp, settings: BillerSettings, *, base64_upload: bool = False
    ) -> None:
        """Upload as text, or as bytes by the base64 operation where `base64_upload` says so."""
        self._http = http
        self._settings = settings
        self._base64_upload = base64_upload
        self._columns = {**COLUMNS, **settings.columns}
        self._reported: frozenset[str] = frozenset()

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
        answer = self._http.send(call)
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
        call = self._call(
            REPORT_SERVICE,
            REPORT_OPERATION,
            {"StartDateGMT": window.start_gmt, "EndDateGMT": window.end_gmt},
            answer_bytes_max=REPORT_BYTES_MAX,
            seconds_max=REPORT_SECONDS_MAX,
        )
        reader = DataSetReader({*self._columns.values(), *IGNORED_COLUMNS})
        refused = RefusedRows()
        with self._http.stream(call) as answer:
            try:
                for row in reader.rows(answer.chunks):
                    try:
                        payment = payment_of(row, self._columns, biller=self._settings.slug)
                    except BadInputError as error:
                        refused.add(row, self._columns, error)
                        continue
                    yield payment
            except SoapFaultError as fault:
                raise fault_error(fault, self._http, call, status=answer.status) from None
            except UnreadableAnswerError as error:
                raise self._http.distrust(
                    call, str(error), status=answer.status, content=reader.beginning
                ) from None
        self._report_unknown(reader.unknown_columns)
        refused.raise_if_any()

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

    def _report_unknown(self, columns: set[str]) -> None:
        news = columns - self._reported
        if news:
            self._reported |= news
            _log.warning(
                "unknown columns in a report",
                partner=self._http.partner,
                operation=REPORT_OPERATION,
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
