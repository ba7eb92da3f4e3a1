"""What an operator is told to expect of a payment in each state."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from adapter.domain.delivery import DeliveryState, Evidence
from adapter.domain.exceptions import ExceptionItem, ExceptionKind
from adapter.domain.outlook import outlook

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


@dataclass
class Row:
    """As much of a delivery as the outlook reads."""

    state: DeliveryState
    next_at: datetime | None = AT
    evidence: Evidence | None = None


def item(payment_guid="g"):
    return ExceptionItem(
        id=7,
        biller="b",
        kind=ExceptionKind.DEAD,
        payment_guid=payment_guid,
        invoice_number="1",
        detail="",
        opened_at=AT,
        resolved_at=None,
        resolution="",
    )


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (DeliveryState.ACCEPTED, "receipt posted"),
        (DeliveryState.FAILED, "posted again"),
        (DeliveryState.SENDING, "in doubt"),
        (DeliveryState.PENDING, "never posted again"),
        (DeliveryState.IN_DOUBT, "Evidence"),
    ],
)
def test_what_goes_on_by_itself_has_a_moment(state, words):
    told = outlook(Row(state), ())
    assert words in told.what
    assert told.at == AT


@pytest.mark.parametrize("state", [DeliveryState.DEAD, DeliveryState.NOT_APPLIED])
def test_what_waits_for_a_person_says_which_commands(state):
    told = outlook(Row(state, next_at=None), [item()])
    assert "adapter payments retry" in told.what
    assert told.at is None


@pytest.mark.parametrize("evidence", [None, *Evidence])
def test_an_applied_payment_is_at_its_end(evidence):
    told = outlook(Row(DeliveryState.APPLIED, next_at=None, evidence=evidence), ())
    assert told.what.startswith("Nothing: it is applied")
    assert told.at is None


def test_a_post_behind_an_exception_says_which():
    assert "once exception 7" in outlook(Row(DeliveryState.ACCEPTED), [item()]).what
    assert "exception" not in outlook(Row(DeliveryState.ACCEPTED), [item(None)]).what
