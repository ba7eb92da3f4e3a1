"""Speed and size as a table: `make bench`. Figures are told beside a target, never asserted.

Every figure is the median of several runs on this machine; a slow neighbour makes them worse.
"""

import io
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
from deliveries import PAYMENTS_A_SECOND, measure_claims, measure_speed, measure_wait
from large_upload import INVOICES, measure_upload
from report_reading import ROWS, measure_reading
from rich.console import Console
from rich.table import Table
from workers import measure_workers

from adapter.bif.check import check_bif
from adapter.bif.diff import Comparison
from adapter.bif.sample import write_sample
from sandbox.server import Sandbox
from sandbox.world.billers import make_billers
from sandbox.world.clock import DEMO_START

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
TOKEN_PATH = "/spectrum/wsSpectrumAPICore/api/Token"
BIF_INVOICES = 100_000


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    what: str
    measured: str
    target: str


def median(runs: int, measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(runs))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def credentials() -> dict[str, str]:
    biller = make_billers(1, 1)[0].payment_credentials
    return {"token": biller.token, "username": biller.username, "password": biller.password}


def first_token() -> tuple[float, float]:
    """Return seconds from launch to the first token, and the megabytes the process then takes."""
    port = free_port()
    started = time.perf_counter()
    process = subprocess.Popen(
        [BIN / "sandbox", "up", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while True:
            try:
                answer = httpx.post(
                    f"http://127.0.0.1:{port}{TOKEN_PATH}", json=credentials(), timeout=5
                )
            except httpx.ConnectError:
                time.sleep(0.005)
                continue
            answer.raise_for_status()
            break
        seconds = time.perf_counter() - started
        status = Path(f"/proc/{process.pid}/status").read_text()
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return seconds, int(resident.split()[1]) / 1024
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def start_up() -> list[Figure]:
    runs = [first_token() for _ in range(5)]
    seconds = statistics.median(seconds for seconds, _ in runs)
    megabytes = statistics.median(megabytes for _, megabytes in runs)
    return [
        Figure("sandbox up, launch to first token", f"{seconds:.2f} s", "0.60 s"),
        Figure("sandbox up, resident memory", f"{megabytes:.0f} MB", "90 MB"),
    ]


def demo() -> list[Figure]:
    def once() -> float:
        started = time.perf_counter()
        subprocess.run([BIN / "sandbox", "demo"], check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - started

    return [Figure("sandbox demo, the whole payment day", f"{median(3, once):.1f} s", "10 s")]


def contract_test() -> list[Figure]:
    """One contract test without a socket: a fresh world, a token, a balance."""
    sandbox = Sandbox()
    client = httpx.Client(
        transport=httpx.WSGITransport(app=sandbox.wsgi), base_url="http://sandbox"
    )
    numbers = iter(range(10_000))

    def once() -> float:
        started = time.perf_counter()
        name = f"bench-{next(numbers)}"
        world = sandbox.create_world(name, seed=1, start=DEMO_START)
        root = f"/w/{name}/spectrum/wsSpectrumAPICore/api"
        token = client.post(f"{root}/Token", json=credentials()).json()
        bearer = f"Bearer {token['data']['attributes']['token']}"
        state = client.get(f"/w/{name}/_sandbox/state").json()
        number = state["spectrum"]["invoices"][0]["invoice_number"]
        client.get(
            f"{root}/Invoice/InvoiceBalanceDue",
            params={"invoiceNumber": number},
            headers={"Authorization": bearer},
        ).raise_for_status()
        sandbox.delete_world(world.name)
        return (time.perf_counter() - started) * 1000

    once()
    return [Figure("one contract test in-process", f"{median(50, once):.1f} ms", "10 ms")]


def bif() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample.BIF"

        def write() -> float:
            started = time.perf_counter()
            with path.open("w+b") as out:
                write_sample(BIF_INVOICES, 1, out)
            return time.perf_counter() - started

        written = median(3, write)
        content = path.read_bytes()

        def check() -> float:
            started = time.perf_counter()
            check_bif(io.BytesIO(content))
            return time.perf_counter() - started

        checked = median(3, check)

        def compare() -> float:
            started = time.perf_counter()
            comparison = Comparison(io.BytesIO(content), io.BytesIO(content))
            for _ in comparison.changes():
                pass
            return time.perf_counter() - started

        compared = median(3, compare)
    megabytes = len(content) / 1e6
    return [
        Figure(f"BIF of {BIF_INVOICES:,} invoices written", rate(megabytes, written), ""),
        Figure(f"BIF of {BIF_INVOICES:,} invoices checked", rate(megabytes, checked), ""),
        Figure(f"BIF of {BIF_INVOICES:,} invoices compared", rate(megabytes, compared), ""),
    ]


def large_upload() -> list[Figure]:
    """Let the fake parse, validate and book the largest upload."""
    runs = [measure_upload() for _ in range(3)]
    seconds = statistics.median(run.seconds for run in runs)
    peak = statistics.median(run.peak_megabytes for run in runs)
    what = f"upload of {INVOICES:,} invoices by the fake"
    return [
        Figure(what, rate(runs[0].file_megabytes, seconds), "30 s"),
        Figure(f"{what}, peak memory", f"{peak:.0f} MB", "300 MB"),
    ]


def report_reading() -> list[Figure]:
    """Read the largest payment report; the target is by the bare reading on this machine."""
    reading = measure_reading()
    what = f"payment report of {ROWS:,} rows"
    size, most = reading.file_megabytes, f"{1.5 * reading.bare_seconds:.2f} s"
    return [
        Figure(f"{what}, bare iterparse", rate(size, reading.bare_seconds), ""),
        Figure(f"{what}, read as rows", rate(size, reading.row_seconds), most),
        Figure(f"{what}, read as payments", rate(size, reading.payment_seconds), ""),
        Figure(f"{what}, memory grown by", f"{reading.grown_megabytes:.0f} MB", "8 MB"),
    ]


def deliveries() -> list[Figure]:
    """Deliveries beside a bare loop that posts and commits, in one run with the same receiver."""
    speed = measure_speed()
    target = f"{0.8 * speed.bare:.0f} a second (0.80)"
    told = f"{speed.embedded:.0f} a second ({speed.embedded / speed.bare:.2f})"
    wait = f"accepted to posted at {PAYMENTS_A_SECOND} payments a second, 99 of 100"
    return [
        Figure("one post and one row on disk, bare loop", f"{speed.bare:.0f} a second", ""),
        Figure("delivery by the embedded engine, as one of many", told, target),
        Figure(wait, f"{measure_wait():.0f} ms", "250 ms"),
    ]


def claims() -> list[Figure]:
    """Time a claim before growing histories; the target is by the claim before none."""
    measured = measure_claims()
    most = f"{1.5 * measured[0]:.1f} ms"
    return [
        Figure(f"claim before {rows:,} rows of history", f"{ms:.1f} ms", most if rows else "")
        for rows, ms in measured.items()
    ]


def workers() -> list[Figure]:
    """Deliver a heap on PostgreSQL with one worker, then with two."""
    measured = measure_workers()
    return [
        Figure(
            f"deliveries on PostgreSQL, {count} worker{'s' if count > 1 else ''}",
            f"{speed:.0f} a second",
            f"{measured[1]:.0f} a second" if count > 1 else "",
        )
        for count, speed in measured.items()
    ]


def rate(megabytes: float, seconds: float) -> str:
    return f"{seconds:.2f} s ({megabytes / seconds:.0f} MB/s)"


def suite() -> list[Figure]:
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "pytest"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )
    return [Figure("the whole suite", f"{time.perf_counter() - started:.0f} s", "60 s")]


def main() -> None:
    """Print the table, or JSON with `--json`; `--suite` times the test suite too."""
    parts = [start_up, demo, contract_test, bif, large_upload, report_reading, deliveries, claims]
    parts.append(workers)
    if "--suite" in sys.argv:
        parts.append(suite)
    figures = [figure for part in parts for figure in part()]
    if "--json" in sys.argv:
        print(json.dumps([vars(figure) for figure in figures], indent=2))
        return
    table = Table(title=f"{os.cpu_count()} cores, Python {sys.version.split()[0]}")
    for heading in ("what", "measured", "target"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for figure in figures:
        table.add_row(figure.what, figure.measured, figure.target)
    Console().print(table)


if __name__ == "__main__":
    main()
