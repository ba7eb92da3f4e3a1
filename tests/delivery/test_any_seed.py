"""Bad days drawn from seeds: six payments, ten things that go wrong, and none lost or doubled."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.domain.delivery import DeliveryState

EXAMPLES = 30
SECONDS = (1, 45, 90, 120, 600, 3600)


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 2**64 - 1))
def test_every_payment_is_applied_exactly_once(make_carrier, plans, seed):
    """Nothing here needs a person, so all of it has to end well, whatever kind of Spectrum."""
    every_plan, for_a_person = plans
    chance = random.Random(seed)  # noqa: S311  # a story, no secret
    carrier = make_carrier(
        has_feed=chance.random() < 0.5,
        deduplicates=chance.random() < 0.5,
        feed_lag_seconds=chance.choice([0, 30, 900]),
    )
    mild = [plan for plan in every_plan if plan not in for_a_person]
    carrier.spectrum.plans = chance.choices(mild, k=10)
    payments = [carrier.pay(invoice, f"{n}.00") for n, invoice in enumerate("112234", start=1)]
    for payment in payments[:5]:  # the report brings the last
        carrier.tell(payment)
    for _ in range(6):
        carrier.post()
        carrier.clock.advance(chance.choice(SECONDS))
        if chance.random() < 0.3:
            carrier.poll()
    carrier.check()
    carrier.run_for(hours=18, poll_hours=6)
    carrier.check()
    for payment in payments:
        story = carrier.details(payment)
        assert carrier.delivery(payment).state is DeliveryState.APPLIED, story
        assert len(carrier.receipts(payment)) == 1, story
    carrier.close()
