"""Invoices to write, and the header of their file."""

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from adapter.bif.rows import FileHeader
from adapter.bif.sample import write_sample
from adapter.domain.invoice import BifDialect, BifProfile, Invoice

INVOICE = Invoice(
    invoice_number="30254",
    policy_number="1204117",
    organization_name="",
    first_name="Renée",
    last_name="O'Brien",
    address1="12 Maple Ave",
    address2="",
    city="Camp Point",
    state="IL",
    zip_code="62320",
    email_address="",
    invoice_date=date(2026, 1, 2),
    due_date=date(2026, 1, 27),
    balance_due=Decimal("731.37"),
    autopay_date=None,
)


@pytest.fixture(scope="session")
def header():
    profile = BifProfile(
        biller_guid="5f0c9a3e-7d41-4b86-9c2e-1a6b3d8f4e70",
        invoice_format_guid="0b6f1c52-93de-4f0a-8a5d-6f2e4c7b9d11",
        time_zone="America/Chicago",
        replacement=None,
    )
    return FileHeader(profile=profile, reference="imt-20260105", created_on=date(2026, 1, 5))


@pytest.fixture(scope="session")
def invoice_with():
    """Return a maker of invoices that differ from a plain one in what is named."""
    return lambda **changes: replace(INVOICE, **changes)


def sample(count: int = 4, seed: int = 3, dialect: BifDialect = BifDialect.TAGGED) -> bytes:
    """Return a valid file."""
    out = io.BytesIO()
    write_sample(count, seed, out, dialect)
    return out.getvalue()


@pytest.fixture(scope="session")
def sample_lines():
    """Return the rows of a valid file of four invoices, without their line ends."""
    return tuple(sample().decode().splitlines())


@pytest.fixture(scope="session")
def positional_lines():
    return tuple(sample(dialect=BifDialect.POSITIONAL).decode().splitlines())
