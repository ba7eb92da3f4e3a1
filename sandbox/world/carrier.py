"""Synthetic carriers: policies with payers who do not exist, invented by Faker from the seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from sandbox.world.billers import Biller
from sandbox.world.world import World

if TYPE_CHECKING:
    from faker import Faker

# The first invoice and its balance are the technical design's own example (A2).
FIRST_INVOICE_NUMBER = 30254
FIRST_BALANCE = Decimal("731.37")
INVOICE_NUMBER_STEP_MAX = 7
OLDEST_INVOICE_DAYS = 14
STATES = ("IL", "IA", "MO", "IN", "WI")
ORGANIZATIONS = 0.25
EMAIL_ADDRESSES = 0.6
SECOND_ADDRESS_LINES = 0.2
AUTOPAY = 0.2
# As many carriers as one process is likely to look at; the oldest are invented again.
CARRIERS_KEPT_MAX = 64


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A policy and its open invoice; `billed` is in dollars, days are the biller's."""

    invoice_number: str
    policy_number: str
    organization_name: str
    first_name: str
    last_name: str
    address1: str
    address2: str
    city: str
    state: str
    zip_code: str
    email_address: str
    invoice_date: date
    due_date: date
    autopay_date: date | None
    billed: Decimal

    @property
    def customer_name(self) -> str:
        return self.organization_name or f"{self.first_name} {self.last_name}"


def make_policies(world: World, biller: Biller) -> tuple[Policy, ...]:
    """Return the policies that a biller has when its world is born, by invoice number."""
    today = world.born_at.astimezone(biller.zone).date()
    index = [other.slug for other in world.billers].index(biller.slug)
    return _invent(world.seed, index, world.open_invoices, today)


def invent_policy(
    world: World, biller: Biller, *, numbers: tuple[int, int], issued: date, billed: Decimal
) -> Policy:
    """Invent a policy that a biller writes later on; `numbers` are the invoice's and its own."""
    invoice_number, policy_number = numbers
    purpose = f"{world.seed}:{biller.slug}:policy:{policy_number}"
    chance = random.Random(purpose)  # noqa: S311  # invented, for a sandbox
    faker = _faker(purpose)
    policy = _invent_policy(faker, chance, invoice_number, policy_number, issued)
    return replace(policy, billed=billed)


@lru_cache(maxsize=CARRIERS_KEPT_MAX)
def _invent(seed: int, index: int, count: int, today: date) -> tuple[Policy, ...]:
    chance = random.Random(f"{seed}:carrier:{index}")  # noqa: S311  # invented, for a sandbox
    faker = _faker(f"{seed}:carrier:{index}")
    policy_numbers = chance.sample(range(1_000_000, 10_000_000), count)
    ages_days = sorted(
        (chance.randint(0, OLDEST_INVOICE_DAYS) for _ in range(count)), reverse=True
    )
    number = FIRST_INVOICE_NUMBER + index * count * INVOICE_NUMBER_STEP_MAX
    policies = []
    for policy_number, age_days in zip(policy_numbers, ages_days, strict=True):
        issued = today - timedelta(days=age_days)
        policies.append(_invent_policy(faker, chance, number, policy_number, issued))
        number += chance.randint(1, INVOICE_NUMBER_STEP_MAX)
    return tuple(policies)


def _faker(seed: str) -> Faker:
    from faker import Faker  # a third of a second, so not before somebody looks

    kinds = ("address", "company", "person")
    providers = [f"faker.providers.{kind}" for kind in kinds]
    faker = Faker("en_US", providers=providers, use_weighting=False)  # eight times faster
    faker.seed_instance(seed)
    return faker


def _invent_policy(
    faker: Faker, chance: random.Random, number: int, policy_number: int, invoice_date: date
) -> Policy:
    first, last = faker.first_name(), faker.last_name()
    organization = faker.company() if chance.random() < ORGANIZATIONS else ""
    has_email = chance.random() < EMAIL_ADDRESSES
    has_second_line = chance.random() < SECOND_ADDRESS_LINES
    state = chance.choice(STATES)
    due_date = invoice_date + timedelta(days=chance.randint(21, 30))
    autopay_date = due_date - timedelta(days=chance.randint(0, 3))
    billed = Decimal(chance.randint(4_500, 250_000)).scaleb(-2)
    return Policy(
        invoice_number=str(number),
        policy_number=str(policy_number),
        organization_name=organization,
        first_name="" if organization else first,
        last_name="" if organization else last,
        address1=f"{faker.building_number()} {faker.street_name()}",
        address2=faker.secondary_address() if has_second_line else "",
        city=faker.city(),
        state=state,
        zip_code=faker.zipcode_in_state(state),
        email_address=f"{first}.{last}@example.com".lower() if has_email else "",
        invoice_date=invoice_date,
        due_date=due_date,
        autopay_date=autopay_date if chance.random() < AUTOPAY else None,
        billed=FIRST_BALANCE if number == FIRST_INVOICE_NUMBER else billed,
    )
