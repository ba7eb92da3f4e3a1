"""Enrolments in any order: IMT ends at what Invoice Cloud's payers did last.

Pump notices come late, twice, in any order or not at all; polls die; IMT fails and stays silent,
having taken the call at once, late or not at all; the adapter dies; the two clocks differ by some
seconds.
"""

from datetime import timedelta
from types import SimpleNamespace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory_carrier import Carrier
from memory_partners import BILLER, REPEATABLE_PLANS

from adapter.domain.enrollment import EnrolledAccount, EnrollmentKind
from adapter.domain.work_item import Source, State
from adapter.errors import RetryableError
from adapter.jobs import follow_change_log
from adapter.kinds import ENROLLMENTS
from adapter.kinds.enrollments import newest_changes

KINDS = tuple(EnrollmentKind)
ACCOUNTS = ("1", "2")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("toggle"), st.sampled_from(ACCOUNTS), st.sampled_from(KINDS)),
        st.tuples(st.just("deliver"), st.integers(0, 9), st.booleans()),
        st.tuples(st.just("lose"), st.integers(0, 9), st.none()),
        st.tuples(st.just("poll"), st.booleans(), st.booleans()),
        st.tuples(st.just("push"), st.sampled_from(REPEATABLE_PLANS), st.none()),
        st.tuples(st.just("pass"), st.integers(1, 7200), st.none()),
    ),
    max_size=25,
)


class Customers(Carrier):
    """Payers who change their settings at Invoice Cloud, with its pump and its reports."""

    def __init__(self, ledger_url, skew):
        super().__init__(ledger_url)
        self.skew = timedelta(seconds=skew)  # how far Invoice Cloud's clock is ahead
        self.enrolled = {kind: {} for kind in KINDS}  # since when, by account
        self.touched = set()
        self.notices = []
        self.polls_die = (False, False)

    def ports(self, _biller):
        return SimpleNamespace(enrollments=self.imt, enrollment_report=Reports(self), posting=True)

    def toggle(self, account, kind):
        self.clock.advance(1)
        now = self.clock.now() + self.skew
        accounts = self.enrolled[kind]
        enrols = account not in accounts
        if enrols:
            accounts[account] = now
        else:
            del accounts[account]
        self.touched.add((account, kind))
        self.notices.append(self.change(account, kind, enrolled=enrols, at=now))

    def deliver(self, index, again):
        if self.notices:
            index %= len(self.notices)
            change = self.notices[index] if again else self.notices.pop(index)
            self._accept(ENROLLMENTS, change, Source.DATA_PUMP)

    def lose(self, index, _nothing):
        if self.notices:
            self.notices.pop(index % len(self.notices))

    def poll(self, *dies):
        self.polls_die = dict(zip(KINDS, dies, strict=True))
        self._run(lambda work: follow_change_log.run_once(BILLER, work))

    def push(self, plan, _nothing=None):
        self.imt.plans = [plan]
        self.run(ENROLLMENTS)
        self.imt.plans = []
        if not self._due_moments():
            self.imt_is_at_the_newest_change()

    def pass_time(self, seconds, _nothing):
        self.clock.advance(seconds)

    def imt_is_at_the_newest_change(self):
        """Nothing waits any more: IMT ends at the newest that the adapter knows."""
        for kind in KINDS:
            for account, known in newest_changes(self.ledger, BILLER, kind).items():
                assert self.imt.will_be_on(account, kind) is known.change.enrolled

    def come_to_rest(self):
        while self.notices:
            self.deliver(len(self.notices) // 2, again=False)
        self.clock.advance(3 * 3600)
        self.poll(False, False)
        while moments := self._due_moments():
            self.clock.at = max(self.clock.now(), *moments.values())
            self.run(ENROLLMENTS)
        self.imt_is_at_the_newest_change()


class Reports:
    """The two customer reports; one that dies does so after its first row."""

    def __init__(self, customers):
        self._customers = customers

    def enrolled(self, kind):
        enrolled = self._customers.enrolled[kind].items()
        rows = [EnrolledAccount(account_number=account, since=at) for account, at in enrolled]
        dies = self._customers.polls_die[kind]
        yield from rows[:1] if dies else rows
        if dies:
            raise RetryableError("503", partner="invoice_cloud", operation="report")


ACTIONS = {
    "toggle": Customers.toggle,
    "deliver": Customers.deliver,
    "lose": Customers.lose,
    "poll": Customers.poll,
    "push": Customers.push,
    "pass": Customers.pass_time,
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=STEPS, skew=st.integers(-5, 5))
def test_imt_ends_at_the_newest_time_of_invoice_cloud(new_ledger, quick_folder, steps, skew):
    carrier = Customers(new_ledger(quick_folder), skew)
    for action, first, second in steps:
        ACTIONS[action](carrier, first, second)
    carrier.come_to_rest()
    for account, kind in carrier.touched:
        assert carrier.imt.is_on(account, kind) is (account in carrier.enrolled[kind])
    states = {item.state for item in carrier.ledger.items(ENROLLMENTS.item).page(limit=1000)}
    assert states <= {State.DONE, State.SUPERSEDED}
    assert not carrier.open_exceptions()
    carrier.close()
