"""Every kind of item at every point where a process may die: it arrives once all the same.

The points are common to all kinds: claimed, `sending` committed, sent, recorded.
"""

import itertools

import pytest
from memory_partners import ProcessDiedError

from adapter.domain.work_item import Source, State
from adapter.kinds import ENROLLMENTS, KINDS, PAYMENTS, REVERSALS
from adapter.ledger.outbox import Outbox

# The outbox's method, whether the process dies before it or once it has committed, how often.
POINTS = tuple(
    itertools.product(("claim_due", "begin_sending", "record"), ("before", "committed"), (1, 3))
)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.item.name)
def kind(request):
    return request.param


@pytest.fixture
def payload(harsh_carrier, kind):
    """Return what an item carries that is due; a reversal's payment is applied."""
    if kind is ENROLLMENTS:
        return harsh_carrier.enroll()
    payment = harsh_carrier.pay()
    harsh_carrier.tell(payment)
    if kind is PAYMENTS:
        return payment
    harsh_carrier.post()
    return harsh_carrier.give_back(payment)


@pytest.fixture
def die_at(monkeypatch, kind):
    """Return what lets the process die at a method of the outbox, so many times."""

    def arm(method, when, times):
        inner, left = getattr(Outbox, method), [times]

        def dying(outbox, *args, **kwargs):
            dies = outbox._kind is kind.item and left[0] > 0
            if dies and when == "before":
                left[0] -= 1
                raise ProcessDiedError
            result = inner(outbox, *args, **kwargs)
            if dies and result is not None:
                left[0] -= 1
                raise ProcessDiedError
            return result

        monkeypatch.setattr(Outbox, method, dying)

    return arm


def arrivals(carrier, kind, payload):
    """Count how often the partner has it in its book."""
    if kind is ENROLLMENTS:
        return int(carrier.imt.is_on(payload.account_number, payload.kind))
    receipts = carrier.receipts(payload)
    if kind is PAYMENTS:
        return len(receipts)
    return [receipt.reversal_id for receipt in receipts].count(payload.reversal_id)


def assert_at_rest(carrier, kind, payload):
    assert carrier.item(payload).state is State.DONE, carrier.details(payload)
    assert arrivals(carrier, kind, payload) == 1
    assert carrier.ledger.next_due_at(kind.item) is None
    carrier.check()


@pytest.mark.parametrize("point", POINTS, ids=lambda point: "-".join(map(str, point)))
def test_a_process_that_dies_at_the_outbox(harsh_carrier, kind, payload, die_at, point):
    die_at(*point)
    harsh_carrier.run_for(hours=6)
    method, when, times = point
    assert harsh_carrier.deaths == (1 if (method, when) == ("record", "committed") else times)
    assert_at_rest(harsh_carrier, kind, payload)


@pytest.mark.parametrize("plan", ["die_before", "die_after", "die_and_arrive_late"])
@pytest.mark.parametrize("kind", [REVERSALS, ENROLLMENTS], ids=lambda kind: kind.item.name)
def test_a_process_that_dies_while_a_repeatable_request_is_under_way(
    harsh_carrier, kind, payload, plan
):
    """Payments have their own plans in `test_named_points.py`: a repeat of theirs does harm.

    A reversal that has arrived is found by evidence, and is not repeated either (0032).
    """
    partner = harsh_carrier.imt if kind is ENROLLMENTS else harsh_carrier.spectrum
    plans = partner.plans if kind is ENROLLMENTS else partner.reversal_plans
    plans.append(plan)
    harsh_carrier.run_for(hours=1)
    assert harsh_carrier.deaths == 1
    assert_at_rest(harsh_carrier, kind, payload)
    sent = partner.pushes if kind is ENROLLMENTS else partner.reversal_ids
    is_found = kind is REVERSALS and plan != "die_before"
    assert len(sent) == (1 if is_found else 2)


@pytest.mark.parametrize("plan", ["arrive_late", "die_and_arrive_late"])
def test_a_late_setting_never_undoes_a_newer_one(harsh_carrier, plan):
    """Its request arrives a minute or two after, and the payer has thought better of it."""
    carrier = harsh_carrier
    carrier.imt.plans = [plan]
    carrier.enroll(enrolled=True)
    carrier.run(ENROLLMENTS)
    newest = carrier.enroll(enrolled=False)
    carrier.run_for(hours=1)
    assert len(carrier.imt.pushes) == 2
    assert not carrier.imt.is_on(newest.account_number, newest.kind)
    assert carrier.item(newest).state is State.DONE


def test_a_reversal_waits_for_its_payment_and_is_sent_once_it_is_applied(harsh_carrier):
    carrier = harsh_carrier
    payment = carrier.pay()
    ach_return = carrier.give_back(payment)
    carrier.run(REVERSALS)
    assert carrier.spectrum.reversal_ids == []
    carrier.spectrum.plans = ["die_after_post"]
    carrier.tell(payment)
    carrier.run_for(hours=1)
    assert carrier.spectrum.reversal_ids == [ach_return.reversal_id]
    assert_at_rest(carrier, REVERSALS, ach_return)


def test_a_repeated_notice_of_any_kind_changes_nothing(harsh_carrier, kind, payload):
    harsh_carrier.run_for(hours=1)
    outbox = harsh_carrier.ledger.outbox(kind.item)
    for _ in range(3):
        again = outbox.accept(payload, source=Source.DATA_PUMP, now=harsh_carrier.clock.now())
        assert again.repeated
        harsh_carrier.run()
    assert_at_rest(harsh_carrier, kind, payload)
