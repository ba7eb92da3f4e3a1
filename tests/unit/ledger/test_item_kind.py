"""What each kind is called by, what it must not overlap with, and what reviews about it name."""

from uuid import UUID

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.ledger.schema import work_items

GUID, REJECT = str(UUID(int=1)), str(UUID(int=1001))
INVOICE = "invoice:30254"
# Its reference, its lane, and what a review item about it names.
NAMES = {
    "payment": (
        f"{GUID}:30254",
        INVOICE,
        {"payment_guid": GUID, "invoice_number": "30254"},
    ),
    # Without a payment's GUID: what is asked about a reversal holds back no payment.
    "reversal": (f"{REJECT}:30254", INVOICE, {"invoice_number": "30254"}),
    "enrollment": (GUID, "setting:paperless:30254", {}),
}


def test_the_names_of_an_item(desk):
    payload, kind = desk.payload(), desk.kind
    reference = kind.reference(payload)
    found = (reference, kind.lane(payload), dict(kind.subject(reference)))
    assert found == NAMES[kind.name]


def test_what_it_writes_is_what_its_table_has_and_no_work_item(desk):
    columns = {column.name for column in desk.kind.table.c} - {"item_id"}
    assert set(desk.kind.values(desk.payload())) == columns
    assert not columns & {column.name for column in work_items.c}


def test_names_fit_their_columns(desk):
    """PostgreSQL refuses what is longer; the longest numbers are those that tables allow."""
    payload = desk.payload(lane="9" * 40)
    assert len(desk.kind.reference(payload)) <= work_items.c.reference.type.length
    assert len(desk.kind.lane(payload)) <= work_items.c.lane.type.length
    assert desk.accept(lane="9" * 40).payload == payload


def test_only_of_a_setting_the_newest_alone_counts(bench):
    assert (bench.payments.kind.rank, bench.reversals.kind.rank) == (None, None)
    assert bench.enrollments.accept().rank == f"2026-01-05T08:12:30.123456Z {GUID}"


def test_only_payments_wait_for_reviews(bench):
    kinds = [each.kind for each in (bench.payments, bench.reversals, bench.enrollments)]
    assert [kind.held_by_review for kind in kinds] == [True, False, False]


@pytest.mark.parametrize("kind", [ExceptionKind.SETTING_OVERDUE])
def test_reviews_of_every_kind(desk, kind):
    assert kind in desk.kind.reviews
    assert ExceptionKind.MISMATCH not in desk.kind.reviews, "which is about the content"
