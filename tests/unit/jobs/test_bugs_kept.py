"""Schedules of events that once applied a payment twice, lost one, or stopped a carrier.

The row that stopped all enrolments or reversals of its biller is kept in `test_deliver.py`.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from adapter.domain.invoice import ReceiptSearch
from adapter.domain.redrive import Finding, ManualResolution
from adapter.domain.work_item import State
from adapter.doors.ops_views import story_of
from adapter.errors import (
    ConfigurationError,
    OutcomeUnknownError,
    RetryableError,
)
from adapter.kinds import ENROLLMENTS, PAYMENTS, REVERSALS

LATER = RetryableError("429", partner="spectrum", operation="OnlineReceipt")
LOST = OutcomeUnknownError("silence", partner="spectrum", operation="OnlineReceipt")


def test_a_slow_post_settles_from_its_end(bench):
    """A renewed token may delay the post itself: settling begins when the answer is lost."""
    payment = bench.accept()

    def slowly():
        bench.pass_time(85)
        return LOST

    bench.partners.receipt_answers = [slowly]
    bench.run(PAYMENTS)
    bench.pass_time(40)
    bench.run(PAYMENTS)
    assert bench.item(payment).state is State.IN_DOUBT
    assert len(bench.partners.posted) == 1


def test_a_balance_older_than_the_claim_is_no_evidence(bench):
    """The machine slept after the balance was read: nothing is posted on what may be stale."""
    payment = bench.accept()

    def asleep():
        bench.pass_time(3600)
        bench.partners.balance = Decimal("731.37")
        return bench.partners.balance

    bench.partners.balance = asleep
    assert bench.run(PAYMENTS).counts == {"accepted": 1, "applied": 1}
    assert bench.item(payment).sent_at == bench.clock.now()
    assert len(bench.partners.posted) == 1


def test_a_feed_that_runs_ahead_is_contradicted_by_the_balance(bench):
    """Absent in a feed whose clock is ahead of ours, and the balance moved: not posted again."""
    payment = bench.accept()
    bench.partners.receipt_answers = [LOST]
    bench.run(PAYMENTS)
    bench.partners.balance -= payment.amount
    bench.pass_time(121)
    ahead = ReceiptSearch(receipts=(), as_of=bench.clock.now())
    bench.partners.searches = [ahead] * 9
    bench.run(PAYMENTS)
    assert bench.item(payment).state is State.IN_DOUBT
    assert len(bench.partners.posted) == 1


def test_a_payment_that_a_setting_stops_lets_the_others_by(bench):
    """One invoice is answered with 403 for ever; the others' payments go through all the same."""
    stopped = bench.accept(1, invoice_number="1")
    others = [bench.accept(number, invoice_number=str(number)) for number in (2, 3)]
    read = bench.partners.balance_due

    def refusing(number):
        if number == "1":
            raise ConfigurationError("refused with 403")
        return read(number)

    bench.partners.balance_due = refusing
    for _ in range(100):
        bench.run(PAYMENTS)
        bench.pass_time(60)
    assert {bench.item(other).state for other in others} == {State.DONE}
    assert bench.item(stopped).state is State.WAITING


@pytest.mark.parametrize("state", [State.WAITING, State.RETRYING])
@pytest.mark.parametrize("finding", [Finding.APPLIED, Finding.NEVER_APPLIED])
def test_a_reversal_that_waits_for_a_person_says_what_waits_behind_it(bench, finding, state):
    """Its invoice's payments waited for a year, and the page said that they would be posted.

    Once a person has said what became of it, and the balance shows it, they leave, also what had
    been tried before.
    """
    bench.accept(1)
    bench.run(PAYMENTS)
    bench.pass_time(120)
    if state is State.RETRYING:
        bench.partners.receipt_answers = [LATER]
        behind = bench.accept(2, amount=Decimal("5.00"))
        bench.run(PAYMENTS)
    returned = bench.bring_back(1)
    bench.partners.reversal_answers = [LOST] * bench.work.rules.retry.attempts_max
    bench.run_on(REVERSALS)
    stuck = bench.item(returned)
    assert (stuck.state, stuck.may_have_left) == (State.NEEDS_PERSON, True)
    if state is State.WAITING:
        behind = bench.accept(2, amount=Decimal("5.00"))
        bench.run(PAYMENTS)
    bench.pass_time(365 * 86_400)
    assert bench.run(PAYMENTS).counts == {}
    waiting = bench.item(behind)
    holder = f"reversal {returned.payment_reference}, which waits for a person"
    assert (waiting.state, waiting.last_error) == (state, f"waits for {holder}")
    story = story_of(bench.ledger, PAYMENTS, waiting, now=bench.clock.now())
    assert story["next"]["what"].endswith(f"once its lane is free of {holder}")
    found = ManualResolution(by="ada", finding=finding, note="seen in Spectrum")
    now = bench.clock.now()
    bench.redrive(REVERSALS).resolve(stuck, found, now=now, settle_seconds=120)
    bench.run_on(PAYMENTS)
    bench.run_on(REVERSALS)
    assert bench.item(behind).state is State.DONE
    assert bench.item(returned).state is State.DONE
    assert bench.open_kinds() == []


@pytest.mark.parametrize("refusal", [LATER, ConfigurationError("no session")])
def test_a_request_that_may_still_arrive_holds_its_setting_though_a_later_try_is_refused(
    bench, refusal
):
    """The later try wiped out when the first one settles, which could undo a newer change."""
    bench.partners.push_answers = [LOST, refusal]
    first = bench.enroll(1)
    bench.run(ENROLLMENTS)
    settles_at = bench.item(first).settles_at
    bench.pass_time(30)
    bench.run(ENROLLMENTS)
    item = bench.item(first)
    assert (item.attempts, item.may_have_left, item.settles_at) == (
        1 if isinstance(refusal, ConfigurationError) else 2,
        True,
        settles_at,
    )
    newer = bench.enroll(2)
    bench.run(ENROLLMENTS)
    assert bench.item(newer).last_error.startswith(f"waits for enrollment {first.event_guid}")
    assert bench.partners.pushed == [first, first]
    bench.pass_time(91)
    assert bench.run(ENROLLMENTS).counts == {"delivered": 1}
    assert bench.partners.pushed[2:] == [newer]


@pytest.mark.parametrize("kind", [REVERSALS, ENROLLMENTS])
def test_a_last_try_whose_sender_died_asks_a_person(bench, kind):
    """It waited for a person whom no review item told."""
    rules = bench.work.rules
    once = replace(rules, retry=replace(rules.retry, attempts_max=1))
    bench.work = replace(bench.work, rules=once)
    bench.accept(1)
    bench.run(PAYMENTS)
    payload = bench.bring_back(1) if kind is REVERSALS else bench.enroll(1)
    outbox, now = bench.ledger.outbox(kind.item), bench.clock.now()
    claimed = outbox.claim_due(bench.biller, now=now, lease_seconds=90)
    outbox.begin_sending(claimed, detail="the last one", now=now, lease_seconds=90)
    bench.pass_time(91)
    bench.run(kind)
    if kind is REVERSALS:  # whose evidence is looked for first
        bench.partners.balance = Decimal("1.00")
        bench.run_on(kind)
    assert bench.item(payload).state is State.NEEDS_PERSON
    assert bench.open_kinds() == [kind.exhausted]
