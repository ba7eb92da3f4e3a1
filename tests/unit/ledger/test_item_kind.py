"""What each kind is called by, what it must not overlap with, and what reviews about it name."""

from uuid import UUID

from adapter.domain.exceptions import ExceptionKind
from adapter.ledger.schema import work_items

GUID = str(UUID(int=1))
RANK = f"2026-01-05T08:12:30.123456Z {GUID}"
# Its reference, its lane, what a review item about it names, its rank, and whether it waits for
# reviews of payments. What is asked about a reversal names no payment: it holds none back.
KINDS = {
    "payment": (
        f"{GUID}:30254",
        "invoice:30254",
        {"payment_guid": GUID, "invoice_number": "30254"},
        None,
        True,
    ),
    "reversal": (f"{GUID}:30254", "invoice:30254", {"invoice_number": "30254"}, None, False),
    "enrollment": (GUID, "setting:paperless:30254", {}, RANK, False),
}


def test_how_an_item_is_called_and_what_it_waits_for(desk):
    kind, item = desk.kind, desk.accept()
    subject = dict(kind.subject(item.reference))
    found = (item.reference, item.lane, subject, item.rank, kind.held_by_review)
    assert found == KINDS[kind.name]
    assert ExceptionKind.SETTING_OVERDUE in kind.reviews
    assert ExceptionKind.MISMATCH not in kind.reviews, "which is about the content"


def test_the_longest_names_that_the_tables_allow_fit_their_columns(desk):
    payload = desk.payload(lane="9" * 40)
    assert len(desk.kind.reference(payload)) <= work_items.c.reference.type.length
    assert len(desk.kind.lane(payload)) <= work_items.c.lane.type.length
    assert desk.accept(lane="9" * 40).payload == payload
