"""What SOAP services answer: results and faults of both versions, read without trust."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from adapter.errors import AdapterError, ConfigurationError
from adapter.partners.http import Call, PartnerHttp, UnreadableAnswerError
from adapter.redaction import redacted_excerpt

ENVELOPES = frozenset(
    {"http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"}
)
# SOAP 1.1 says Client where 1.2 says Sender: what was sent is wrong, and was not acted upon.
_OURS = ("Client", "Sender", "VersionMismatch", "MustUnderstand", "DataEncodingUnknown")
_SPEAKS_OF_CREDENTIALS = re.compile(
    r"web ?service ?key|biller ?guid|credential|not authori[sz]ed|unauthori[sz]ed|access denied",
    re.IGNORECASE,
)


class SoapFaultError(Exception):
    """The service answered with a fault; `code` is without its prefix."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code.rpartition(":")[2].strip()
        self.text = text.strip()


@dataclass(frozen=True)
class Name:
    """An element's name: its namespace, empty for none, and its local part."""

    namespace: str
    local: str


def name_of(tag: str) -> Name:
    """Split a tag as lxml writes it, such as `{namespace}local`."""
    namespace, _, local = tag.rpartition("}")
    return Name(namespace[1:], local)


def fault_error(
    fault: SoapFaultError, http: PartnerHttp, call: Call, *, status: int
) -> AdapterError:
    """Return what a fault means: our settings, our request, or the service's own trouble."""
    if _SPEAKS_OF_CREDENTIALS.search(fault.text):
        told = redacted_excerpt(fault.text, secrets=call.secrets)
        return ConfigurationError(
            f"{call.settings}: {http.partner} {call.operation} refused them: {told}. "
            "Give the values that the partner issued"
        )
    content = str(fault).encode()
    if fault.code.startswith(_OURS):
        return http.refuse(call, "the request was refused", status=status, content=content)
    return http.distrust(call, "the service failed", status=status, content=content)


def read_result(content: bytes, result: str) -> dict[str, str]:
    """Return the fields of a typed result by name; an absent field is missing, as NULL is.

    Raises SoapFaultError for a fault, whatever the status, and UnreadableAnswerError.
    """
    body = _body(content)
    for element in body.iter(etree.Element):
        name = name_of(str(element.tag))
        if name.local == "Fault" and name.namespace in ENVELOPES:
            raise _fault(element)
        if name.local == result:
            return {
                name_of(str(child.tag)).local: child.text or ""
                for child in element.iterchildren(etree.Element)
            }
    raise UnreadableAnswerError(f"the answer holds no {result}")


def _body(content: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableAnswerError(f"the answer is no XML ({error.msg})") from None
    document: Any = root.getroottree().docinfo
    if document.doctype:
        raise UnreadableAnswerError("the answer holds a document type, which SOAP forbids")
    for child in root.iterchildren(etree.Element):
        if name_of(str(child.tag)).local == "Body" and _is_envelope(root):
            return child
    raise UnreadableAnswerError("the answer is no SOAP envelope")


def _is_envelope(root: etree._Element) -> bool:
    name = name_of(str(root.tag))
    return name.local == "Envelope" and name.namespace in ENVELOPES


def _fault(element: etree._Element) -> SoapFaultError:
    """Read a fault: faultcode and faultstring of SOAP 1.1, the first Value and Text of 1.2."""
    texts: dict[str, str] = {}
    for part in element.iter(etree.Element):
        texts.setdefault(name_of(str(part.tag)).local, part.text or "")
    return fault_of(texts)


def fault_of(texts: dict[str, str]) -> SoapFaultError:
    """Return the fault that these texts, by local element name, tell."""
    return SoapFaultError(
        texts.get("faultcode") or texts.get("Value", ""),
        texts.get("faultstring") or texts.get("Text", ""),
    )
