"""Echoes are compared by value: another's receipt is found, another way of writing is not."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter.partners.spectrum_echo import differing_echo, is_no_receipt

GUID = "aaaaaaaa-0000-4000-8000-000000000001"
QUICK = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
BLANKS = st.sampled_from(["", " ", "\t", "\r\n"])


@st.composite
def written_guids(draw, guid=GUID):
    """Write a GUID in one of the shapes that .NET and others write."""
    text = draw(st.sampled_from([guid, guid.replace("-", "")]))
    text = "".join(draw(st.sampled_from([c, c.upper()])) for c in text)
    return draw(BLANKS) + draw(st.sampled_from(["{%s}", "%s", "(%s)"])) % text + draw(BLANKS)


@st.composite
def written_amounts(draw, amount):
    """Write an amount as a number or a text, with any zeros around it."""
    shape = draw(st.sampled_from(["number", "text", "exponent", "whole"]))
    padded = amount.quantize(Decimal(1).scaleb(-draw(st.integers(2, 8))))
    if shape == "number":
        return padded
    if shape == "whole" and amount == amount.to_integral_value():
        return int(amount)
    if shape == "exponent":
        return f"{amount.scaleb(2):f}e-2"
    return draw(BLANKS) + "0" * draw(st.integers(0, 5)) + format(padded, "f") + draw(BLANKS)


@given(data=st.data(), cents=st.integers(1, 10**15))
@QUICK
def test_the_same_value_agrees_however_it_is_written(changed, data, cents):
    amount = Decimal(cents).scaleb(-2)
    zeros = "0" * data.draw(st.integers(0, 9))
    told = {
        "amount": data.draw(written_amounts(amount)),
        "referencenumber": data.draw(written_guids()),
        "invoicenumber": data.draw(st.sampled_from([30254, f"{zeros}30254", " 30 254 "])),
        "policynumber": data.draw(
            st.sampled_from([900100, f"{zeros}900100 ", Decimal("900100.0")])
        ),
        "approved": data.draw(st.sampled_from([True, "True", "true", "TRUE", 1, "1"])),
    }
    told = {name: told[name] for name in data.draw(st.sets(st.sampled_from(sorted(told))))}
    assert differing_echo(told, changed(amount=amount)) == ""


@given(data=st.data(), cents=st.integers(1, 10**15), other=st.integers(-(10**15), 10**15))
@QUICK
def test_another_amount_is_found_however_it_is_written(changed, data, cents, other):
    told = data.draw(written_amounts(Decimal(other).scaleb(-2))) if other > 0 else other
    differs = other != cents
    payment = changed(amount=Decimal(cents).scaleb(-2))
    assert bool(differing_echo({"amount": told}, payment)) is differs


@given(other=st.uuids())
@QUICK
def test_another_guid_is_found(payment, other):
    differs = str(other) != GUID
    assert bool(differing_echo({"referencenumber": str(other)}, payment)) is differs


@pytest.mark.parametrize(
    ("name", "echo"),
    [
        ("amount", "731.38"),
        ("amount", 731),
        ("amount", "-731.37"),
        ("amount", "731.3701"),
        ("amount", "$731.37"),
        ("amount", "NaN"),
        ("amount", ""),
        ("amount", True),
        ("amount", ["731.37"]),
        ("referenceNumber", "another"),
        ("referenceNumber", ""),
        ("invoiceNumber", "30255"),
        ("invoiceNumber", "302540"),
        ("invoiceNumber", True),
        ("invoiceNumber", {}),
        ("policyNumber", "900101"),
        ("policyNumber", ""),
        ("approved", False),
        ("approved", "False"),
        ("approved", "0"),
        ("approved", "maybe"),
    ],
)
def test_a_field_of_another_receipt_is_named(payment, name, echo):
    assert differing_echo({name.casefold(): echo}, payment) == name


@pytest.mark.parametrize(
    "names", [[], ["amount", "approved", "policynumber", "invoicenumber", "referencenumber"]]
)
def test_what_is_missing_or_null_proves_nothing(payment, names):
    assert differing_echo(dict.fromkeys(names), payment) == ""


def test_a_policy_that_is_no_number_is_compared_as_text(changed):
    payment = changed(account_number="HO-0017")
    assert differing_echo({"policynumber": "ho-0017 "}, payment) == ""
    assert differing_echo({"policynumber": "HO-17"}, payment) == "policyNumber"


@pytest.mark.parametrize(
    "receipt_id",
    [
        *(None, 0, -1, "0", "00", "-17", " ", "", "null", "NULL", "None", Decimal("0.0"), "0.00"),
        *("{00000000-0000-0000-0000-000000000000}", "0" * 32),
    ],
)
def test_a_receipt_id_that_is_none(receipt_id):
    assert is_no_receipt(receipt_id)


@pytest.mark.parametrize("receipt_id", [1, "1001", "R-1", "-R", GUID, Decimal(1001)])
def test_a_receipt_id_that_is_one(receipt_id):
    assert not is_no_receipt(receipt_id)


@pytest.mark.parametrize("receipt_id", [True, False, [], {}])
def test_what_is_neither_is_for_another_rule(receipt_id):
    """A truth or a list says nothing of a receipt: doubt, not outcome (b)."""
    assert not is_no_receipt(receipt_id)
