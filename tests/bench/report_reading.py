"""A payment report of 50,000 rows read by the adapter, beside a bare iterparse of its bytes."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from lxml import etree

from adapter.partners.invoice_cloud_reports import PAYMENTS
from adapter.partners.soap_answers import DataSetReader

ROWS = 50_000
CHUNK_BYTES = 64 * 1024
RUNS = 5
OPERATION = "PaymentReportingDataSetFromGMT"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
NAMESPACE = "https://www.invoicecloud.com/portal/webservices/PaymentReportingSOAP/"
START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Reading:
    """What reading took: seconds bare, of rows and of payments, and by how much memory grew."""

    file_megabytes: float
    bare_seconds: float
    row_seconds: float
    payment_seconds: float
    grown_megabytes: float


def measure_reading(rows: int = ROWS) -> Reading:
    """Write a report and read it in a process of its own, from a file in chunks as off a wire."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.xml"
        path.write_bytes(_report(rows))
        told = subprocess.run(
            [sys.executable, __file__, str(path), str(rows)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    return Reading(**json.loads(told))


def _report(rows: int) -> bytes:
    """Write the report as the sandbox's Invoice Cloud does."""
    from sandbox.fakes.invoice_cloud.dataset import DataSet, append_data_set
    from sandbox.fakes.invoice_cloud.reports import columns_of

    envelope = etree.Element(f"{{{SOAP_11}}}Envelope", nsmap={"soap": SOAP_11})
    body = etree.SubElement(envelope, f"{{{SOAP_11}}}Body")
    answer = etree.SubElement(body, f"{{{NAMESPACE}}}{OPERATION}Response")
    result = etree.SubElement(answer, f"{{{NAMESPACE}}}{OPERATION}Result")
    columns = columns_of(OPERATION)
    names = {column.name for column in columns}
    told = ({**dict.fromkeys(names), **_row(number)} for number in range(rows))
    append_data_set(result, DataSet(columns=columns, rows=tuple(told)))
    return etree.tostring(envelope, encoding="utf-8", xml_declaration=True)


def _row(number: int) -> dict[str, str | bool | Decimal | datetime]:
    return {
        "PaymentGUID": str(UUID(int=number + 1)),
        "InvoiceNumber": str(30_000 + number),
        "AccountNumber": str(900_000 + number),
        "CustomerName": f"Renée O'Brien & Sons {number}",
        "PaymentDate": START + timedelta(milliseconds=number * 37),
        "PaymentAmount": Decimal(100 + number) / 100,
        "ConvenienceFee": Decimal("2.95"),
        "PaymentReference": f"T-{number}",
        "PaymentMessage": "Approved",
        "PaymentType": "CreditCard",
        "CardType": "Visa",
        "Approved": True,
    }


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _bare(path: Path) -> int:
    """Count the rows by lxml alone, without looking at a column, in constant memory."""
    count = 0
    for _, element in etree.iterparse(str(path), tag="Table"):
        count += 1
        element.clear()
        while (before := element.getprevious()) is not None:
            before.getparent().remove(before)
    return count


def _rows(path: Path) -> int:
    return sum(1 for _ in DataSetReader(PAYMENTS.columns.values()).rows(_chunks(path)))


def _payments(path: Path) -> int:
    read = DataSetReader(PAYMENTS.columns.values()).rows(_chunks(path))
    return sum(PAYMENTS.row_of(row, PAYMENTS.columns, "bench").approved for row in read)


def _fastest(read: Callable[[Path], int], path: Path, rows: int) -> float:
    """Return the processor's seconds of the quickest of several runs: neighbours count less."""
    seconds = []
    for _ in range(RUNS):
        started = time.process_time()
        if read(path) != rows:
            raise RuntimeError(f"{read.__name__} did not read {rows} rows")
        seconds.append(time.process_time() - started)
    return min(seconds)


def _peak_megabytes() -> float:
    status = Path("/proc/self/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


def _tell(path: Path, rows: int) -> None:
    before = _peak_megabytes()
    payments = _fastest(_payments, path, rows)
    grown = _peak_megabytes() - before
    reading = Reading(
        file_megabytes=path.stat().st_size / 1e6,
        bare_seconds=_fastest(_bare, path, rows),
        row_seconds=_fastest(_rows, path, rows),
        payment_seconds=payments,
        grown_megabytes=grown,
    )
    print(json.dumps(asdict(reading)))


if __name__ == "__main__":
    _tell(Path(sys.argv[1]), int(sys.argv[2]))
