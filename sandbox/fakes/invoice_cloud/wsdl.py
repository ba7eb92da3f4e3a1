"""The committed WSDLs: served with this world's address, and enforced on every request."""

from __future__ import annotations

from functools import cache
from pathlib import PurePosixPath
from typing import Any

from lxml import etree

from contracts import loader

SERVICES = ("InvoiceFileUploadSOAP", "PaymentReportingSOAP")
ROOT_PATH = "/invoicecloud/portal/webservices"
PRODUCTION = "https://www.invoicecloud.com/portal/webservices"
XS = "http://www.w3.org/2001/XMLSchema"


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


def first_violation(service: str, request: etree._Element) -> str:
    """Return what the contract's schema says against a request, or nothing."""
    schema = _request_schema(service)
    if schema.validate(request):
        return ""
    log: Any = schema.error_log  # lxml's stubs know no list in it
    return str(log[0].message)


@cache
def _request_schema(service: str) -> etree.XMLSchema:
    """Compile the request elements only: a DataSet's `ref="s:schema"` compiles nowhere."""
    types = _types(service)
    for element in _elements(types):
        if (element.get("name") or "").endswith("Response"):
            types.remove(element)
    return etree.XMLSchema(types)


def _types(service: str) -> etree._Element:
    document = etree.fromstring(loader.wsdl(service))
    schema = document.find(f".//{{{XS}}}schema")
    if schema is None:
        raise ValueError(f"{service}.wsdl holds no schema")
    return schema


def _elements(schema: etree._Element) -> list[etree._Element]:
    return list(schema.findall(f"{{{XS}}}element"))
