"""The runner, the same for every kind: delivered once, or tried again, or visibly a person's."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
import structlog
from sqlalchemy import update

from adapter.domain.exceptions import ExceptionKind
from adapter.domain.work_item import Cause, Evidence, State
from adapter.errors import (
    ConfigurationError,
    LedgerError,
    NotFoundError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)
from adapter.jobs import deliver
from adapter.kinds import ENROLLMENTS, KINDS, PAYMENTS, REVERSALS
from adapter.ledger.outbox import Outbox

WHERE = {"partner": "partner", "operation": "operation"}
LATER = RetryableError("429", retry_after_seconds=50.0, **WHERE)
LOST = OutcomeUnknownError("connection lost", **WHERE)
REFUSED = RejectedError("422", **WHERE)
WRONG = ConfigurationError("setting 13 is refused")
DAY = 86_400
PLACES = {
    PAYMENTS: ("receipt_answers", "posted", "payment_guid"),
    ENROLLMENTS: ("push_answers", "pushed", "event_guid"),
    REVERSALS: ("reversal_answers", "reversed", "reject_guid"),
}


class Desk:
    """One kind of item on a bench: what is put there, what its partner answers and was sent."""

    def __init__(self, bench, kind):
        self.bench, self.kind = bench, kind
        answers, sent, self.guid = PLACES[kind]
        self.answers, self.sent = getattr(bench.partners, answers), getattr(bench.partners, sent)
        self.done, self.failed = kind.word(State.DONE), kind.word(State.RETRYING)
        self.waiting = kind.word(State.WAITING)

    def put(self, number=1, **how):
        """Put an item on disk that may leave at once, each in a lane of its own."""
        invoice = {"invoice_number": str(number)}
        if self.kind is ENROLLMENTS:
            payload = self.bench.change(number, account_number=str(number))
        else:
            payload = self.bench.payment(number, **invoice)
        if self.kind is REVERSALS:  # of a payment that has settled
            self.bench.pass_time(-DAY)
            self.bench.put(payload)
            self.bench.run(PAYMENTS)
            self.bench.pass_time(DAY)
            self.bench.observed.moves.clear()
            payload = self.bench.ach_return(number, **invoice)
        return self.bench.put(payload, **how)

    def run(self):
        return self.bench.run(self.kind)

    def run_on(self):
        self.bench.run_on(self.kind)

    def reference(self, payload):
        return self.kind.item.reference(payload)

    def spoil(self, payload):
        """Write into its row what the adapter never writes."""
        table = self.kind.item.table
        with self.bench.ledger.outbox(self.kind.item)._store.writing() as connection:
            mine = table.c.item_id == self.bench.item(payload).id
            connection.execute(update(table).where(mine).values({self.guid: "spoiled"}))


@pytest.fixture(params=KINDS, ids=lambda kind: kind.command)
def desk(bench, request):
    return Desk(bench, request.param)


def test_nothing_due_is_nothing_done(desk):
    """A setting that nobody needed is no failure either."""
    desk.answers.append(WRONG)
    report = desk.run()
    assert (report.job, report.biller) == (desk.kind.job, desk.bench.biller)
    assert (report.counts, report.failure, report.is_cut_short) == ({}, None, False)


def test_an_item_is_sent_whole_and_once(bench, desk):
    payload = desk.put()
    assert desk.run().counts == {desk.done: 1}
    assert desk.run().counts == {}
    assert desk.sent == [payload]
    item = bench.item(payload)
    assert (item.state, item.evidence, item.attempts) == (State.DONE, Evidence.ANSWER, 1)
    assert item.done_at == item.sent_at == bench.clock.now()
    assert (item.next_at, item.lease_owner, item.settles_at) == (None, None, None)
    assert (item.may_have_left, item.last_error) == (False, "")
    assert [(event.to_state, event.cause) for event in bench.events(payload)] == [
        (State.WAITING, Cause.RECEIVED),
        (State.SENDING, Cause.SENT),
        (State.DONE, Cause.ANSWERED),
    ]
    assert bench.observed.moves == [(item.reference, State.DONE, desk.done)]


@pytest.mark.parametrize("correlation_id", ["c0ffee", ""])
def test_sending_is_on_disk_before_the_request_leaves_under_its_id(bench, desk, correlation_id):
    """No transaction is open meanwhile."""
    payload, seen = desk.put(correlation_id=correlation_id), []

    def look():
        context = structlog.contextvars.get_contextvars()
        seen.append((bench.item(payload), context["correlation_id"]))
        bench.ledger.check_writable()
        return LATER

    desk.answers.append(look)
    desk.run()
    [(item, logged)] = seen
    assert (item.state, item.may_have_left) == (State.SENDING, True)
    assert item.sent_at == bench.clock.now()
    assert logged == (correlation_id or desk.reference(payload).partition(":")[0])


def test_what_surely_failed_is_tried_again_later(bench, desk):
    payload = desk.put()
    desk.answers.append(LATER)
    assert desk.run().counts == {desk.failed: 1}
    item = bench.item(payload)
    assert (item.state, item.attempts, item.may_have_left) == (State.RETRYING, 1, False)
    assert item.next_at >= bench.clock.now() + timedelta(seconds=50)
    assert "surely not applied: partner operation: 429; next try at" in item.last_error
    bench.clock.at = item.next_at
    assert desk.run().counts == {desk.done: 1}
    assert bench.item(payload).attempts == 2
    assert bench.exceptions() == ()


def test_a_partner_that_is_away_for_days_finds_everything_waiting(bench, desk):
    """Connections refused for twenty hours made payments dead."""
    payload = desk.put()
    back = bench.clock.now() + timedelta(days=6)
    while bench.clock.now() < back:
        desk.answers.append(LATER)
        bench.run_on(desk.kind, times=1)
    assert bench.item(payload).attempts > bench.work.rules.retry.attempts_max
    desk.answers.clear()
    bench.run_on(desk.kind, times=1)
    assert (bench.item(payload).state, bench.exceptions()) == (State.DONE, ())


def test_tries_come_to_an_end_at_a_person_who_may_send_it_again(bench, desk):
    """Of what never left they take a week."""
    payload = desk.put()
    accepted_at = bench.clock.now()
    desk.answers.extend([LATER] * 1000)
    bench.run_on(desk.kind, times=1000)
    assert 7 * DAY <= (bench.clock.now() - accepted_at).total_seconds() <= 7 * DAY + 3600
    desk.answers.clear()
    item = bench.item(payload)
    assert (item.state, item.review) == (State.NEEDS_PERSON, desk.kind.exhausted)
    assert (item.attempts, item.may_have_left) == (len(desk.sent), False)
    assert f"429; no further try ({len(desk.sent)} used): a person has" in item.last_error
    [review] = bench.exceptions()
    assert (review.kind, review.reference) == (desk.kind.exhausted, item.reference)
    assert review.detail == item.last_error
    bench.pass_time(100 * DAY)
    assert desk.run().counts == {}
    again = bench.redrive(desk.kind).retry(item, by="ada", now=bench.clock.now())
    assert (again.state, again.attempts) == (State.RETRYING, 0)
    assert desk.run().counts == {desk.done: 1}
    assert bench.open_kinds() == []


def test_a_refusal_is_never_repeated_unless_by_a_person(bench, desk):
    first, second = desk.put(1), desk.put(2)
    desk.answers.extend([REFUSED, REFUSED])
    assert desk.run().counts == {desk.kind.word(State.NEEDS_PERSON, desk.kind.refused): 2}
    assert bench.item(first).next_at is None
    reviews = [(review.kind, review.reference) for review in bench.exceptions()]
    assert reviews == [(desk.kind.refused, desk.reference(each)) for each in (first, second)]
    desk.run_on()
    assert len(desk.sent) == 2
    bench.redrive(desk.kind).retry_all(by="ada", now=bench.clock.now())
    assert desk.run().counts == {desk.done: 2}
    assert bench.open_kinds() == []


@pytest.mark.parametrize("error", [LOST, KeyError("hunter2"), OSError("hunter2")], ids=repr)
def test_any_other_error_after_sending_leaves_it_open_whether_it_was_taken(bench, desk, error):
    """What nobody foresaw says nothing of what the partner did, and may hold a secret."""
    payload = desk.put()
    desk.answers.append(error)
    desk.run()
    item, event = bench.item(payload), bench.events(payload)[-1]
    assert (event.cause, item.may_have_left) == (Cause.ANSWER_LOST, True)
    assert "answer lost after sending" in item.last_error
    assert "hunter2" not in item.last_error
    if error is not LOST:
        assert f"unforeseen {type(error).__name__}" in item.last_error
        [line] = [line for line in bench.logs if "exc_info" in line]
        assert (line["exc_info"], line["reference"]) == (error, item.reference)
    settled_at = bench.clock.now() + timedelta(seconds=120)
    if desk.kind.repeat_is_harmless:
        assert (item.state, item.attempts) == (State.RETRYING, 1)
        assert item.settles_at == (settled_at if desk.kind.settles else None)
    else:
        assert (item.state, item.next_at) == (State.IN_DOUBT, settled_at)
    assert desk.run().counts == {}
    desk.run_on()
    assert bench.item(payload).state is State.DONE
    assert (desk.sent, bench.exceptions()) == ([payload, payload], ())


def test_a_worker_that_died_before_it_sent_is_made_up_for(bench, desk):
    payload = desk.put()
    claim = {"now": bench.clock.now(), "lease_seconds": 90}
    claimed = bench.ledger.outbox(desk.kind.item).claim_due(bench.biller, **claim)
    assert (claimed.payload, claimed.state) == (payload, State.WAITING)
    assert desk.run().counts == {}
    bench.pass_time(90)
    assert desk.run().counts == {desk.done: 1}
    assert desk.sent == [payload]


def test_a_worker_that_died_while_it_sent_leaves_a_doubt_whatever_the_settings(bench, desk):
    payload = desk.put()
    desk.answers.append(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        desk.run()
    assert desk.run().counts == {}
    bench.settings_problem = ConfigurationError("no door_key")
    bench.pass_time(90)
    assert desk.run().counts == {"lease_expired": 1}
    assert bench.events(payload)[-1].cause is Cause.LEASE_EXPIRED
    item = bench.item(payload)
    assert item.state is (State.RETRYING if desk.kind.repeat_is_harmless else State.IN_DOUBT)
    assert item.may_have_left
    bench.settings_problem = None
    desk.run_on()
    assert bench.item(payload).state is State.DONE
    assert desk.sent == [payload, payload]


def test_an_answer_after_the_lease_is_only_logged(bench, desk):
    payload = desk.put()

    def sleep():
        bench.pass_time(90)
        assert desk.run().counts == {"lease_expired": 1}
        return REFUSED

    desk.answers.append(sleep)
    assert desk.run().counts == {"lease_lost": 1}
    assert bench.logs[-1]["event"] == "a lease was lost"
    assert bench.events(payload)[-1].cause is Cause.LEASE_EXPIRED
    assert bench.exceptions() == ()


def test_a_lease_that_ended_before_the_request_left_sends_nothing(bench, desk, monkeypatch):
    """Whoever slept between the commit and the request must not wake up and send."""
    payload = desk.put()
    begin = Outbox.begin_sending

    def begin_and_sleep(*args, **kwargs):
        sending = begin(*args, **kwargs)
        bench.pass_time(90)
        return sending

    monkeypatch.setattr(Outbox, "begin_sending", begin_and_sleep)
    desk.run()
    assert (desk.sent, bench.item(payload).state) == ([], State.SENDING)


@pytest.mark.parametrize("method", ["claim_due", "begin_sending"])
def test_a_clock_that_is_set_back_prolongs_no_lease(bench, desk, monkeypatch, method):
    """By the clock the lease holds; by the seconds that passed another one may have it."""
    payload, steady = desk.put(), SimpleNamespace(seconds=1000.0)
    bench.work = replace(bench.work, steady=lambda: steady.seconds)
    inner = getattr(Outbox, method)

    def sleep_then_set_the_clock_back(*args, **kwargs):
        leased = inner(*args, **kwargs)
        steady.seconds += 90
        bench.pass_time(-600)
        return leased

    monkeypatch.setattr(Outbox, method, sleep_then_set_the_clock_back)
    monkeypatch.setattr(deliver, "CLAIMS_PER_RUN_MAX", 1)
    desk.run()
    assert desk.sent == []
    assert bench.item(payload).attempts == (method == "begin_sending")


@pytest.mark.parametrize("when", ["before", "while"])
def test_a_ledger_that_fails_ends_the_run(desk, monkeypatch, when):
    desk.put()
    full = LedgerError("disk full")
    if when == "while":
        desk.answers.append(full)
    else:
        monkeypatch.setattr(Outbox, "begin_sending", lambda *_, **__: (_ for _ in ()).throw(full))
    with pytest.raises(LedgerError):
        desk.run()
    assert len(desk.sent) == (when == "while")


def test_a_wrong_setting_lets_everything_wait_and_uses_up_no_try(bench, desk):
    first, *others = [desk.put(number) for number in (1, 2, 3)]
    desk.answers.append(WRONG)
    report = desk.run()
    assert (report.failure, report.counts["postponed"]) == (WRONG, 3)
    assert desk.sent == [first]
    for payload in (first, *others):
        item = bench.item(payload)
        assert item.state is (State.RETRYING if payload is first else State.WAITING)
        assert (item.attempts, item.may_have_left) == (0, False)
        assert item.next_at == bench.clock.now() + timedelta(seconds=300)
        assert "setting 13 is refused" in item.last_error
    assert item.last_error == "waits for a setting: setting 13 is refused"
    bench.pass_time(300)
    assert desk.run().counts == {desk.done: 3}


@pytest.mark.parametrize("problem", [ConfigurationError("no door_key"), NotFoundError("gone")])
def test_a_biller_with_wrong_settings_waits_visibly(bench, desk, problem):
    payload = desk.put()
    bench.settings_problem = problem
    report = desk.run()
    assert (report.failure, report.counts) == (problem, {"postponed": 1})
    item = bench.item(payload)
    assert (item.attempts, item.last_error) == (0, f"waits for a setting: {problem}")


def test_a_setting_that_stays_wrong_is_tried_less_and_less(bench, desk):
    payload = desk.put()
    desk.answers.extend([WRONG] * 100)
    until = bench.clock.now() + timedelta(days=1)
    while bench.clock.now() < until:
        bench.run_on(desk.kind, times=1)
        assert bench.item(payload).next_at - bench.clock.now() <= timedelta(hours=1)
    assert len(desk.sent) < 40
    assert bench.item(payload).attempts == 0


@pytest.mark.parametrize("last", [[], [REFUSED]], ids=["taken", "refused"])
def test_a_setting_that_stops_an_item_for_a_day_is_reviewed_until_it_is_right(bench, desk, last):
    """The review blocks nothing."""
    payload = desk.put()
    desk.answers.extend([WRONG] * 3 + last)
    desk.run()
    assert bench.exceptions() == ()
    for seconds in (DAY, 3600):
        bench.pass_time(seconds)
        desk.run()
        [review] = bench.exceptions()
        assert (review.kind, review.payment_guid) == (ExceptionKind.SETTING_OVERDUE, None)
        assert review.reference == desk.reference(payload)
        assert "setting 13 is refused" in review.detail
    bench.pass_time(3600)
    desk.run()
    assert bench.item(payload).state is (State.NEEDS_PERSON if last else State.DONE)
    assert bench.open_kinds() == ([desk.kind.refused] if last else [])


def test_one_run_is_bounded(bench, desk, monkeypatch):
    assert deliver.CLAIMS_PER_RUN_MAX == 100
    payloads = [desk.put(number) for number in (1, 2, 3)]
    monkeypatch.setattr(deliver, "CLAIMS_PER_RUN_MAX", 2)
    report = desk.run()
    assert (report.counts, report.is_cut_short) == ({desk.done: 2}, True)
    assert bench.item(payloads[-1]).next_at <= bench.clock.now()
    report = desk.run()
    assert (report.counts, report.is_cut_short) == ({desk.done: 1}, False)


@pytest.mark.parametrize("left", [False, True])
def test_a_row_that_cannot_be_read_is_set_aside_while_others_go_on(bench, desk, left):
    """Once it stopped all of its biller, for good and unseen, also one left while it was sent."""
    poison, other = desk.put(1), desk.put(2)
    reference = bench.item(poison).reference
    if left:
        desk.answers.append(KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            desk.run()
    desk.spoil(poison)
    bench.pass_time(90)
    for counts in ({desk.done: 1}, {}):
        assert desk.run().counts == counts
        [review] = bench.exceptions()
        assert (review.kind, review.reference) == (ExceptionKind.ROW_UNREADABLE, reference)
    assert desk.sent[-1] == other
    assert bench.ledger.next_due_at(desk.kind.item) is None
