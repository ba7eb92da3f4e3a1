"""Any order of payments, returns, faults, deaths and time: exactly once, or before a person."""

import random
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from adapter.domain.work_item import State

INVOICES = st.sampled_from("1234")
HOUR = 3600
SECONDS = (1, 45, 90, 120, 600, HOUR, 6 * HOUR)
EXAMPLES = 12
STEPS = 12


class AnyOrder(RuleBasedStateMachine):
    """Pays, returns, tells, posts, polls, fails, dies and waits, as it comes."""

    make_carrier = None
    plans = ()
    repeatable_plans = ()
    for_a_person = frozenset()

    @initialize(seed=st.integers(0, 2**64 - 1))
    def open(self, seed):
        """Begin with something to do, and with something that goes wrong, as the seed has it."""
        chance = random.Random(seed)  # noqa: S311  # a story, no secret
        self.has_feed = chance.random() < 0.5
        self.carrier = self.make_carrier(
            has_feed=self.has_feed,
            deduplicates=chance.random() < 0.5,
            feed_lag_seconds=chance.choice([0, 30, 900]),
        )
        self.others = 0
        plans = chance.choices(self.plans, k=8)
        if chance.random() < 0.7:
            plans = [plan for plan in plans if plan not in self.for_a_person]
        self.carrier.spectrum.plans = plans
        self.carrier.spectrum.reversal_plans = chance.choices(self.repeatable_plans, k=4)
        self.returned = set()
        self.needs_a_person = not self.for_a_person.isdisjoint(plans)
        for number, invoice in enumerate("112234"):
            self.carrier.tell(self.carrier.pay(invoice, f"{number + 1}.00"))

    @rule(plan=st.integers(0, 99))
    def fail(self, plan):
        """Let something else go wrong at the next post."""
        plan = self.plans[plan % len(self.plans)]
        self.carrier.spectrum.plans.append(plan)
        self.needs_a_person |= plan in self.for_a_person

    @rule(invoice=INVOICES, dollars=st.integers(1, 3), told=st.booleans())
    def pay(self, invoice, dollars, told):
        payment = self.carrier.pay(invoice, f"{dollars}.00")
        if told:
            self.carrier.tell(payment)

    @precondition(lambda self: len(self.returned) < len(self.carrier.cloud.payments))
    @rule(data=st.data())
    def give_back(self, data):
        """Return one payment, whatever has become of it so far."""
        left = [p for p in self.carrier.cloud.payments if p not in self.returned]
        payment = data.draw(st.sampled_from(left))
        self.returned.add(payment)
        self.carrier.give_back(payment)

    @precondition(lambda self: self.carrier.cloud.payments)
    @rule(data=st.data())
    def tell_again(self, data):
        self.carrier.tell(data.draw(st.sampled_from(self.carrier.cloud.payments)))

    @rule(seconds=st.lists(st.sampled_from(SECONDS), max_size=4))
    def post(self, seconds):
        self.carrier.run()
        for wait in seconds:
            self.carrier.clock.advance(wait)
            self.carrier.run()
        # Without a receipts feed, balances that lie an hour apart prove nothing.
        self.needs_a_person |= not self.has_feed and sum(seconds) >= HOUR

    @rule(dies_after=st.none() | st.integers(0, 3))
    def poll(self, dies_after):
        self.carrier.cloud.dies_after = dies_after
        self.carrier.poll()
        self.carrier.cloud.dies_after = None

    @rule(invoice=INVOICES)
    def somebody_else_pays(self, invoice):
        """Through another vendor, and never one of our amounts: decision 0030 says why."""
        self.others += 1
        self.carrier.spectrum.apply("counter", invoice, 1000 * self.others)
        self.needs_a_person = True

    @invariant()
    def exactly_once_or_visible(self):
        if hasattr(self, "carrier"):
            self.carrier.check()

    def teardown(self):
        """At rest, once nothing fails any more, only a person's cases are left."""
        if not hasattr(self, "carrier"):
            return
        self.carrier.spectrum.plans = []
        self.carrier.spectrum.reversal_plans = []
        self.carrier.clock.advance(HOUR / 6)
        self.carrier.run_for(hours=27, poll_hours=9)
        self.carrier.check()
        for payment in self.carrier.cloud.payments:
            item = self.carrier.item(payment)
            if item is None:
                # Older than the first poll reaches: Invoice Cloud's own retries would bring it.
                assert payment.paid_at < self.carrier.clock.now() - timedelta(hours=48)
                continue
            if not self.needs_a_person:
                assert item.state is State.DONE
                assert len(self.carrier.receipts(payment)) == 1
            elif item.state is not State.DONE:
                asked = {review.invoice_number for review in self.carrier.open_exceptions()}
                assert payment.invoice_number in asked
        for ach_return in self.carrier.cloud.returns:
            payment = self.carrier.payment_of(ach_return)
            if self.carrier.item(ach_return).state is State.DONE:
                (receipt,) = self.carrier.receipts(payment)
                assert receipt.reversal_id == ach_return.reversal_id
            else:
                assert self.needs_a_person or self.carrier.item(payment) is None
        self.carrier.close()


def test_exactly_once_or_visible(make_carrier, plans):
    AnyOrder.make_carrier = staticmethod(make_carrier)
    AnyOrder.plans, AnyOrder.for_a_person, AnyOrder.repeatable_plans = plans
    run_state_machine_as_test(
        AnyOrder,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, print_blob=True
        ),
    )
