"""An invoice as the extract tells it."""

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal

import pytest

from adapter.domain.invoice import Invoice

OTHER = {str: "something else", date: date(2031, 3, 4), Decimal: Decimal("0.01")}


def test_customer_is_the_organization_or_the_person(invoice):
    assert invoice.customer_name == "Renée O'Brien"
    assert replace(invoice, organization_name="Acme LLC").customer_name == "Acme LLC"
    assert replace(invoice, first_name="").customer_name == "O'Brien"


@pytest.mark.parametrize("field", [field.name for field in fields(Invoice)])
def test_fingerprint_covers_every_field(invoice, field):
    """A change of any of them has to reach the payer's bill."""
    kind = type(getattr(invoice, field))
    changed = replace(invoice, **{field: OTHER.get(kind, date(2031, 3, 4))})
    assert changed.fingerprint() != invoice.fingerprint()
    assert replace(invoice).fingerprint() == invoice.fingerprint()


def test_fields_do_not_run_into_each_other(invoice):
    one = replace(invoice, city="Camp", state="Point")
    other = replace(invoice, city="CampPoint", state="")
    assert one.fingerprint() != other.fingerprint()


def test_fingerprint_takes_any_text(invoice):
    """A half surrogate, which no file can carry, is refused by the writer and not here."""
    assert replace(invoice, city="\ud800").fingerprint()
