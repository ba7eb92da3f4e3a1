"""The SOAP services on Spyne, grown from the committed WSDLs: the only file that imports Spyne."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

from lxml import etree

from sandbox.fakes.invoice_cloud.dataset import DataSet, append_data_set
from sandbox.fakes.invoice_cloud.envelope import SOAP_11, SoapVersion
from sandbox.fakes.invoice_cloud.operations import REPORTS, SoapCall, answer
from sandbox.fakes.invoice_cloud.spyne_stand_ins import (
    forget_old_import_hook,
    make_spyne_importable,
)
from sandbox.fakes.invoice_cloud.uploads import UploadResult
from sandbox.fakes.invoice_cloud.wsdl import (
    BASE64,
    MOMENT,
    STRING,
    namespace_of,
    operations_of,
    parameters_of,
)

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
        const,
        rpc,
    )
    from spyne.protocol.soap import Soap11, Soap12
    from spyne.server.wsgi import WsgiApplication

forget_old_import_hook()
const.MIN_GC_INTERVAL = (
    math.inf
)  # else a whole collection every second of calls, for files that none leaves

CALL_KEY = "invoice_cloud.call"
KEYS = 2  # BillerGUID and WebServiceKey come before an operation's own parameters
# Every envelope of ASP.NET declares these two, used or not.
PREFIXES = {
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsd": "http://www.w3.org/2001/XMLSchema",
}
_TYPES = {STRING: Unicode, MOMENT: DateTime, BASE64: ByteArray}


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


@cache
def spyne_application(service: str, version: SoapVersion) -> Any:
    """Build one service for one SOAP version, once for all worlds."""
    protocol = Soap11 if version is SOAP_11 else Soap12
    # Cleaned up, the rows of a DataSet would lose the xmlns="" that keeps them out of ours.
    outgoing = protocol(xml_declaration=False, cleanup_namespaces=False)
    outgoing.serialization_handlers[_DataSetXml] = _write_data_set
    outgoing.event_manager.add_listener("after_serialize", _dress)
    methods = {name: _method(service, name) for name in operations_of(service)}
    spyne = Application(
        [type(service, (ServiceBase,), methods)],
        tns=namespace_of(service),
        name=service,
        in_protocol=protocol(huge_tree=True),  # the request was bounded before it came here
        out_protocol=outgoing,
    )
    return WsgiApplication(spyne, max_content_length=sys.maxsize)


def _method(service: str, operation: str) -> Callable[..., Any]:
    """Return an operation as Spyne takes it, with the parameters of the committed WSDL."""
    parameters = parameters_of(service, operation)

    def method(ctx: Any, *values: Any) -> Any:
        told = answer(_call_of(ctx), operation, values[KEYS:])
        return _upload_result(told) if isinstance(told, UploadResult) else told

    method.__name__ = operation
    declared: Callable[..., Any] = rpc(
        *(_TYPES[kind] for kind in parameters.values()),
        _args=list(parameters),
        _in_message_name=operation,
        _out_message_name=f"{operation}Response",
        _out_variable_name=f"{operation}Result",
        _returns=_DataSetXml if operation in REPORTS else _UploadResultXml,
    )(method)
    return declared


def _upload_result(result: UploadResult) -> _UploadResultXml:
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
    [told] = ctx.out_body_doc
    namespace = ctx.out_protocol.ns_soap_env
    envelope = etree.Element(f"{{{namespace}}}Envelope", nsmap={"soap": namespace, **PREFIXES})
    body = etree.SubElement(envelope, f"{{{namespace}}}Body")
    name = etree.QName(told)
    default: Any = {None: name.namespace}  # lxml's stubs know no default namespace
    dressed = etree.SubElement(body, name, nsmap=default)
    dressed.extend(list(told))
    data_set = _call_of(ctx).data_set
    if data_set is not None:
        append_data_set(dressed[0], data_set)
    ctx.out_document = envelope
