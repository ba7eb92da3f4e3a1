"""Moments and money come back exactly, and order as they should; a biller keeps its rows."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from adapter.domain.work_item import Source, State
from adapter.kinds.payments import PAYMENT
from adapter.ledger import open_ledger
from adapter.ledger.columns import Biller, BillerNames, Cents, Member, Moment

DIALECT = sqlite.dialect()
MOMENTS = st.datetimes(timezones=st.just(UTC))
CENTS = st.integers(min_value=-(10**17), max_value=10**17)


def kept(column, value):
    return column.process_bind_param(value, DIALECT)


def read(column, value):
    return column.process_result_value(value, DIALECT)


@given(MOMENTS)
def test_a_moment_comes_back_to_the_microsecond(moment):
    assert read(Moment(), kept(Moment(), moment)) == moment


@given(MOMENTS, MOMENTS, st.integers(min_value=-14, max_value=14))
def test_moments_order_as_integers_whatever_their_zone(one, other, hours):
    zone = timezone(timedelta(hours=hours))
    if one.year in {1, 9999}:
        return
    assert (kept(Moment(), one.astimezone(zone)) < kept(Moment(), other)) == (one < other)


@given(CENTS)
def test_money_comes_back_with_two_decimals(cents):
    amount = Decimal(cents).scaleb(-2)
    back = read(Cents(), kept(Cents(), amount))
    assert back == amount
    assert back.as_tuple().exponent == -2


def test_a_member_is_kept_by_its_word():
    column = Member(State)
    assert kept(column, State.IN_DOUBT) == "in_doubt"
    assert read(column, "in_doubt") is State.IN_DOUBT


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        (Moment(), datetime(2026, 1, 5), "aware"),  # noqa: DTZ001
        (Cents(), Decimal("10.005"), "whole cents"),  # never rounded
        (Member(State), "unheard of", "unheard of"),
    ],
)
def test_what_a_column_does_not_hold_is_refused(column, value, words):
    with pytest.raises(ValueError, match=words):
        kept(column, value)


@pytest.mark.parametrize("column", [Moment(), Cents(), Member(State)])
def test_nothing_stays_nothing(column):
    assert kept(column, None) is None
    assert read(column, None) is None


GUID = "5f0c9a3e-0000-4000-8000-000000000001"
OTHER_GUID = "5f0c9a3e-0000-4000-8000-000000000002"


def opened_with(bench, **guids):
    return open_ledger(bench.url, billers=lambda: guids)


def accept(bench, ledger, biller, number):
    payment = bench.payments.payload(number, biller=biller, lane=str(number))
    source = Source.DATA_PUMP
    return ledger.outbox(PAYMENT).accept(payment, source=source, now=bench.now).item


def test_a_biller_is_kept_by_its_guid_and_read_by_its_name():
    names = BillerNames(lambda: {"camp-point": GUID})
    dialect = sqlite.dialect()
    dialect.biller_names = names
    column = Biller()
    assert column.process_bind_param("camp-point", dialect) == "camp-point"  # not read yet
    names.refresh()
    assert column.process_bind_param("camp-point", dialect) == GUID
    assert column.process_result_value(GUID, dialect) == "camp-point"
    for stranger in ("no-settings", OTHER_GUID, None):
        assert column.process_bind_param(stranger, dialect) == stranger
        assert column.process_result_value(stranger, dialect) == stranger
    assert column.process_bind_param("camp-point", DIALECT) == "camp-point"  # opened without names


def test_a_renamed_table_of_the_settings_keeps_its_rows(bench, sql):
    guids = {"camp-point": GUID}
    ledger = open_ledger(bench.url, billers=lambda: guids)
    item = accept(bench, ledger, "camp-point", 1)
    assert (item.biller, item.payload.biller) == ("camp-point", "camp-point")
    assert sql("SELECT biller FROM work_items").scalar_one() == GUID
    guids = {"renamed": GUID}
    outbox, items = ledger.outbox(PAYMENT), ledger.items(PAYMENT)
    # Work that began under the old name goes on: it means the same biller.
    assert items.find("camp-point", item.reference).id == item.id
    found = items.find("renamed", item.reference)
    assert (found.id, found.biller, found.payload.biller) == (item.id, "renamed", "renamed")
    assert accept(bench, ledger, "renamed", 1).id == item.id  # known still
    guids = {"renamed": GUID.upper()}  # the same GUID in other letters
    assert outbox.claim_due("renamed", now=bench.now, lease_seconds=9).id == item.id
    guids = {"renamed": OTHER_GUID, "camp-point": GUID}  # another one has its name by now
    accept(bench, ledger, "renamed", 2)
    assert [each.biller for each in items.page(limit=9)] == ["camp-point", "renamed"]
    guids = {}  # their tables are gone: the GUIDs stand for them
    assert [each.biller for each in items.page(limit=9)] == [GUID, OTHER_GUID]
    ledger.close()


def test_two_ledgers_of_one_process_have_names_of_their_own(bench):
    """Also while their statements are the same, and built once for both."""
    ledgers = [opened_with(bench, one=GUID), opened_with(bench, two=GUID)]
    accept(bench, ledgers[0], "one", 1)
    for _ in range(2):
        billers = [ledger.items(PAYMENT).page(limit=9)[0].biller for ledger in ledgers]
        assert billers == ["one", "two"]
        assert bench.payments.items.page(limit=9)[0].biller == GUID  # opened without names
    due = [ledger.next_due_at(PAYMENT, ["one"]) for ledger in ledgers]
    assert due == [bench.now, None]
    for ledger in ledgers:
        ledger.close()
