"""Deliveries: the embedded engine against a bare loop, the wait of a payment, the claim's time.

The receiver is the same for both: Spectrum's fake, in a process of its own.
"""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import httpx
from sqlalchemy import create_engine, insert

from adapter.bootstrap import Adapter, build
from adapter.clock import SystemClock, ThreadTimer
from adapter.domain.delivery import DeliveryState, Source
from adapter.domain.payment import Payment, PaymentMethod
from adapter.ledger import open_ledger
from adapter.ledger.schema import deliveries
from adapter.partners.http import open_client
from adapter.partners.spectrum import receipt_json
from adapter.settings import StaticSettings
from sandbox.world.adapter_settings import adapter_settings
from sandbox.world.world import World

ROOT = Path(__file__).parents[2]
DELIVERIES = 300
SEED = 1
WAIT_SECONDS_MAX = 120.0


@contextmanager
def receiver() -> Iterator[World]:
    """Run the sandbox in another process; yield a twin of its world, for keys and invoices."""
    command = [sys.executable, "-c", "from sandbox.cli import main; main()", "up", "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        url = next(word for word in process.stdout.readline().split() if word.startswith("http"))
        yield World(seed=SEED, base_url=url.rstrip("/"))
    finally:
        process.terminate()
        process.communicate()


def payment(world: World, number: int) -> Payment:
    from sandbox.fakes.spectrum.book import SpectrumBook

    biller = world.billers[0]
    invoices = world.book(SpectrumBook).invoices_of(biller)
    invoice = invoices[number % len(invoices)]
    return Payment(
        biller=biller.slug,
        payment_guid=str(UUID(int=number + 1, version=4)),
        invoice_number=invoice.number,
        account_number=invoice.policy.policy_number,
        customer_name=invoice.policy.customer_name,
        paid_at=datetime.now(UTC),
        amount=Decimal("1.00"),
        fee=Decimal("0.00"),
        payment_reference="IC123456789",
        payment_message="Approved",
        method=PaymentMethod.ACH,
        approved=True,
    )
