"""The guard where the ledger does not know all: before its beginning, and in its gaps."""

from datetime import timedelta

import pytest

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.ledger_life import Gap
from adapter.domain.redrive import Finding, ManualResolution
from adapter.domain.work_item import State
from adapter.kinds import PAYMENTS
from tests.unit.jobs.conftest import NOW
from tests.unit.kinds.test_payment_guard import BEFORE, DOUBT, MOVED, SETTLE, search, standing


@pytest.fixture
def too_old(bench):
    """Return a payment from before the beginning that the settings name."""
    bench.partners.payments_since = NOW - timedelta(minutes=30)
    payment = bench.accept()
    bench.run(PAYMENTS)
    return payment


def release(bench, payment, balance=BEFORE):
    found = ManualResolution(
        by="ada", finding=Finding.NEVER_APPLIED, note="not there", balance=balance
    )
    bench.redrive(PAYMENTS).resolve(
        bench.item(payment), found, now=bench.clock.now(), settle_seconds=SETTLE
    )


def test_what_was_paid_before_the_beginning_is_listed_for_a_person(bench, too_old):
    assert standing(bench, too_old) == (State.NEEDS_PERSON, ExceptionKind.PAID_BEFORE_BEGINNING, 0)
    bench.redrive(PAYMENTS).retry(bench.item(too_old), by="ada", now=bench.clock.now())
    bench.run_on(PAYMENTS)
    assert standing(bench, too_old) == (State.NEEDS_PERSON, ExceptionKind.PAID_BEFORE_BEGINNING, 0)


def test_a_person_releases_it_by_the_balance_that_she_saw(bench, too_old):
    release(bench, too_old)
    bench.run(PAYMENTS)
    assert standing(bench, too_old) == (State.DONE, None, 1)
    assert "guard, row 5" in bench.events(too_old)[-2].detail
    assert bench.open_kinds() == []


def test_a_release_counts_only_while_the_balance_is_still_so(bench, too_old):
    release(bench, too_old, balance=MOVED)
    bench.run_on(PAYMENTS)
    bench.partners.balance = MOVED
    bench.redrive(PAYMENTS).retry(bench.item(too_old), by="ada", now=bench.clock.now())
    bench.run_on(PAYMENTS)
    assert standing(bench, too_old) == (State.NEEDS_PERSON, ExceptionKind.PAID_BEFORE_BEGINNING, 0)


def test_a_release_counts_for_one_post(bench, too_old):
    release(bench, too_old)
    bench.partners.receipt_answers = [DOUBT]
    bench.run(PAYMENTS)
    assert not bench.item(too_old).released
    bench.partners.balance = MOVED
    bench.run_on(PAYMENTS)
    assert standing(bench, too_old)[2] == 1


def test_nobody_releases_what_stands_in_the_feed(bench, too_old):
    release(bench, too_old)
    bench.partners.searches = [search(bench, {})] * 3
    bench.run_on(PAYMENTS)
    assert standing(bench, too_old) == (State.DONE, None, 0)


@pytest.mark.parametrize("with_feed", [False, True])
def test_a_payment_in_forgotten_time_is_not_posted_without_evidence(bench, with_feed):
    """The ledger may have posted it: a feed shows, or a person."""
    bench.ledger.life.forget(Gap(start=NOW - timedelta(hours=2), end=NOW))
    payment = bench.accept()
    bench.partners.searches = [] if with_feed else None
    bench.run(PAYMENTS)
    assert standing(bench, payment) == (State.WAITING, None, 0)
    bench.run_on(PAYMENTS)
    state, _, posts = standing(bench, payment)
    assert (state, posts) == (State.NEEDS_PERSON, 0)


def test_a_payment_in_forgotten_time_that_the_feed_shows_is_applied(bench):
    bench.ledger.life.forget(Gap(start=NOW - timedelta(hours=2), end=NOW))
    payment = bench.accept()
    bench.pass_time(SETTLE)
    bench.partners.searches = [search(bench, {})]
    bench.run(PAYMENTS)
    assert standing(bench, payment) == (State.DONE, None, 0)
