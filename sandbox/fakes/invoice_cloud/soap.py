"""The SOAP services at their addresses: pages, keys, faults that strike, and the journal."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Any

from sandbox.fakes.invoice_cloud.envelope import (
    UNPROCESSED,
    Environ,
    RefusedError,
    SoapRequest,
    read_request,
    server_fault,
)
from sandbox.fakes.invoice_cloud.operations import BAD_KEY, UPLOAD, SoapCall
from sandbox.fakes.invoice_cloud.request_tree import FILE_ELEMENT
from sandbox.fakes.invoice_cloud.spyne_services import CALL_KEY, spyne_application
from sandbox.fakes.invoice_cloud.wsdl import ROOT_PATH, find_service, operations_of, served_wsdl
from sandbox.faults.effects import FaultStruck
from sandbox.world.billers import Biller
from sandbox.world.binding import caller, world_in
from sandbox.world.journal import Entry
from sandbox.world.world import World

PARTNER = "invoice_cloud"
XML_DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>'
# The journal is for reading, and a parameter may be as long as the whole request.
PARAMETER_SHOWN = 100
StartResponse = Callable[..., Any]


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
    with closing(request.file or io.BytesIO()):
        call = _begin(world, request, entry)
        return _act(environ, start_response, service, request, call)


def _begin(world: World, request: SoapRequest, entry: Entry) -> SoapCall:
    """Note a request in the journal, and whose it is; a report's bad key is a fault."""
    entry.operation = UPLOAD if request.operation.startswith(UPLOAD) else request.operation
    entry.request = _shown(request)
    biller = _authenticated(world, request)
    if biller is not None:
        entry.tags["biller"] = biller.slug
    elif entry.operation != UPLOAD:
        raise server_fault(request.version, UNPROCESSED + BAD_KEY)
    return SoapCall(world=world, biller=biller, entry=entry, file=request.file)


def _act(
    environ: Environ,
    start_response: StartResponse,
    service: str,
    request: SoapRequest,
    call: SoapCall,
) -> Iterable[bytes]:
    faults, operation = call.world.faults, call.entry.operation
    facts = {"biller": call.biller.slug if call.biller else ""}
    faults.strike(PARTNER, operation, "before", facts)
    environ = {
        **environ,
        "wsgi.input": io.BytesIO(request.content),
        "CONTENT_LENGTH": str(len(request.content)),
        "CONTENT_TYPE": request.version.media_type,
        CALL_KEY: call,
    }
    captured: list[Any] = []
    spyne = spyne_application(service, request.version)
    answer = b"".join(spyne(environ, lambda *told: captured.append(told)))
    if not captured[0][0].startswith("200"):  # Spyne's own fault, which is not ASP.NET's
        raise server_fault(request.version, f"{UNPROCESSED}Internal error.")
    body = XML_DECLARATION + answer
    call.entry.status = 200
    faults.strike(PARTNER, operation, "after", facts)
    headers = [("Content-Type", request.version.media_type), ("Content-Length", str(len(body)))]
    start_response(captured[0][0], headers)
    return [body]


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
    if FILE_ELEMENT in told:
        told[FILE_ELEMENT] = f"({request.file_characters:,} characters)"
    return {**told, "soap": request.version.name}


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
