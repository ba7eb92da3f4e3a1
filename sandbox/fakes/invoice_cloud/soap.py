"""The SOAP services on Spyne, shaped as ASP.NET shapes them: the only file that imports Spyne."""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from lxml import etree

from sandbox.fakes.invoice_cloud.dataset import DataSet, append_data_set
from sandbox.fakes.invoice_cloud.envelope import (
    SOAP_11,
    UNPROCESSED,
    Environ,
    RefusedError,
    SoapRequest,
    SoapVersion,
    read_request,
    server_fault,
)
from sandbox.fakes.invoice_cloud.reports import PAYMENT_REPORT, payment_report
from sandbox.fakes.invoice_cloud.spyne_stand_ins import (
    forget_old_import_hook,
    make_spyne_importable,
)
from sandbox.fakes.invoice_cloud.uploads import UploadResult, receive_file
from sandbox.fakes.invoice_cloud.wsdl import (
    ROOT_PATH,
    find_service,
    namespace_of,
    operations_of,
    served_wsdl,
)
from sandbox.faults.effects import FaultStruck
from sandbox.world.billers import Biller
from sandbox.world.binding import caller, world_in
from sandbox.world.journal import Entry
from sandbox.world.world import World

make_spyne_importable()

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Spyne was written for Pythons long gone
    from spyne import (
        AnyXml,
        Application,
        Boolean,
        ByteArray,
        ComplexModel,
        DateTime,
        ServiceBase,
        Unicode,
        rpc,
    )
    from spyne.protocol.soap import Soap11, Soap12
    from spyne.server.wsgi import WsgiApplication

forget_old_import_hook()

PARTNER = "invoice_cloud"
CALL_KEY = "invoice_cloud.call"
BAD_KEY = "The BillerGUID or the WebServiceKey is not valid."
UPLOAD = "UploadInvoiceFile"
XML_DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>'
# Every envelope of ASP.NET declares these two, used or not.
PREFIXES = {
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsd": "http://www.w3.org/2001/XMLSchema",
}
# The journal is for reading, and a parameter may be as long as the whole request.
PARAMETER_SHOWN = 100
StartResponse = Callable[..., Any]


@dataclass(kw_only=True)
class SoapCall:
    """What an operation needs of its request, and the DataSet that it answers with, if any.

    `biller` is None for a bad key.
    """

    world: World
    biller: Biller | None
    entry: Entry
    data_set: DataSet | None = None


class _DataSetXml(AnyXml):  # type: ignore[misc]
    """A result whose element Spyne writes, and whose content stands in `SoapCall.data_set`."""


class _UploadResultXml(ComplexModel):  # type: ignore[misc]
    """The typed result of an upload, in the committed WSDL's order."""

    __type_name__ = "UploadResult"
    __namespace__ = namespace_of("InvoiceFileUploadSOAP")

    Success = Boolean(min_occurs=1)
    ErrorMessage = Unicode
    FileName = Unicode
    FileGUID = Unicode
    Message = Unicode


class InvoiceFileUploadService(ServiceBase):  # type: ignore[misc]
    """InvoiceFileUploadSOAP (C1)."""

    @rpc(
        Unicode,
        Unicode,
        Unicode,
        Unicode,
        _args=["BillerGUID", "WebServiceKey", "FileName", "InvoiceFile"],
        _in_message_name=UPLOAD,
        _out_message_name=f"{UPLOAD}Response",
        _out_variable_name=f"{UPLOAD}Result",
        _returns=_UploadResultXml,
    )
    def upload(ctx: Any, _guid: str, _key: str, name: str, content: str) -> _UploadResultXml:  # noqa: N805  # Spyne's own calling convention
        return _upload(ctx, name or "", (content or "").encode())

    @rpc(
        Unicode,
        Unicode,
        Unicode,
        ByteArray,
        _args=["BillerGUID", "WebServiceKey", "FileName", "InvoiceFile"],
        _in_message_name=f"{UPLOAD}Base64",
        _out_message_name=f"{UPLOAD}Base64Response",
        _out_variable_name=f"{UPLOAD}Base64Result",
        _returns=_UploadResultXml,
    )
    def upload_base64(
        ctx: Any,  # noqa: N805  # Spyne's own calling convention
        _guid: str,
        _key: str,
        name: str,
        content: Iterable[bytes],
    ) -> _UploadResultXml:
        return _upload(ctx, name or "", b"".join(content or ()))


