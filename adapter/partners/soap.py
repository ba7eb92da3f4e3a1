"""SOAP requests, built by zeep from the committed WSDLs; zeep itself sends and loads nothing.

zeep takes a quarter of a second and 40 MB, so whoever needs this module imports it late.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import zeep
import zeep.exceptions
from lxml import etree

from adapter.errors import BadInputError
from contracts.loader import wsdl

CONTENT_TYPE = "text/xml; charset=utf-8"


@dataclass(frozen=True, kw_only=True)
class SoapRequest:
    """A SOAP 1.1 request, ready to be posted."""

    url: str
    headers: Mapping[str, str]
    content: bytes = field(repr=False)


def build_request(
    service: str, operation: str, parameters: Mapping[str, Any], *, base_url: str
) -> SoapRequest:
    """Return the request of a service's operation; `base_url` is the folder of the services.

    Raises BadInputError for a value that XML cannot carry. Moments have to be aware: zeep would
    send a naive one without a zone.
    """
    client = _client(service)
    port = client.service
    try:
        envelope = client.create_message(port, operation, **parameters)
    except (ValueError, zeep.exceptions.Error):
        # zeep's and lxml's own messages quote values, and one of them is a secret.
        raise BadInputError(
            field=operation,
            value="",
            rule="its parameters must be what the WSDL says, in characters that XML can carry",
            remedy="Take control characters out of the texts",
        ) from None
    return SoapRequest(
        url=f"{base_url.rstrip('/')}/{service}.asmx",
        headers={
            "Content-Type": CONTENT_TYPE,
            "SOAPAction": f'"{_soap_action(client, operation)}"',
        },
        content=etree.tostring(envelope, encoding="utf-8", xml_declaration=True),
    )


class _Offline:
    """Stands where zeep would talk: the WSDLs are whole, and nothing is ever loaded."""

    def load(self, url: str) -> bytes:
        raise LookupError(f"the committed WSDL refers to {url}, which is not loaded")


@cache
def _client(service: str) -> Any:
    settings = zeep.Settings(forbid_dtd=True, forbid_entities=True, forbid_external=True)
    source = io.BytesIO(wsdl(service))
    return zeep.Client(source, transport=_Offline(), settings=settings)  # type: ignore[no-untyped-call]  # zeep has none


def _soap_action(client: Any, operation: str) -> str:
    return str(client.service._binding.get(operation).soapaction)  # noqa: SLF001  # no public way
