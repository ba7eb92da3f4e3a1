"""Rows of the ledger as JSON: money as text with two decimals, times in UTC, enums by value."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import jsonschema_rs
import pytest

from adapter.domain.enrollment import EnrollmentKind
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.upload import Upload, UploadState
from adapter.domain.work_item import Cause, Evidence, Source, State
from adapter.doors.ops_views import item_view, story_of, upload_view
from adapter.kinds import ENROLLMENTS, KINDS, PAYMENTS, REVERSALS
from contracts.loader import schema
from tests.unit.doors.conftest import DoorDesk
from tests.unit.ledger.conftest import NOW

MOMENT = "2026-01-05T09:12:30.123456Z"
DETAILS = {
    PAYMENTS: {
        "payment_guid": str(UUID(int=1)),
        "invoice_number": "30254",
        "account_number": "1204117",
        "amount": "10.00",
        "fee": "2.95",
        "method": "ACH",
        "method_reported": "eCheck",
        "paid_at": "2026-01-05T09:11:30.123456Z",
        "balance_before": "731.37",
        "inferred": True,
        "applied_at": MOMENT,
        "confirmed_at": None,
        "state": "applied",
    },
    REVERSALS: {
        "reversal_id": f"{UUID(int=1001)}:30254",
        "reject_guid": str(UUID(int=1001)),
        "payment_guid": str(UUID(int=1)),
        "invoice_number": "30254",
        "account_number": "1204117",
        "amount": "10.00",
        "code": "R01",
        "reason": "Insufficient Funds",
        "returned_at": "2026-01-05T08:57:30.123456Z",
        "seen_at": MOMENT,
        "handed_over_at": None,
        "reversed_at": MOMENT,
        "state": "reversed",
    },
    ENROLLMENTS: {
        "event_guid": str(UUID(int=1)),
        "account_number": "30254",
        "kind": "autopay",
        "enrolled": True,
        "changed_at": "2026-01-05T08:12:30.123456Z",
        "delivered_at": MOMENT,
        "state": "delivered",
    },
}
FIELDS = {
    PAYMENTS: {"amount": Decimal(10), "method_reported": "eCheck"},
    REVERSALS: {"amount": Decimal(10)},
    ENROLLMENTS: {"kind": EnrollmentKind.AUTOPAY},
}


@pytest.fixture(params=KINDS, ids=lambda kind: kind.command)
def kind(request):
    return request.param


@pytest.fixture
def desk(adapter, kind):
    return DoorDesk(adapter.ledger, kind.item)


@pytest.fixture
def story(adapter, kind):
    """Return an item's whole story, which keeps to the contract."""
    name = f"{kind.ops_name.capitalize()}Story"
    validator = jsonschema_rs.validator_for(schema("adapter", name))

    def story_now(item):
        told = story_of(adapter.ledger, kind, item, now=NOW)
        validator.validate(told)
        return told

    return story_now


def test_an_item_is_shown_by_its_contract(desk, kind, story):
    desk.accept(source=Source.DATA_PUMP, correlation_id="IC-1", **FIELDS[kind])
    item = desk.record(desk.send(), State.DONE, evidence=Evidence.BALANCE, receipt_id=None)
    common = {
        "number": 1,
        "biller": "alpha-mutual",
        "source": "data_pump",
        "correlation_id": "IC-1",
        "attempts": 1,
        "accepted_at": MOMENT,
        "next_at": None,
        "sent_at": MOMENT,
        "receipt_id": None,
        "evidence": "balance",
        "last_error": "",
    }
    item = desk.find(item)
    assert item_view(kind, item) == common | DETAILS[kind]
    assert story(item)[kind.ops_name] == common | DETAILS[kind]


@pytest.mark.parametrize("evidence", [None, Evidence.ANSWER, Evidence.RECEIPTS_FEED])
def test_only_a_balance_infers(adapter, evidence):
    desk = DoorDesk(adapter.ledger, PAYMENTS.item)
    desk.accept()
    done = desk.record(desk.send(), State.DONE, evidence=evidence)
    assert item_view(PAYMENTS, done)["inferred"] is False


def test_a_file_in_spectrums_inbox_says_since_when(adapter):
    desk = DoorDesk(adapter.ledger, REVERSALS.item)
    desk.accept()
    handed = desk.record(desk.send(), State.UNCONFIRMED, next_at=NOW)
    shown = item_view(REVERSALS, handed)
    assert (shown["state"], shown["handed_over_at"], shown["reversed_at"]) == (
        "handed_over",
        MOMENT,
        None,
    )


def test_a_story_names_both_states_of_every_step_and_its_cause(desk, kind, story):
    """Why a person was needed, an event that leaves that state does not say by itself."""
    desk.accept()
    refused = desk.record(desk.send(), State.NEEDS_PERSON, review=kind.refused, detail="no")
    again = desk.redrive.retry(refused, by="ada", now=NOW)
    steps = [
        (event["from"], event["to"], event["cause"], event["attempt"])
        for event in story(again)["events"]
    ]
    first, stuck = kind.word(State.WAITING), kind.word(State.NEEDS_PERSON, kind.refused)
    assert steps == [
        (None, first, "taken_over", 0),
        (first, "sending", "sent", 1),
        ("sending", stuck, "answered", 1),
        (stuck, "failed", "person", 0),
    ]


def test_a_story_tells_what_is_open_and_what_comes_next(adapter, desk, kind, story):
    desk.accept()
    item = desk.record(
        desk.send(), State.RETRYING, cause=Cause.ANSWER_LOST, next_at=NOW + timedelta(minutes=1)
    )
    adapter.ledger.exceptions.open(
        "alpha-mutual", ExceptionKind.SETTING_OVERDUE, "why", now=NOW, reference=item.reference
    )
    told = story(item)
    assert told["reference"] == item.reference
    assert [(each["kind"], each["reference"]) for each in told["exceptions"]] == [
        ("setting_overdue", item.reference)
    ]
    words = kind.next_words[State.RETRYING]
    assert told["next"] == {"what": words, "at": "2026-01-05T09:13:30.123456Z"}


def test_a_story_says_what_holds_it_back(desk, kind, story):
    later = NOW + timedelta(minutes=2)
    lost = {"may_have_left": True, "settles_at": later if kind.settles else None}
    desk.accept(1)
    desk.record(desk.send(), State.RETRYING, next_at=later, **lost)
    desk.accept(2)
    assert desk.claim() is None
    first, waiting = desk.items.page(limit=2)
    holder = f"{kind.item.name} {first.reference}, {first.state.value}"
    assert story(waiting)["next"]["what"].endswith(f"once its lane is free of {holder}")
    assert waiting.last_error == f"waits for {holder}"


def test_an_upload_is_shown_with_its_figures():
    at = datetime(2026, 1, 5, 8, tzinfo=UTC)
    upload = Upload(
        id=1,
        biller="alpha",
        reference="ref",
        state=UploadState.ACCEPTED,
        invoice_count=25,
        total=Decimal("1234.5"),
        as_of=at,
        created_at=at,
        sent_at=at,
        answered_at=None,
        tries=1,
        file_name="x.BIF",
        file_guid="",
        message="",
    )
    told = upload_view(upload)
    assert (told["state"], told["total"], told["answered_at"]) == ("accepted", "1234.50", None)
