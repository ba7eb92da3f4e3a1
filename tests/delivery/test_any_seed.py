"""Bad days drawn from seeds: six payments, two returns, fifteen failures, none lost or doubled."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.domain.work_item import State

EXAMPLES = 30
SECONDS = (1, 45, 90, 120, 300, 500)


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 2**64 - 1))
def test_every_payment_is_applied_exactly_once(make_carrier, plans, seed):
    """Nothing here needs a person, so all of it has to end well, whatever kind of Spectrum."""
    every_plan, for_a_person, repeatable_plans = plans
    chance = random.Random(seed)  # noqa: S311  # a story, no secret
    carrier = make_carrier(
        has_feed=chance.random() < 0.5,
        deduplicates=chance.random() < 0.5,
        feed_lag_seconds=chance.choice([0, 30, 900]),
    )
    mild = [plan for plan in every_plan if plan not in for_a_person]
    carrier.spectrum.plans = chance.choices(mild, k=10)
    carrier.spectrum.reversal_plans = chance.choices(repeatable_plans, k=5)
    payments = [carrier.pay(invoice, f"{n}.00") for n, invoice in enumerate("112234", start=1)]
    for payment in payments[:5]:  # the report brings the last
        carrier.tell(payment)
    returned = chance.sample(payments, k=2)
    for payment in returned:
        carrier.give_back(payment)
    for _ in range(6):
        carrier.run()
        carrier.clock.advance(chance.choice(SECONDS))
        if chance.random() < 0.3:
            carrier.poll()
    carrier.check()
    carrier.run_for(hours=18, poll_hours=6)
    carrier.check()
    for payment in payments:
        story = carrier.details(payment)
        assert carrier.item(payment).state is State.DONE, "\n".join(story)
        assert len(carrier.receipts(payment)) == 1, story
    for ach_return in carrier.cloud.returns:
        assert carrier.item(ach_return).state is State.DONE, carrier.details(ach_return)
    carrier.close()