class PaymentReportingService(ServiceBase):  # type: ignore[misc]
    """PaymentReportingSOAP (C2)."""

    @rpc(
        Unicode,
        Unicode,
        DateTime,
        DateTime,
        _args=["BillerGUID", "WebServiceKey", "StartDateGMT", "EndDateGMT"],
        _in_message_name=PAYMENT_REPORT,
        _out_message_name=f"{PAYMENT_REPORT}Response",
        _out_variable_name=f"{PAYMENT_REPORT}Result",
        _returns=_DataSetXml,
    )
    def report(ctx: Any, _guid: str, _key: str, start: datetime, end: datetime) -> DataSet:  # noqa: N805  # Spyne's own calling convention
        call = _call_of(ctx)
        if call.biller is None:
            raise PermissionError(BAD_KEY)
        told = payment_report(call.world, call.biller, _gmt(start), _gmt(end))
        call.entry.outcome = f"{len(told.rows):,} payments reported"
        call.data_set = told
        return told


_SERVICE_CLASSES = {
    "InvoiceFileUploadSOAP": InvoiceFileUploadService,
    "PaymentReportingSOAP": PaymentReportingService,
}


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Serve one request to an .asmx: its WSDL, its page, or one operation."""
    world = world_in(environ)
    service = find_service(environ["PATH_INFO"])
    if service is None:
        return _answer_text(start_response, "404 Not Found", "There is no such service.\n")
    if environ["REQUEST_METHOD"] in {"GET", "HEAD"}:
        return _show(environ, start_response, world, service)
    with world.journal.call(source=caller(environ), target=PARTNER, operation=service) as entry:
        try:
            return _serve(environ, start_response, world, service, entry)
        except RefusedError as refused:
            entry.status, entry.outcome = int(refused.status[:3]), refused.outcome
            start_response(refused.status, refused.headers)
            return [refused.body]
        except FaultStruck:
            entry.outcome = entry.outcome or "cut off before Invoice Cloud acted"
            raise


def _serve(
    environ: Environ, start_response: StartResponse, world: World, service: str, entry: Entry
) -> Iterable[bytes]:
    if environ["REQUEST_METHOD"] != "POST":
        method = environ["REQUEST_METHOD"]
        raise RefusedError("405 Method Not Allowed", f"{method} is not served", allow="GET, POST")
    request = read_request(environ, service, world.behaviours.upload_limit_bytes)
    entry.operation = UPLOAD if request.operation.startswith(UPLOAD) else request.operation
    entry.request = _shown(request)
    biller = _authenticated(world, request)
    if biller is not None:
        entry.tags["biller"] = biller.slug
    elif entry.operation != UPLOAD:
        raise server_fault(request.version, UNPROCESSED + BAD_KEY)
    facts = {"biller": biller.slug if biller else ""}
    world.faults.strike(PARTNER, entry.operation, "before", facts)
    environ = {
        **environ,
        "wsgi.input": io.BytesIO(request.content),
        "CONTENT_LENGTH": str(len(request.content)),
        "CONTENT_TYPE": request.version.media_type,
        CALL_KEY: SoapCall(world=world, biller=biller, entry=entry),
    }
    captured: list[Any] = []
    spyne = _spyne(service, request.version)
    answer = b"".join(spyne(environ, lambda *told: captured.append(told)))
    if not captured[0][0].startswith("200"):  # Spyne's own fault, which is not ASP.NET's
        raise server_fault(request.version, f"{UNPROCESSED}Internal error.")
    body = XML_DECLARATION + answer
    entry.status = 200
    world.faults.strike(PARTNER, entry.operation, "after", facts)
    headers = [("Content-Type", request.version.media_type), ("Content-Length", str(len(body)))]
    start_response(captured[0][0], headers)
    return [body]


def _upload(ctx: Any, name: str, content: bytes) -> _UploadResultXml:
    call = _call_of(ctx)
    result = (
        UploadResult(success=False, error_message=BAD_KEY, outcome="refused: bad key")
        if call.biller is None
        else receive_file(call.world, call.biller, name, content)
    )
    call.entry.outcome = result.outcome
    call.entry.response = {"Success": result.success, "Message": result.message}
    return _UploadResultXml(
        Success=result.success,
        ErrorMessage=result.error_message,
        FileName=result.file_name,
        FileGUID=result.file_guid,
        Message=result.message,
    )


def _call_of(ctx: Any) -> SoapCall:
    call = ctx.transport.req_env[CALL_KEY]
    if not isinstance(call, SoapCall):
        raise TypeError(f"{CALL_KEY} holds a {type(call).__name__}")
    return call


def _authenticated(world: World, request: SoapRequest) -> Biller | None:
    """Return the biller whose GUID and key the request bears, without regard to case."""
    guid = request.parameters.get("BillerGUID", "").strip().lower()
    key = request.parameters.get("WebServiceKey", "").strip().lower()
    for biller in world.billers:
        if (biller.biller_guid.lower(), biller.web_service_key.lower()) == (guid, key):
            return biller
    return None


def _shown(request: SoapRequest) -> dict[str, str]:
    """Return what the journal may show of a request: never the key, never a whole file."""
    told = {name: text[:PARAMETER_SHOWN] for name, text in request.parameters.items()}
    told.pop("WebServiceKey", None)
    if "InvoiceFile" in told:
        told["InvoiceFile"] = f"({len(request.parameters['InvoiceFile']):,} characters)"
    return {**told, "soap": request.version.name}


def _gmt(moment: datetime) -> datetime:
    """Read a moment without a zone as GMT, as the operation's name says."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _show(
    environ: Environ, start_response: StartResponse, world: World, service: str
) -> Iterable[bytes]:
    if environ.get("QUERY_STRING", "").lower() == "wsdl":
        content = served_wsdl(service, world.base_url)
        headers = [
            ("Content-Type", "text/xml; charset=utf-8"),
            ("Content-Length", str(len(content))),
        ]
        start_response("200 OK", headers)
        return [content] if environ["REQUEST_METHOD"] == "GET" else []
    operations = "\n".join(f"  {name}" for name in operations_of(service))
    address = f"{world.base_url}{ROOT_PATH}/{service}.asmx"
    text = (
        f"{service}\n\nThe following operations are supported:\n{operations}\n\n{address}?WSDL\n"
    )
    return _answer_text(start_response, "200 OK", text)


