"""How an invoice becomes its rows."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from adapter.bif.problems import Rule
from adapter.bif.rows import (
    INVOICE_ATTRIBUTES,
    PROFILE_ATTRIBUTES,
    InvoiceRows,
    RefusedInvoice,
    date_text,
)
from adapter.domain.invoice import BifDialect, Questionnaire
from adapter.errors import BadInputError, ConfigurationError
from contracts.loader import bif_fields


def values_in(rows):
    return {
        int(part.partition("~")[0]): part.partition("~")[2]
        for row in rows.splitlines()
        for part in row.split("|")
    }


def test_every_column_below_the_header_has_a_constant_or_a_source():
    below = {c.id for c in bif_fields() if c.record != "FH" and c.value is None}
    assert below == (set(INVOICE_ATTRIBUTES) | set(PROFILE_ATTRIBUTES)) - {2}


def test_an_invoice_is_written_as_e2_says(header, invoice_with):
    rows = InvoiceRows(header.profile).write(invoice_with(autopay_date=date(2026, 1, 20)))
    assert rows == (
        "7~IH|8~R|9~0b6f1c52-93de-4f0a-8a5d-6f2e4c7b9d11|10~30254|11~01/02/2026|12~01/27/2026"
        "|13~731.37|20~0|21~731.37|183~Spectrum|248~01/20/2026|252~1|375~1\n"
        "58~CR|59~1204117|60~Renée O'Brien|61~12 Maple Ave|62~|63~Camp Point|64~IL|65~62320"
        "|67~|356~0|357~0|409~1\n"
        "70~ID|72~1204117|79~731.37\n"
    )


@pytest.mark.parametrize(
    ("balance", "written"),
    [
        ("0.00", "0.00"),
        ("5", "5.00"),
        ("1E+2", "100.00"),
        ("731.3700", "731.37"),
        ("-0", "0.00"),
        ("-5", "0.00"),
    ],
)
def test_money_has_two_decimals_however_it_came(header, invoice_with, balance, written):
    rows = InvoiceRows(header.profile).write(invoice_with(balance_due=Decimal(balance)))
    values = values_in(rows)
    assert (values[13], values[21], values[79]) == (written, written, written)


@pytest.mark.parametrize(
    ("changes", "file_spec_id", "rule"),
    [
        ({"invoice_number": "INV-1"}, 10, Rule.FORMAT),
        ({"invoice_number": ""}, 10, Rule.REQUIRED),
        ({"invoice_number": "007"}, 10, Rule.FORMAT),
        ({"policy_number": "HO 1"}, 59, Rule.FORMAT),
        ({"first_name": "", "last_name": ""}, 60, Rule.REQUIRED),
        ({"last_name": "Smith | Sons"}, 60, Rule.RESERVED_CHARACTER),
        ({"address1": "a\nb"}, 61, Rule.RESERVED_CHARACTER),
        ({"email_address": "a~b@example.com"}, 67, Rule.RESERVED_CHARACTER),
        ({"city": "\udc80"}, 63, Rule.RESERVED_CHARACTER),
        ({"balance_due": Decimal("5.001")}, 13, Rule.FORMAT),
        ({"balance_due": Decimal("NaN")}, 13, Rule.FORMAT),
        ({"balance_due": Decimal("sNaN")}, 13, Rule.FORMAT),
        ({"balance_due": Decimal("Infinity")}, 13, Rule.FORMAT),
        ({"balance_due": Decimal("1E+40")}, 13, Rule.FORMAT),
    ],
)
def test_a_bad_invoice_is_refused_with_its_first_field_and_rule(
    header, invoice_with, changes, file_spec_id, rule
):
    refused = InvoiceRows(header.profile).write(invoice_with(**changes))
    assert isinstance(refused, RefusedInvoice)
    (problem,) = refused.problems
    assert (problem.file_spec_id, problem.rule) == (file_spec_id, rule)


def test_a_refusal_names_the_invoice_and_every_reason(header, invoice_with):
    refused = InvoiceRows(header.profile).write(
        invoice_with(policy_number="HO-1", city="a|b", balance_due=Decimal("5.001"))
    )
    assert str(refused) == (
        "invoice 30254 is left out of the file: "
        '13 TotalAmountDue = "5.001": format: '
        "money is at most 15 digits with two decimals, no sign, no comma; write it as in 12.34; "
        '59 AccountNumber = "HO-1": format: '
        "an integer is at most 18 digits, the first not 0; write it as in 30254; "
        '63 City = "a|b": reserved_character: '
        "no value can carry U+007C, it has no escape; take it out or replace it"
    )
    errors = refused.errors()
    assert [error.field for error in errors] == [
        "invoice 30254, 13 TotalAmountDue",
        "invoice 30254, 59 AccountNumber",
        "invoice 30254, 63 City",
    ]
    assert all(isinstance(error, BadInputError) for error in errors)


@pytest.mark.parametrize("replacement", ["/", " ", "\\", "%"])
def test_a_billers_character_stands_in_for_what_a_text_cannot_carry(
    header, invoice_with, replacement
):
    rows = InvoiceRows(replace(header.profile, replacement=replacement))
    values = values_in(rows.write(invoice_with(address1="a|b~c\nd")))
    assert values[61] == f"a{replacement}b{replacement}c{replacement}d"


def test_a_replacement_makes_no_number_and_no_name(header, invoice_with):
    rows = InvoiceRows(replace(header.profile, replacement=" "))
    refused = rows.write(invoice_with(policy_number="12|34", organization_name="|"))
    assert [p.file_spec_id for p in refused.problems] == [59, 60]


@pytest.mark.parametrize("replacement", ["|", "~", "\n", "", "ab"])
def test_a_replacement_that_no_file_can_carry_is_a_wrong_setting(header, replacement):
    with pytest.raises(ConfigurationError, match="reserved_characters"):
        InvoiceRows(replace(header.profile, replacement=replacement))


def test_the_header_row_tells_its_figures(header):
    row = header.row(invoice_count=2, total=Decimal("10.5"))
    assert row == (
        "1~FH|2~5f0c9a3e-7d41-4b86-9c2e-1a6b3d8f4e70|3~imt-20260105|4~01/05/2026|5~2|6~10.50"
    )


def test_dates_have_all_their_digits():
    assert date_text(date(987, 1, 2)) == "01/02/0987"
    assert date_text(None) == ""


def test_a_customized_invoice_has_its_notify_dates(header, invoice_with):
    """All three columns stand there as soon as one is asked for."""
    answers = Questionnaire(allow_partial_payments=True, notify_days=(-10, None, 3))
    profile = replace(header.profile, questionnaire=answers)
    assert "|13~731.37|14~01/17/2026|15~|16~01/30/2026|20~1|21~731.37|" in (
        InvoiceRows(profile).write(invoice_with())
    )


def test_a_notify_date_beyond_the_calendar_is_none(header, invoice_with):
    profile = replace(header.profile, questionnaire=Questionnaire(notify_days=(None, None, 9)))
    rows = InvoiceRows(profile).write(invoice_with(due_date=date(9999, 12, 31)))
    assert "|14~|15~|16~|" in rows


def test_a_positional_invoice_is_values_only(header, invoice_with):
    profile = replace(header.profile, dialect=BifDialect.POSITIONAL)
    rows = InvoiceRows(profile).write(invoice_with(organization_name="100% Seed"))
    assert rows == (
        "IH|R|0b6f1c52-93de-4f0a-8a5d-6f2e4c7b9d11|30254|01/02/2026|01/27/2026|731.37|0|731.37"
        "|Spectrum||1|1\n"
        "CR|1204117|100% Seed|12 Maple Ave||Camp Point|IL|62320||0|0|1\n"
        "ID|1204117|731.37\n"
    )
