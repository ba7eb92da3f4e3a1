"""An invoice as the extract tells it."""

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal

import pytest

from adapter.domain.invoice import BifProfile, Invoice, Questionnaire

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


def test_other_answers_make_another_bill(invoice):
    """A biller that customized nothing bills what the invoice itself says."""
    profile = BifProfile(
        biller_guid="g", invoice_format_guid="f", time_zone="UTC", replacement=None
    )
    answers = [
        Questionnaire(),
        Questionnaire(allow_partial_payments=True),
        Questionnaire(notify_days=(1, None, None)),
        Questionnaire(notify_days=(None, 1, None)),
        Questionnaire(notify_days=(-1, None, None)),
    ]
    prints = {replace(profile, questionnaire=a).fingerprint(invoice) for a in answers}
    assert len(prints) == len({a.edition() for a in answers}) == len(answers)
    assert profile.fingerprint(invoice) == invoice.fingerprint()
    assert [a.notifies for a in answers] == [False, False, True, True, True]
    assert replace(profile, questionnaire=answers[1]).partial_payments == "1"
    assert profile.partial_payments == "0"
