"""The committed WSDLs: served with this world's address, and enforced on every request."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import PurePosixPath
from threading import Lock
from typing import Any

from lxml import etree

from contracts import loader

SERVICES = (
    "InvoiceFileUploadSOAP",
    "PaymentReportingSOAP",
    "ACHRejectReportingSOAP",
    "BillerSettledBatchDetailSOAP",
    "BillerAutoPayCustomerReportSOAP",
)
ROOT_PATH = "/invoicecloud/portal/webservices"
PRODUCTION = "https://www.invoicecloud.com/portal/webservices"
XS = "http://www.w3.org/2001/XMLSchema"
STRING, MOMENT, BASE64 = "s:string", "s:dateTime", "s:base64Binary"
VIOLATION_SHOWN = 500  # it quotes the value, which may be the whole request
_validating = Lock()  # lxml keeps one error log for each schema


def find_service(path: str) -> str | None:
    """Return the service of a path such as /…/PaymentReportingSOAP.asmx; case does not matter."""
    name = PurePosixPath(path)
    if str(name.parent).lower() != ROOT_PATH or name.suffix.lower() != ".asmx":
        return None
    return next((known for known in SERVICES if known.lower() == name.stem.lower()), None)


def namespace_of(service: str) -> str:
    """Return the service's namespace: always the production one."""
    return f"{PRODUCTION}/{service}/"


def served_wsdl(service: str, base_url: str) -> bytes:
    """Return the committed bytes with the world's address in place of the production one."""
    committed = f'location="{PRODUCTION}/{service}.asmx"'.encode()
    served = f'location="{base_url}{ROOT_PATH}/{service}.asmx"'.encode()
    return loader.wsdl(service).replace(committed, served)


@cache
def operations_of(service: str) -> tuple[str, ...]:
    names = [element.get("name") or "" for element in _elements(_types(service))]
    return tuple(name for name in names if not name.endswith("Response"))


@cache
def parameters_of(service: str, operation: str) -> dict[str, str]:
    """Return the type of each parameter by its name, as the WSDL spells it: `s:string`."""
    element = next(e for e in _elements(_types(service)) if e.get("name") == operation)
    parameters = element.iter(f"{{{XS}}}element")
    return {p.get("name") or "": p.get("type") or "" for p in parameters if p is not element}


def first_violation(service: str, request: etree._Element) -> str:
    """Return what the contract's schema says against a request, or nothing.

    An invoice file is looked at where it is decoded: its text does not stand in the request.
    """
    schema = _request_schema(service)
    with _validating:
        if not schema.validate(request):
            log: Any = schema.error_log  # lxml's stubs know no list in it
            return str(log[0].message)[:VIOLATION_SHOWN]
    types = parameters_of(service, etree.QName(request).localname)
    for child in request:
        name, text = etree.QName(child).localname, child.text or ""
        if types[name] == MOMENT and not _in_calendar(text):
            return f"Element '{name}': '{text[:60]}' is not a valid dateTime."
    return ""


@cache
def _request_schema(service: str) -> etree.XMLSchema:
    """Compile the request elements only: a DataSet's `ref="s:schema"` compiles nowhere."""
    types = _types(service)
    for element in _elements(types):
        if (element.get("name") or "").endswith("Response"):
            types.remove(element)
    return etree.XMLSchema(types)


def _in_calendar(text: str) -> bool:
    """Tell whether .NET's years 1 to 9999 hold a moment, in GMT too; XML Schema knows more."""
    try:
        moment = datetime.fromisoformat(text.strip())
        (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return False
    return True


def _types(service: str) -> etree._Element:
    document = etree.fromstring(loader.wsdl(service))
    schema = document.find(f".//{{{XS}}}schema")
    if schema is None:
        raise ValueError(f"{service}.wsdl holds no schema")
    return schema


def _elements(schema: etree._Element) -> list[etree._Element]:
    return list(schema.findall(f"{{{XS}}}element"))