def _answer_text(start_response: StartResponse, status: str, text: str) -> Iterable[bytes]:
    content = text.encode()
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(content))),
    ]
    start_response(status, headers)
    return [content]


@cache
def _spyne(service: str, version: SoapVersion) -> Any:
    """Build one service for one SOAP version, once for all worlds."""
    protocol = Soap11 if version is SOAP_11 else Soap12
    # Cleaned up, the rows of a DataSet would lose the xmlns="" that keeps them out of ours.
    outgoing = protocol(xml_declaration=False, cleanup_namespaces=False)
    outgoing.serialization_handlers[_DataSetXml] = _write_data_set
    outgoing.event_manager.add_listener("after_serialize", _dress)
    # huge_tree: the request was bounded before it came here.
    incoming = protocol(huge_tree=True)
    spyne = Application(
        [_SERVICE_CLASSES[service]],
        tns=namespace_of(service),
        name=service,
        in_protocol=incoming,
        out_protocol=outgoing,
    )
    return WsgiApplication(spyne, max_content_length=sys.maxsize)


def _write_data_set(
    _ctx: Any, _kind: Any, _data: DataSet, parent: Any, namespace: str, name: str, **_: Any
) -> None:
    """Write the result element alone, whatever kind of writer Spyne hands over.

    Moved from tree to tree, a schema would lose the prefix that its types are spelled with.
    """
    writer = getattr(parent, "append", None) or parent.write
    writer(etree.Element(f"{{{namespace}}}{name}"))


def _dress(ctx: Any) -> None:
    """Put an answer into ASP.NET's envelope, in a default namespace of its own."""
    if ctx.out_error is not None:
        return
    [answer] = ctx.out_body_doc
    namespace = ctx.out_protocol.ns_soap_env
    envelope = etree.Element(f"{{{namespace}}}Envelope", nsmap={"soap": namespace, **PREFIXES})
    body = etree.SubElement(envelope, f"{{{namespace}}}Body")
    name = etree.QName(answer)
    default: Any = {None: name.namespace}  # lxml's stubs know no default namespace
    dressed = etree.SubElement(body, name, nsmap=default)
    dressed.extend(list(answer))
    data_set = _call_of(ctx).data_set
    if data_set is not None:
        append_data_set(dressed[0], data_set)
    ctx.out_document = envelope
