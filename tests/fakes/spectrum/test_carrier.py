"""Synthetic carriers: the same for the same seed, plausible, and no two invoices alike."""

import re
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal

from sandbox.world.carrier import make_policies
from sandbox.world.clock import DEMO_START
from sandbox.world.world import World


def policies(seed=1, biller=0, **options):
    world = World(**{"seed": seed, "start": DEMO_START, "billers": 2, **options})
    return make_policies(world, world.billers[biller])


def test_same_seed_invents_the_same_carrier():
    assert policies(seed=7) == policies(seed=7)
    assert policies(seed=7) != policies(seed=8)
    assert policies(biller=0) != policies(biller=1)


def test_first_invoice_is_the_example_of_the_technical_design():
    first = policies()[0]
    assert (first.invoice_number, first.billed) == ("30254", Decimal("731.37"))


def test_invoice_numbers_ascend_and_are_unique_across_billers():
    world = World(seed=1, start=DEMO_START, billers=4, open_invoices=500)
    numbers = [int(p.invoice_number) for b in world.billers for p in make_policies(world, b)]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == 2000


def test_policies_are_plausible():
    told = policies(open_invoices=300)
    dates = [policy.invoice_date for policy in told]
    assert dates == sorted(dates)
    assert len({policy.policy_number for policy in told}) == 300
    for policy in told:
        assert re.fullmatch("[1-9][0-9]{6}", policy.policy_number)
        assert bool(policy.organization_name) != bool(policy.first_name and policy.last_name)
        assert policy.customer_name
        assert policy.billed == policy.billed.quantize(Decimal("0.01"))
        assert policy.billed > 0
        assert re.fullmatch("[0-9]{5}", policy.zip_code)
        assert re.fullmatch("[A-Z]{2}", policy.state)
        assert policy.address1
        assert policy.city
        assert policy.invoice_date <= date(2026, 1, 5) < policy.due_date
        assert policy.invoice_date + timedelta(days=21) <= policy.due_date
        if policy.autopay_date:
            assert policy.invoice_date < policy.autopay_date <= policy.due_date
        texts = [value for value in vars(policy).values() if isinstance(value, str)]
        assert all(re.fullmatch(r"[\x20-\x7b\x7d]*", text) for text in texts)
    assert any(policy.billed % 1 for policy in told)
    for has in (
        lambda policy: policy.organization_name,
        lambda policy: policy.email_address,
        lambda policy: policy.address2,
        lambda policy: policy.autopay_date,
    ):
        share = sum(bool(has(policy)) for policy in told) / len(told)
        assert 0.1 < share < 0.7


def test_world_without_invoices_is_possible():
    assert policies(open_invoices=0) == ()


def test_wire_imports_without_the_slow_libraries():
    """Faker, the schema checker, YAML and the JWT library wait until somebody needs them."""
    code = (
        "import sys, sandbox.fakes.spectrum.api, sandbox.fakes.spectrum.feed\n"
        "slow = {'faker', 'jsonschema_rs', 'yaml', 'jwt'} & set(sys.modules)\n"
        "sys.exit(f'imported too early: {slow}' if slow else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # our own words
