"""Synthetic invoices and a sample BIF to try a receiver with; the same seed, the same bytes."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import IO

from adapter.bif.rows import FileHeader
from adapter.bif.writer import WrittenBif, write_bif
from adapter.domain.invoice import BifDialect, BifProfile, Invoice
from adapter.errors import BadInputError

CREATED_ON = date(2026, 1, 5)
INVOICES_MAX = 1_000_000
FIRST_INVOICE_NUMBER = 30_254
FIRST_POLICY_NUMBER = 1_204_117

_FIRST_NAMES = (
    *("Ada", "Amos", "Beatriz", "Caleb", "Clara", "Dolores", "Edwin", "Elena", "Emmett", "Greta"),
    *("Harold", "Ines", "Irene", "Jasper", "Joan", "Lloyd", "Mabel", "Marcus", "Nadia", "Otto"),
    *("Paula", "Quentin", "Renée", "Ruth", "Silas", "Teresa", "Vernon", "Wanda", "Yusuf", "Zoe"),
)
_LAST_NAMES = (
    *("Abbott", "Bauer", "Carver", "Dietrich", "Eriksen", "Fuentes", "Gallagher", "Hansen"),
    *("Ibarra", "Jansen", "Keller", "Lindqvist", "Muñoz", "Novak", "O'Brien", "Petersen"),
    *("Quinn", "Rasmussen", "Schmidt", "Thorpe", "Ulrich", "Vandermeer", "Whitaker", "Zimmerman"),
)
_TRADES = ("Farms", "Grain & Feed", "Heating", "Dairy", "Hardware", "Auto Body", "Bakery", "Seed")
_FORMS = ("LLC", "Inc.", "Co.", "& Sons")
_STREETS = (
    *("Main St", "Maple Ave", "County Road 12", "2nd St SW", "Prairie View Dr", "Cedar Ln"),
    *("Old Mill Rd", "Lincoln Way", "River Rd", "Elm St", "N Division St", "State Hwy 92"),
)
_PLACES = (
    *(("Camp Point", "IL", "62320"), ("Quincy", "IL", "62301"), ("Galesburg", "IL", "61401")),
    *(("Ames", "IA", "50010"), ("Pella", "IA", "50219"), ("Decorah", "IA", "52101")),
    *(("Mankato", "MN", "56001"), ("Winona", "MN", "55987"), ("Kearney", "NE", "68847")),
    *(("Hannibal", "MO", "63401"), ("Sedalia", "MO", "65301"), ("Yankton", "SD", "57078")),
)


def write_sample(
    count: int, seed: int, out: IO[bytes], dialect: BifDialect = BifDialect.TAGGED
) -> WrittenBif:
    """Write a BIF of `count` synthetic invoices; needs no configuration."""
    chance = _stream(seed, "profile")
    profile = BifProfile(
        biller_guid=_guid(chance),
        invoice_format_guid=_guid(chance),
        time_zone="America/Chicago",
        replacement=None,
        dialect=dialect,
    )
    header = FileHeader(profile=profile, reference=f"sample-{seed}", created_on=CREATED_ON)
    return write_bif(sample_invoices(count, seed), header, out)


def sample_invoices(count: int, seed: int) -> Iterator[Invoice]:
    """Yield synthetic invoices with ascending numbers.

    About one in six goes to an organization, one in three has no e-mail, one in four is paid
    automatically, one in thirty is paid up.
    """
    if not 0 <= count <= INVOICES_MAX:
        raise BadInputError(
            field="invoices",
            value=str(count),
            rule=f"a sample has 0 to {INVOICES_MAX} invoices",
            remedy="Ask for fewer",
        )
    chance = _stream(seed, "invoices")
    return (_invoice(chance, index) for index in range(count))


def _invoice(chance: random.Random, index: int) -> Invoice:
    first, last = chance.choice(_FIRST_NAMES), chance.choice(_LAST_NAMES)
    is_organization = chance.random() < 1 / 6
    trade = f"{last} {chance.choice(_TRADES)} {chance.choice(_FORMS)}"
    city, state, zip_code = chance.choice(_PLACES)
    invoice_date = CREATED_ON - timedelta(days=chance.randrange(28))
    due_date = invoice_date + timedelta(days=chance.choice((20, 25, 30)))
    cents = 0 if chance.random() < 1 / 30 else chance.randrange(2_500, 320_000)
    return Invoice(
        invoice_number=str(FIRST_INVOICE_NUMBER + 3 * index + chance.randrange(3)),
        policy_number=str(FIRST_POLICY_NUMBER + 7 * index + chance.randrange(7)),
        organization_name=trade if is_organization else "",
        first_name="" if is_organization else first,
        last_name="" if is_organization else last,
        address1=f"{chance.randrange(1, 9_999)} {chance.choice(_STREETS)}",
        address2=f"Apt {chance.randrange(1, 40)}" if chance.random() < 1 / 8 else "",
        city=city,
        state=state,
        zip_code=zip_code,
        email_address=_email(first, last, index) if chance.random() < 2 / 3 else "",
        invoice_date=invoice_date,
        due_date=due_date,
        balance_due=Decimal(cents).scaleb(-2),
        autopay_date=due_date if chance.random() < 1 / 4 else None,
    )


def _email(first: str, last: str, index: int) -> str:
    """Return an address that no mail can reach."""
    letters = "".join(c for c in f"{first}.{last}".lower() if c.isascii() and c != "'")
    return f"{letters}{index}@example.com"


def _guid(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def _stream(seed: int, purpose: str) -> random.Random:
    return random.Random(f"bif sample:{seed}:{purpose}")  # noqa: S311  # invented, no secret
