"""An upload of 100,000 invoices into a sandbox of its own: seconds, and the megabytes it takes."""

import base64
import io
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from adapter.bif.sample import write_sample
from sandbox.world.billers import make_billers

INVOICES = 100_000
SERVICE = "InvoiceFileUploadSOAP"
NAMESPACE = f"https://www.invoicecloud.com/portal/webservices/{SERVICE}/"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
LIMIT_BYTES = 200 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024
SECONDS_MAX = 600


@dataclass(frozen=True)
class Upload:
    """What one upload took: the file's size, seconds to the answer, and the sandbox's peak."""

    file_megabytes: float
    seconds: float
    peak_megabytes: float


def measure_upload(invoices: int = INVOICES, *, coded: bool = True) -> Upload:
    """Upload a sample file, as base64 or plain, and check that every invoice became a bill."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sandbox = subprocess.Popen(
        [Path(sys.executable).parent / "sandbox", "up", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=SECONDS_MAX) as client:
            _await(client)
            limit = {"upload_limit_bytes": LIMIT_BYTES}
            client.patch("/_sandbox/behaviours", json=limit).raise_for_status()
            file = _sample(invoices)
            seconds = _upload(client, file, invoices, coded=coded)
            peak = _peak_megabytes(sandbox.pid)
    finally:
        sandbox.send_signal(signal.SIGTERM)
        sandbox.wait()
    return Upload(len(file) / 1e6, seconds, peak)


def _await(client: httpx.Client) -> None:
    while True:
        try:
            client.get("/_sandbox/worlds").raise_for_status()
        except httpx.ConnectError:
            time.sleep(0.01)
        else:
            return


def _sample(invoices: int) -> bytes:
    """Return a file of the sandbox's first biller."""
    out = io.BytesIO()
    write_sample(invoices, 1, out)
    own = f"|2~{make_billers(1, 1)[0].biller_guid}".encode()
    return re.sub(rb"\|2~[0-9a-f-]{36}", own, out.getvalue(), count=1)


def _upload(client: httpx.Client, file: bytes, invoices: int, *, coded: bool) -> float:
    operation = f"UploadInvoiceFile{'Base64' if coded else ''}"
    biller = make_billers(1, 1)[0]
    before = (
        f'<s:Envelope xmlns:s="{SOAP_11}"><s:Body><{operation} xmlns="{NAMESPACE}">'
        f"<BillerGUID>{biller.biller_guid}</BillerGUID>"
        f"<WebServiceKey>{biller.web_service_key}</WebServiceKey>"
        "<FileName>bench.BIF</FileName><InvoiceFile>"
    ).encode()
    after = f"</InvoiceFile></{operation}></s:Body></s:Envelope>".encode()
    text = base64.b64encode(file) if coded else file.replace(b"&", b"&amp;")
    content = before + text + after
    started = time.perf_counter()
    answer = client.post(
        f"/invoicecloud/portal/webservices/{SERVICE}.asmx",
        content=_chunks(content),
        headers={
            "Content-Type": "text/xml; charset=utf-8",
            "Content-Length": str(len(content)),
            "SOAPAction": f'"{NAMESPACE}{operation}"',
        },
    )
    seconds = time.perf_counter() - started
    if "<Success>true</Success>" not in answer.text:
        raise RuntimeError(f"the upload was refused: {answer.status_code} {answer.text[:500]}")
    [told] = client.get("/_sandbox/journal", params={"operation": "UploadInvoiceFile"}).json()[
        "entries"
    ]
    if not told["outcome"].startswith(f"{invoices:,} invoices"):
        raise RuntimeError(f"the upload came out as {told['outcome']}")
    return seconds


def _chunks(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), CHUNK_BYTES):
        yield content[start : start + CHUNK_BYTES]


def _peak_megabytes(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024
