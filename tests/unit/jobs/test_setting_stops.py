"""What settings hold up: the switch that stops posting for a biller, and keeps taking over."""

import pytest

from adapter.domain.work_item import State
from adapter.jobs import deliver, setting_stops
from adapter.kinds import ENROLLMENTS, PAYMENTS, REVERSALS
from tests.unit.jobs.test_deliver import DAY, LOST, Desk


@pytest.mark.parametrize("kind", [PAYMENTS, REVERSALS], ids=lambda kind: kind.command)
def test_while_posting_is_switched_off_everything_waits_and_nothing_is_lost(bench, kind):
    desk = Desk(bench, kind)
    waiting = [desk.put(number) for number in (1, 2)]
    bench.partners.posting = False
    assert desk.run().counts == {"held": 2}
    assert desk.sent == []
    for payload in waiting:
        item = bench.item(payload)
        assert (item.state, item.attempts) == (State.WAITING, 0)
        assert item.last_error == "posting is switched off for this biller"
        assert item.next_at == bench.clock.now() + setting_stops.SWITCH_WAIT
    bench.partners.posting = True
    bench.pass_time(setting_stops.SWITCH_WAIT.total_seconds())
    assert desk.run().counts == {desk.done: 2}
    assert len(desk.sent) == 2


def test_what_is_told_to_imt_is_no_posting(bench):
    desk = Desk(bench, ENROLLMENTS)
    desk.put()
    bench.partners.posting = False
    assert desk.run().counts == {desk.done: 1}


def test_a_switch_turned_off_between_claim_and_post_stops_the_post(bench):
    """What became due after the others were put off is claimed, and not sent."""
    desk = Desk(bench, PAYMENTS)
    payload = desk.put()
    run = deliver._Run(PAYMENTS, bench.biller, bench.work)
    item = run.outbox.claim_due(bench.biller, now=bench.clock.now(), lease_seconds=90)
    bench.partners.posting = False
    run._handle(item, bench.partners)
    assert desk.sent == []
    assert bench.item(payload).last_error == "posting is switched off for this biller"


def test_a_doubt_is_looked_into_while_posting_is_switched_off(bench):
    desk = Desk(bench, PAYMENTS)
    payload = desk.put()
    desk.answers.append(LOST)
    desk.run()
    before = bench.item(payload)
    bench.partners.posting = False
    bench.pass_time(DAY)
    assert "held" not in desk.run().counts
    assert bench.item(payload).next_at > before.next_at
    assert len(desk.sent) == 1
