"""Enrolments in any order: IMT ends at what Invoice Cloud's payers did last.

Pump notices come late, twice, in any order or not at all; polls die; IMT fails and stays silent,
having taken the call or not; the two clocks differ by some seconds.
"""

import itertools
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapter.domain.enrollment import (
    EnrolledAccount,
    EnrollmentChange,
    EnrollmentKind,
    EnrollmentSource,
    EnrollmentState,
)
from adapter.errors import OutcomeUnknownError, RetryableError
from adapter.jobs import follow_change_log, push_enrollments
from adapter.context import Rules, JobContext
from adapter.ledger import open_ledger

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
BILLER = "camp-point"
NAMES = {"partner": "imt", "operation": "setting"}
DOWN = RetryableError("answered 503", **NAMES)
SILENT = OutcomeUnknownError("no answer came in time", **NAMES)
KINDS = tuple(EnrollmentKind)
ACCOUNTS = ("1", "2")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("toggle"), st.sampled_from(ACCOUNTS), st.sampled_from(KINDS)),
        st.tuples(st.just("deliver"), st.integers(0, 9), st.booleans()),
        st.tuples(st.just("lose"), st.integers(0, 9), st.none()),
        st.tuples(st.just("poll"), st.booleans(), st.booleans()),
        st.tuples(st.just("push"), st.sampled_from(["well", "down", "silent", "lost"]), st.none()),
        st.tuples(st.just("pass"), st.integers(1, 7200), st.none()),
    ),
    max_size=25,
)


class Carrier:
    """Invoice Cloud, its pump and IMT in memory, with an adapter between them."""

    def __init__(self, ledger, skew):
        self.clock = SimpleNamespace(at=START, now=lambda: self.clock.at)
        self.skew = timedelta(seconds=skew)  # how far Invoice Cloud's clock is ahead
        self.numbers = itertools.count(1)
        self.enrolled = {kind: {} for kind in KINDS}  # since when, by account
        self.touched = set()
        self.notices = []
        self.imt = {}
        self.imt_mood = "well"
        self.polls_die = (False, False)
        self.enrollments = self.enrollment_report = self
        self.ledger = ledger
        self.work = JobContext(ledger=ledger, billers=self, clock=self.clock, rules=Rules())

    def names(self):
        return (BILLER,)

    def ports(self, _biller):
        return self

    def push(self, change):
        if self.imt_mood in {"well", "lost"}:
            self.imt[change.account_number, change.kind] = change.enrolled
        if self.imt_mood == "down":
            raise DOWN
        if self.imt_mood in {"silent", "lost"}:
            raise SILENT

    def enrolled_now(self, kind):
        return [EnrolledAccount(account_number=a, since=s) for a, s in self.enrolled[kind].items()]

    def toggle(self, account, kind):
        self.clock.at += timedelta(seconds=1)
        now = self.clock.at + self.skew
        accounts = self.enrolled[kind]
        enrols = account not in accounts
        if enrols:
            accounts[account] = now
        else:
            del accounts[account]
        self.touched.add((account, kind))
        self.notices.append(
            EnrollmentChange(
                biller=BILLER,
                event_guid=str(UUID(int=next(self.numbers))),
                account_number=account,
                kind=kind,
                enrolled=enrols,
                changed_at=now,
            )
        )

    def deliver(self, index, again):
        if self.notices:
            index %= len(self.notices)
            change = self.notices[index] if again else self.notices.pop(index)
            self.ledger.enrollments.accept(
                change, source=EnrollmentSource.DATA_PUMP, now=self.clock.at
            )

    def lose(self, index, _nothing):
        if self.notices:
            self.notices.pop(index % len(self.notices))

    def poll(self, *dies):
        self.polls_die = dict(zip(KINDS, dies, strict=True))
        follow_change_log.run_once(BILLER, self.work)

    def do_push(self, mood, _nothing=None):
        self.imt_mood = mood
        push_enrollments.run_once(BILLER, self.work)
        if mood == "well":
            self.imt_is_at_the_newest_telling()

    def do_pass(self, seconds, _nothing):
        self.clock.at += timedelta(seconds=seconds)

    def imt_is_at_the_newest_telling(self):
        """Nothing waits any more: what IMT has is the newest that the adapter was told."""
        if self.ledger.pushes.next_due_at() is not None:
            return
        for kind in KINDS:
            for account, known in self.ledger.enrollments.newest(BILLER, kind).items():
                assert self.imt[account, kind] is known.change.enrolled

    def come_to_rest(self):
        while self.notices:
            self.deliver(len(self.notices) // 2, again=False)
        self.clock.at += timedelta(hours=3)
        self.poll(False, False)
        self.imt_mood = "well"
        while (due := self.ledger.pushes.next_due_at()) is not None:
            self.clock.at = max(self.clock.at, due)
            push_enrollments.run_once(BILLER, self.work)


class Reports:
    """The two customer reports of a carrier; one that dies does so after its first row."""

    def __init__(self, carrier):
        self.carrier = carrier

    def enrolled(self, kind):
        rows = self.carrier.enrolled_now(kind)
        dies = self.carrier.polls_die[kind]
        yield from rows[:1] if dies else rows
        if dies:
            raise DOWN


ACTIONS = {
    "toggle": Carrier.toggle,
    "deliver": Carrier.deliver,
    "lose": Carrier.lose,
    "poll": Carrier.poll,
    "push": Carrier.do_push,
    "pass": Carrier.do_pass,
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=STEPS, skew=st.integers(-5, 5))
def test_imt_ends_at_the_newest_time_of_invoice_cloud(new_ledger, quick_folder, steps, skew):
    ledger = open_ledger(new_ledger(quick_folder))
    carrier = Carrier(ledger, skew)
    carrier.enrollment_report = Reports(carrier)
    for action, first, second in steps:
        ACTIONS[action](carrier, first, second)
    carrier.come_to_rest()
    for account, kind in carrier.touched:
        is_enrolled = account in carrier.enrolled[kind]
        assert carrier.imt.get((account, kind), False) is is_enrolled
    states = {one.state for one in ledger.enrollments.page(limit=1000)}
    assert states <= {EnrollmentState.DELIVERED, EnrollmentState.SUPERSEDED}
    assert not ledger.exceptions.page(limit=1)
    ledger.close()
