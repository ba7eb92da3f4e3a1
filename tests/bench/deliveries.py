"""Deliveries: the embedded engine against a bare loop, how long a payment waits, and the claim.

The receiver is the same for both: Spectrum's fake, in a process of its own. The two take turns,
so that a slow neighbour slows both.
"""

import itertools
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx

from adapter.bootstrap import Adapter, build
from adapter.clock import SystemClock, ThreadTimer
from adapter.domain.ledger_life import MARGIN
from adapter.domain.payment import Payment, PaymentMethod
from adapter.domain.work_item import Source
from adapter.doors.http import create_app
from adapter.doors.server import DoorServer
from adapter.kinds import PAYMENTS
from adapter.ledger import Ledger, open_ledger
from adapter.partners.http import open_client
from adapter.partners.spectrum import receipt_json
from adapter.settings import StaticSettings
from adapter.telemetry.log import configure_logging
from sandbox.fakes.spectrum.book import SpectrumBook
from sandbox.world.adapter_settings import adapter_settings
from sandbox.world.world import World

ROOT = Path(__file__).parents[2]
SEED = 1
ROUNDS = 5
DELIVERIES_A_ROUND = 60
PAYMENTS_A_SECOND = 50
PAYMENTS_TOLD = 250
WAIT_SECONDS_MAX = 120.0
HISTORIES = (0, 10_000, 100_000, 1_000_000)
CLAIMS = 50
# The columns of a copy that are its own: `n` counts the copies.
_COPIES = {
    "work_items": {
        "id": ":last + n",
        "reference": "'h' || (:last + n)",
        "lane": "'invoice:h' || (:last + n)",
    },
    "payments": {
        "item_id": ":last + n",
        "payment_guid": "'h' || (:last + n)",
        "invoice_number": "'h' || (:last + n)",
    },
}
_numbers = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Deliveries a second, of the bare loop and of the adapter, in one run."""

    bare: float
    embedded: float


@contextmanager
def receiver() -> Iterator[World]:
    """Run the sandbox in another process; yield a twin of its world, for keys and invoices."""
    command = [sys.executable, "-c", "from sandbox.cli import main; main()", "up"]
    process = subprocess.Popen(
        [*command, "--port", "0", "--seed", str(SEED), "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield World(seed=SEED, base_url=json.loads(process.stdout.readline())["url"])
    finally:
        process.terminate()
        process.communicate()


def settings_for(world: World, ledger: str) -> dict[str, Any]:
    """Return settings by which payments of one invoice do not wait for one another's receipts."""
    settings = adapter_settings(world, ledger=ledger, receipts_feed=False)
    for biller in settings["billers"].values():
        biller["guard"] = {"settle_seconds": 0.001}
    return settings


@contextmanager
def adapter_for(world: World, folder: Path) -> Iterator[tuple[Adapter, ThreadTimer]]:
    configure_logging(level=40)
    settings = settings_for(world, f"sqlite:///{folder / 'adapter.db'}")
    clock = SystemClock()
    timer = ThreadTimer(clock)
    adapter = build(
        StaticSettings(settings),
        clock=clock,
        timer=timer,
        make_ledger=True,
        begun=clock.now() - 2 * MARGIN,
    )
    try:
        yield adapter, timer
    finally:
        adapter.stop()


def next_payment(world: World) -> Payment:
    """Let somebody pay an invoice, each invoice in its turn."""
    biller = world.billers[0]
    number = next(_numbers)
    invoices = world.book(SpectrumBook).invoices_of(biller)
    policy = invoices[number % len(invoices)].policy
    return Payment(
        biller=biller.slug,
        payment_guid=str(UUID(int=number, version=4)),
        invoice_number=policy.invoice_number,
        account_number=policy.policy_number,
        customer_name=policy.customer_name,
        paid_at=datetime.now(UTC),
        amount=Decimal("1.00"),
        fee=Decimal("0.00"),
        payment_reference="IC123456789",
        payment_message="Approved",
        method=PaymentMethod.ACH,
        approved=True,
    )


def accept(ledger: Ledger, payment: Payment) -> None:
    now = datetime.now(UTC)
    ledger.outbox(PAYMENTS.item).accept(payment, source=Source.DATA_PUMP, now=now)


def measure_speed() -> Speed:
    """Deliver in turns; what is accepted already is posted, as after an outage."""
    bare, embedded = [], []
    with (
        receiver() as world,
        tempfile.TemporaryDirectory() as name,
        adapter_for(world, Path(name)) as (adapter, _),
        bare_loop(world, Path(name)) as deliver,
    ):
        for _ in range(ROUNDS):
            payments = [next_payment(world) for _ in range(DELIVERIES_A_ROUND)]
            bare.append(_timed(lambda: [deliver(payment) for payment in payments]))  # noqa: B023
            for _ in range(DELIVERIES_A_ROUND):
                accept(adapter.ledger, next_payment(world))
            embedded.append(_timed(lambda: adapter.engine.run_job(PAYMENTS.job)))
    return Speed(
        bare=DELIVERIES_A_ROUND / statistics.median(bare),
        embedded=DELIVERIES_A_ROUND / statistics.median(embedded),
    )


