"""SOAP as ASP.NET reads and refuses it: media types, envelopes, actions, faults, limits."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message
from typing import IO, Any
from xml.sax.saxutils import escape

from lxml import etree

from sandbox.fakes.invoice_cloud.request_tree import (
    FILE_ELEMENT,
    CarriedFile,
    DocumentTypeError,
    RequestTree,
    decoded,
    read_tree,
)
from sandbox.fakes.invoice_cloud.wsdl import (
    BASE64,
    first_violation,
    namespace_of,
    operations_of,
    parameters_of,
)

Environ = dict[str, Any]
UNREADABLE = "Server was unable to read request. ---> There is an error in XML document. ---> "
UNPROCESSED = "Server was unable to process request. ---> "


@dataclass(frozen=True, kw_only=True)
class SoapVersion:
    """What differs between SOAP 1.1 and 1.2 on the wire."""

    name: str
    namespace: str
    media_type: str
    client: str
    server: str


SOAP_11 = SoapVersion(
    name="1.1",
    namespace="http://schemas.xmlsoap.org/soap/envelope/",
    media_type="text/xml; charset=utf-8",
    client="soap:Client",
    server="soap:Server",
)
SOAP_12 = SoapVersion(
    name="1.2",
    namespace="http://www.w3.org/2003/05/soap-envelope",
    media_type="application/soap+xml; charset=utf-8",
    client="soap:Sender",
    server="soap:Receiver",
)
_VERSIONS = {"text/xml": SOAP_11, "application/soap+xml": SOAP_12}


class RefusedError(Exception):
    """A request that no operation sees; `outcome` is what the journal says of it."""

    def __init__(
        self,
        status: str,
        outcome: str,
        *,
        body: bytes = b"",
        media_type: str = "",
        allow: str = "",
    ) -> None:
        super().__init__(outcome)
        self.status = status
        self.outcome = outcome
        self.body = body
        self.headers = [("Content-Length", str(len(body)))]
        if media_type:
            self.headers.append(("Content-Type", media_type))
        if allow:
            self.headers.append(("Allow", allow))


@dataclass(frozen=True, kw_only=True)
class SoapRequest:
    """A request that fits the contract: its operation, its parameters, and its envelope.

    `content` is the envelope in UTF-8, without comments, whatever it came in. What an upload
    carried stands in neither: `file` holds it, decoded, and `file_characters` its length before.
    """

    version: SoapVersion
    operation: str
    parameters: dict[str, str]
    content: bytes
    file: IO[bytes] | None = None
    file_characters: int = 0


def read_request(environ: Environ, service: str, limit_bytes: int) -> SoapRequest:
    """Read and judge a request; raises RefusedError with the answer that ASP.NET would give.

    Whoever gets a request with a file closes it.
    """
    media_type, charset = _content_type(environ)
    version = _VERSIONS.get(media_type)
    if version is None:
        raise RefusedError("415 Unsupported Media Type", f"{media_type or 'no'} media type")
    tree = _tree(environ, limit_bytes, charset)
    try:
        return _judged(environ, service, version, tree)
    except RefusedError:
        if tree.file is not None:
            tree.file.content.close()
        raise


def _judged(
    environ: Environ, service: str, version: SoapVersion, tree: RequestTree
) -> SoapRequest:
    body = _body(tree.root, version)
    element = next(iter(body), None)
    operation = "" if element is None else etree.QName(element).localname
    _check_action(environ, service, version, operation)
    if element is None or operation not in operations_of(service):
        raise client_fault(version, f"{UNREADABLE}There is no operation {operation or 'in it'}.")
    if len(body) > 1:
        raise client_fault(version, f"{UNREADABLE}There is more than {operation} in it.")
    if violation := first_violation(service, element):
        raise client_fault(version, UNREADABLE + violation)
    types = parameters_of(service, operation)
    return SoapRequest(
        version=version,
        operation=operation,
        parameters={etree.QName(child).localname: child.text or "" for child in element},
        content=etree.tostring(body.getroottree(), encoding="utf-8"),
        file=_file(tree.file, types, version) if tree.file else None,
        file_characters=tree.file.characters if tree.file else 0,
    )


def client_fault(version: SoapVersion, text: str) -> RefusedError:
    return _fault(version, version.client, text)


def server_fault(version: SoapVersion, text: str) -> RefusedError:
    return _fault(version, version.server, text)


def _fault(version: SoapVersion, code: str, text: str) -> RefusedError:
    told = escape(text)
    if version is SOAP_11:
        inner = f"<faultcode>{code}</faultcode><faultstring>{told}</faultstring><detail />"
    else:
        inner = (
            f"<soap:Code><soap:Value>{code}</soap:Value></soap:Code>"
            f'<soap:Reason><soap:Text xml:lang="en">{told}</soap:Text></soap:Reason>'
            "<soap:Detail />"
        )
    document = (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{version.namespace}"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
        f"<soap:Body><soap:Fault>{inner}</soap:Fault></soap:Body></soap:Envelope>"
    )
    return RefusedError(
        "500 Internal Server Error",
        f"fault: {text}",
        body=document.encode(),
        media_type=version.media_type,
    )


def _content_type(environ: Environ) -> tuple[str, str | None]:
    """Return the media type and the charset, in lower case; the charset outranks the document."""
    told = Message()
    told["Content-Type"] = environ.get("CONTENT_TYPE", "")
    media_type = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    return media_type, told.get_content_charset() or None


def _tree(environ: Environ, limit_bytes: int, charset: str | None) -> RequestTree:
    told = environ.get("CONTENT_LENGTH") or "0"
    if not told.isdigit():
        raise malformed("the length is no number")
    length = int(told)
    if length > limit_bytes:
        raise RefusedError(
            "413 Request Entity Too Large", f"{length:,} bytes, {limit_bytes:,} are allowed"
        )
    try:
        return read_tree(environ["wsgi.input"], length, charset)
    except DocumentTypeError as error:
        raise malformed(str(error)) from None
    except (etree.XMLSyntaxError, ValueError, LookupError):
        raise malformed("no well-formed XML") from None


def _body(root: etree._Element, version: SoapVersion) -> etree._Element:
    if etree.QName(root).localname != "Envelope":
        raise malformed("no SOAP envelope")
    if etree.QName(root).namespace != version.namespace:
        text = "Possible SOAP version mismatch: Envelope namespace was unexpected."
        raise client_fault(version, text)
    body = root.find(f"{{{version.namespace}}}Body")
    if body is None:
        raise malformed("an envelope without a body")
    return body


def _file(file: CarriedFile, types: dict[str, str], version: SoapVersion) -> IO[bytes]:
    """Return what an upload carried: the text's own bytes, or those that its base64 stands for."""
    if types[FILE_ELEMENT] != BASE64:
        return file.content
    try:
        return decoded(file)
    except ValueError as error:
        violation = f"Element '{FILE_ELEMENT}': '{error}' is not a valid base64Binary."
        raise client_fault(version, UNREADABLE + violation) from None


def malformed(reason: str) -> RefusedError:
    """Return ASP.NET's answer to what is no SOAP message: 400 without a word."""
    return RefusedError("400 Bad Request", f"malformed: {reason}")


def _check_action(environ: Environ, service: str, version: SoapVersion, operation: str) -> None:
    """SOAP 1.1 routes by SOAPAction, quoted or not; SOAP 1.2 by the request element."""
    if version is not SOAP_11:
        return
    told = environ.get("HTTP_SOAPACTION", "").strip().strip('"')
    known = {f"{namespace_of(service)}{name}": name for name in operations_of(service)}
    if known.get(told) is None or known[told] != operation:
        text = f"Server did not recognize the value of HTTP Header SOAPAction: {told[:200]}."
        raise client_fault(version, text)
