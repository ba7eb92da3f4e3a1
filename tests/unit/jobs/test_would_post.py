"""The rehearsal of a go-live: what would be posted, and that nothing is written."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapter.domain.ledger_life import MARGIN, Gap
from adapter.jobs.would_post import Prospect, knowledge_of, next_poll, rehearse
from adapter.kinds import PAYMENTS
from tests.unit.jobs.conftest import BILLER, NOW

HOUR = timedelta(hours=1)


def prospects(bench, *, ledger=True):
    kept = bench.ledger if ledger else None
    known = knowledge_of(kept, bench.partners, now=NOW)
    window = next_poll(kept, BILLER, bench.work.rules, now=NOW)
    found = rehearse(BILLER, bench.partners, kept, window, known)
    return [(each.payment.invoice_number, each.prospect, each.waits) for each in found]


@pytest.fixture
def live(bench):
    """Return a bench whose ledger has been kept for three hours."""
    bench.ledger.life.forget(Gap(start=None, end=NOW - 3 * HOUR))
    bench.partners.payments_since = NOW - 3 * HOUR
    bench.partners.reported = []
    return bench


def report(bench, number, paid_at, **fields):
    payment = bench.payment(number, invoice_number=str(number), paid_at=paid_at, **fields)
    bench.partners.reported.append(payment)
    return payment


def test_each_payment_of_the_report_is_told_with_what_would_become_of_it(live):
    report(live, 1, NOW - HOUR)
    report(live, 2, NOW - 4 * HOUR)
    report(live, 3, NOW - 3 * HOUR + MARGIN - timedelta(seconds=1))
    report(live, 4, NOW - HOUR, approved=False)
    known = report(live, 5, NOW - HOUR)
    live.put(known)
    live.run(PAYMENTS)
    assert prospects(live) == [
        ("1", Prospect.POST, False),
        ("2", Prospect.PERSON, False),
        ("3", Prospect.EVIDENCE, False),
        ("4", Prospect.DECLINED, False),
        ("5", Prospect.KNOWN, False),
    ]


def test_what_was_paid_before_the_switch_goes_to_a_person(live):
    live.partners.payments_since = NOW - HOUR
    report(live, 1, NOW - HOUR - timedelta(seconds=1))
    report(live, 2, NOW - HOUR)
    assert [prospect for _, prospect, _ in prospects(live)] == [Prospect.PERSON, Prospect.POST]


def test_what_waits_while_posting_is_off_would_be_posted(live):
    live.partners.posting = False
    waiting = live.payment(7, invoice_number="7")
    live.put(waiting)
    live.run(PAYMENTS)
    live.partners.reported.append(replace(waiting))
    assert prospects(live) == [("7", Prospect.POST, True), ("7", Prospect.KNOWN, False)]


def test_before_the_ledger_is_made_nothing_would_be_posted_unseen(live):
    report(live, 1, NOW - HOUR)
    live.partners.payments_since = None
    assert prospects(live, ledger=False) == [("1", Prospect.PERSON, False)]
    live.partners.payments_since = NOW - 2 * HOUR
    assert prospects(live, ledger=False) == [("1", Prospect.EVIDENCE, False)]


def test_nothing_is_written(live):
    """Not even where the first poll begins."""
    report(live, 1, NOW - HOUR)
    prospects(live)
    assert live.ledger.items(PAYMENTS.item).newest(limit=9) == ()
    assert live.ledger.watermarks.get(BILLER, "reconcile_payments") is None