@contextmanager
def bare_loop(world: World, folder: Path) -> Iterator[Callable[[Payment], None]]:
    """Yield what posts one receipt and commits one row to disk, and nothing else."""
    keys = world.billers[0].payment_credentials
    api = f"{world.base_url}/spectrum/wsSpectrumAPICore/api"
    with (
        open_client(timeout_seconds=10) as client,
        closing(sqlite3.connect(folder / "bare.db", isolation_level=None)) as rows,
    ):
        rows.execute("PRAGMA journal_mode = WAL")
        rows.execute("PRAGMA synchronous = FULL")
        rows.execute("CREATE TABLE deliveries (guid TEXT, answer TEXT)")
        document = {"token": keys.token, "username": keys.username, "password": keys.password}
        token = client.post(f"{api}/Token", json=document).json()["data"]["attributes"]["token"]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        zone = ZoneInfo(world.billers[0].time_zone)

        def deliver(payment: Payment) -> None:
            content = receipt_json(payment, zone)
            answer = client.post(f"{api}/OnlineReceipt", content=content, headers=headers)
            answer.raise_for_status()
            row = (payment.payment_guid, answer.text)
            rows.execute("INSERT INTO deliveries VALUES (?, ?)", row)

        yield deliver


def measure_wait() -> float:
    """Return the milliseconds from accepting to posting that 99 of 100 payments stay below."""
    with (
        receiver() as world,
        tempfile.TemporaryDirectory() as name,
        adapter_for(world, Path(name)) as (adapter, timer),
    ):
        doors = DoorServer(create_app(adapter), host="127.0.0.1", port=0)
        doors.start()
        timer.start()
        adapter.start()
        try:
            _tell_steadily(world, doors.url)
            _wait_for_the_end(adapter.ledger)
        finally:
            adapter.engine.stop()
            timer.stop()
            doors.stop()
        rows = adapter.ledger.items(PAYMENTS.item).page(limit=PAYMENTS_TOLD)
        waits = [(row.sent_at - row.accepted_at).total_seconds() * 1000 for row in rows]
    return statistics.quantiles(waits, n=100)[98]


def _tell_steadily(world: World, url: str) -> None:
    biller = world.billers[0]
    path = f"{url}/billers/{biller.slug}/payments"
    began = time.perf_counter()
    with httpx.Client(auth=(biller.biller_guid, biller.door_key), trust_env=False) as client:
        for number in range(PAYMENTS_TOLD):
            pause = began + number / PAYMENTS_A_SECOND - time.perf_counter()
            time.sleep(max(0.0, pause))
            notice = _notice(biller.biller_guid, next_payment(world))
            client.post(path, json=notice).raise_for_status()


def _notice(biller_guid: str, payment: Payment) -> dict[str, str]:
    return {
        "BillerGUID": biller_guid,
        "PaymentGUID": payment.payment_guid,
        "InvoiceNumber": payment.invoice_number,
        "AccountNumber": payment.account_number,
        "PaymentDate": f"{payment.paid_at:%Y-%m-%dT%H:%M:%SZ}",
        "PaymentAmount": f"{payment.amount:.2f}",
        "Approved": "True",
    }


def _wait_for_the_end(ledger: Ledger) -> None:
    until = time.monotonic() + WAIT_SECONDS_MAX
    while ledger.next_due_at(PAYMENTS.item) is not None:
        if time.monotonic() > until:
            raise TimeoutError("the payments are not all posted")
        time.sleep(0.05)


def measure_claims() -> dict[int, float]:
    """Return the milliseconds of one claim, by the rows of history in the ledger."""
    measured = {}
    world = World(seed=SEED)
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "ledger.db"
        with closing(open_ledger(f"sqlite:///{file}", make=True)) as ledger:
            before = 0
            for rows in HISTORIES:
                _grow_history(file, ledger, world, rows - before)
                before = rows
                measured[rows] = statistics.median(_claim(ledger, world) for _ in range(CLAIMS))
    return measured


def _claim(ledger: Ledger, world: World) -> float:
    """Time one claim, and leave nothing due behind."""
    outbox, payment = ledger.outbox(PAYMENTS.item), next_payment(world)
    accept(ledger, payment)
    now = datetime.now(UTC)
    claimed = []
    seconds = _timed(
        lambda: claimed.append(outbox.claim_due(payment.biller, now=now, lease_seconds=90))
    )
    outbox.put_off(claimed[0], until=datetime.max.replace(tzinfo=UTC), reason="", now=now)
    return seconds * 1000


def _grow_history(file: Path, ledger: Ledger, world: World, count: int) -> None:
    """Copy one applied payment so often, each copy under a GUID and on an invoice of its own."""
    if not count:
        return
    payment = next_payment(world)
    accept(ledger, payment)
    with closing(sqlite3.connect(file)) as rows:
        chosen = {"guid": payment.payment_guid, "count": count}
        (item_id,) = rows.execute(
            "UPDATE work_items SET state = 'done', next_at = NULL "
            "WHERE reference LIKE :guid || '%' RETURNING id",
            chosen,
        ).fetchone()
        chosen["id"], chosen["last"] = item_id, _last_id(rows)
        for table, own in _COPIES.items():
            names = [row[1] for row in rows.execute(f"PRAGMA table_info({table})")]
            copied = ", ".join(own.get(name, name) for name in names)
            own_id = "id" if table == "work_items" else "item_id"
            rows.execute(
                "WITH RECURSIVE numbers(n) AS "  # noqa: S608  # our own columns, no input
                "(SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count) "
                f"INSERT INTO {table} SELECT {copied} FROM {table}, numbers WHERE {own_id} = :id",
                chosen,
            )
        rows.commit()


def _last_id(rows: sqlite3.Connection) -> int:
    return rows.execute("SELECT max(id) FROM work_items").fetchone()[0]


def _timed(measured: Callable[[], object]) -> float:
    began = time.perf_counter()
    measured()
    return time.perf_counter() - began


if __name__ == "__main__":
    print(measure_speed())
    print("wait p99 ms", measure_wait())
    print(measure_claims())
