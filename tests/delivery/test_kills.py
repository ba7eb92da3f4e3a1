"""Real processes that are killed, put to sleep and starved: nothing lost, nothing applied twice.

`make kills` is the long campaign; the rig under tests/delivery/rig is the same.
"""

import signal
import sqlite3
import subprocess
import time
from contextlib import closing

import pytest

from adapter.kinds import ENROLLMENTS, PAYMENTS, REVERSALS
from sandbox.fakes.invoice_cloud.book import InvoiceCloudBook
from tests.delivery.rig.campaign import Rig, run_campaign
from tests.delivery.rig.processes import COMMAND, SKEW_SECONDS, Pace
from tests.delivery.rig.schedule import POINTS, Kill, draw_kills
from tests.delivery.rig.verdict import all_items

# Far more than it takes: a machine that is busy must not look like a payment that is lost.
SETTLE_SECONDS_MAX = 300.0
DEADLINE_SECONDS = 300.0


@pytest.fixture
def make_rig(quick_folder, tmp_path_factory):
    """Make rigs whose ledgers lie on a disk that flushes fast."""
    rigs = []

    def make(**options):
        folder = quick_folder / tmp_path_factory.mktemp("rig").name
        folder.mkdir()
        rig = Rig(folder=folder, **options)
        rigs.append(rig.__enter__())
        return rig

    yield make
    for rig in rigs:
        rig.__exit__()


@pytest.fixture(params=["embedded-pair", "procrastinate"])
def shared(request):
    """Choose an engine of several processes, and its ledger."""
    if request.param == "procrastinate":
        url = request.getfixturevalue("postgres").new_database()
        return {"engine": request.param, "url": url}
    return {"engine": request.param}


def until(is_so):
    """Wait for something that another process does."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def check(rig):
    verdict, partner = rig.verdict(), rig.partner
    assert verdict.is_clean, verdict
    assert verdict.applied_once == len(partner.paid), verdict
    assert verdict.reversed_once == len(partner.returns), verdict
    assert verdict.for_a_person == 0, verdict


def test_a_campaign_of_kills_where_a_payment_may_be_lost_or_doubled(make_rig):
    """The four points that matter most, and a moment; `make kills` draws from all of them.

    Some of the payments come back, and settings change beside them.
    """
    rig = make_rig(seed=7, payments=120)
    sending = ("sending_committed", "request_left", "answered")
    assert {"accepted", *sending} < set(POINTS)
    # Only a payment is in doubt by them: of other kinds a repeat is harmless.
    points = ("accepted", *(f"{point}:payment" for point in sending))
    kills = [Kill(kind="point", victim=0, point=point, passing=2) for point in points]
    kills.insert(2, Kill(kind="moment", victim=0, seconds=0.2, fault="sever"))
    outcome = run_campaign(rig, kills, settle_seconds_max=SETTLE_SECONDS_MAX)
    check(rig)
    points = (*points, "accepted:reversal")
    assert outcome.deaths == {"moment": 1} | {f"point {point}": 1 for point in points}
    assert outcome.verdict.doubts >= 3
    assert outcome.verdict.returns > 0
    assert outcome.verdict.changes > 0


def test_a_seed_repeats_its_kills_and_a_longer_campaign_begins_like_a_shorter_one():
    kills = draw_kills(7, 100, processes=3)
    assert kills[:20] == draw_kills(7, 20, processes=3)
    assert {kill.kind for kill in kills} == {"moment", "launch", "point", "sleep"}
    assert {kill.point.partition(":")[0] for kill in kills} == {"", *POINTS}
    assert {kill.point.partition(":")[2] for kill in kills} == {"", "reversal", "enrollment"}


def test_what_a_dead_machine_left_is_finished_by_another_one(make_rig, shared):
    """Nobody starts the dead one again, and nobody helps."""
    rig = make_rig(payments=40, **shared)
    *_, living, dying = rig.processes
    rig.start()
    dying.order_to_die("request_left")
    living.sleep()  # awake, it might take them all
    if dying.has_doors:
        rig.pump.prefer(dying.url)
    rig.pay(1)
    until(lambda: not dying.is_alive)
    living.wake()
    if living.has_doors:
        rig.pump.prefer(living.url)
    rig.pay(10)
    rig.settle(SETTLE_SECONDS_MAX)
    assert living.is_alive
    check(rig)
    assert rig.verdict().doubts >= 1


def test_workers_on_postgresql_that_are_killed_lose_and_double_nothing(make_rig, postgres):
    """The doors once, each worker at a point of its own, and each clock ten minutes off."""
    rig = make_rig(
        engine="procrastinate",
        url=postgres.new_database(),
        payments=90,
        skew_seconds=SKEW_SECONDS,
    )
    kills = [
        Kill(kind="point", victim=0, point="accepted", passing=3),
        Kill(kind="point", victim=1, point="sending_committed", passing=2, fault="sever"),
        Kill(kind="point", victim=2, point="answered", passing=2),
    ]
    outcome = run_campaign(rig, kills, settle_seconds_max=SETTLE_SECONDS_MAX)
    check(rig)
    assert outcome.kills == 4  # with the one that reads the reject report
    assert outcome.verdict.changes > 0


@pytest.fixture(params=["embedded", "procrastinate"])
def any_engine(request):
    """Choose an engine, and its ledger."""
    if request.param == "procrastinate":
        return {"engine": request.param, "url": request.getfixturevalue("postgres").new_database()}
    return {"engine": request.param}


@pytest.mark.parametrize("kind", [REVERSALS, ENROLLMENTS], ids=lambda kind: kind.item.name)
def test_a_job_that_dies_at_every_point_of_another_kind(make_rig, any_engine, kind):
    """Each death leaves another item behind; in the end each has arrived once."""
    points = ("sending_committed", "request_left", "answered")
    if any_engine["engine"] == "embedded":
        points = ("claimed", *points, "recorded")
    rig = make_rig(payments=14, **any_engine)
    for _ in range(14):  # many more than points: those of one invoice wait for one another
        if kind is ENROLLMENTS:
            rig.partner.enroll()
        else:
            rig.partner.pay()
    if kind is REVERSALS:
        assert run(rig.job("reconcile_payments")) == run(rig.job("post_payments")) == 0
        posted = time.monotonic()
        for _ in range(14):
            rig.partner.give_back()
        # No reversal leaves before the balance shows its receipt.
        until(lambda: time.monotonic() - posted > rig.pace.settle_seconds)
    assert run(rig.job("reverse_rejects" if kind is REVERSALS else "follow_change_log")) == 0
    for point in points:
        run_to_death(rig.job(kind.job), f"{point}:{kind.item.name}")
    rig.start()
    rig.settle(SETTLE_SECONDS_MAX)
    check(rig)
    verdict = rig.verdict()  # what left is looked for first where a repeat is not harmless
    assert verdict.doubts + verdict.sent_again[kind.item.name] >= 3


@pytest.mark.parametrize("point", ["claimed", "sending_committed", "answered"])
def test_a_worker_that_wakes_after_its_lease_posts_nothing_twice(make_rig, point):
    rig = make_rig(engine="embedded-pair", payments=12)
    sleeper, other = rig.processes
    rig.start()
    sleeper.order_to_sleep(point)
    rig.pump.prefer(sleeper.url)
    rig.pay(1)  # one only: asleep in a transaction, SQLite would let nobody else write
    until(lambda: sleeper.is_asleep)
    rig.pump.prefer(other.url)
    rig.pay(9)
    rig.settle(SETTLE_SECONDS_MAX)
    check(rig)
    sleeper.wake()
    other.kill()
    rig.pump.prefer(sleeper.url)
    rig.pay(2)
    rig.settle(SETTLE_SECONDS_MAX)
    check(rig)


def test_a_full_disk_refuses_payments_and_loses_none(make_rig):
    rig = make_rig(payments=40)
    (process,) = rig.processes
    rig.start()
    rig.pay(10)
    until(lambda: len(rig.pump.taken) == 10)
    process.limit_files(1)
    rig.pay(20)
    until(lambda: rig.pump.answers[503] >= 3)
    process.limit_files(None)
    rig.pay(10)
    rig.settle(SETTLE_SECONDS_MAX)
    check(rig)


def test_a_ledger_that_somebody_locks_only_waits(make_rig):
    rig = make_rig(payments=20)
    rig.start()
    rig.pay(10)
    with closing(sqlite3.connect(rig.url.removeprefix("sqlite:///"), timeout=30)) as holder:
        holder.isolation_level = None
        holder.execute("BEGIN IMMEDIATE")
        rig.pay(10)
        assert not rig.pump.wait_until_taken(1.5)
        holder.execute("ROLLBACK")
    rig.settle(SETTLE_SECONDS_MAX)
    check(rig)


def test_a_clock_that_jumps_an_hour_on_and_back_loses_and_doubles_nothing(make_rig):
    """The partner's clock stays as it is; a token may be out of date, a lease over, or not yet.

    On, it jumps while nothing is in doubt: two readings on both sides of that hour prove nothing.
    """
    rig = make_rig(payments=30)
    (process,) = rig.processes
    rig.start()
    rig.pay(10)
    rig.settle(SETTLE_SECONDS_MAX)
    check(rig)
    process.set_clock(3600)
    rig.pay(10)
    until(lambda: len(rig.pump.taken) == 20)
    process.set_clock(0)
    rig.partner.break_next_answer("sever")
    rig.pay(10)
    rig.settle(SETTLE_SECONDS_MAX)
    check(rig)


def test_one_machine_whose_clock_is_set_at_each_start_leaves_nothing_lying(make_rig):
    """What the process before had leased lies twenty minutes ahead; it ends all the same."""
    rig = make_rig(payments=40, skew_seconds=SKEW_SECONDS)
    kills = [
        Kill(kind="point", victim=0, point=point, passing=2)
        for point in ("sending_committed", "request_left", "answered")
    ]
    run_campaign(rig, kills, settle_seconds_max=SETTLE_SECONDS_MAX)
    check(rig)


def test_a_ledger_where_nothing_can_be_written_is_told_at_the_start(make_rig):
    rig = make_rig(payments=1)
    config = rig.folder / "adapter-1.toml"
    config.write_text(config.read_text().replace(rig.url, "sqlite:////proc/adapter.db"))
    done = subprocess.run(
        [*COMMAND, "serve", "--new-ledger", "--config", str(config)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 5
    assert "ledger" in done.stderr


@pytest.mark.parametrize("point", ["upload_begun", "uploaded"])
def test_an_upload_that_dies_is_sent_again_and_billed_once(make_rig, point):
    rig = make_rig(payments=1, pace=Pace(request_timeout_seconds=2.0, lease_seconds=6.0))
    run_to_death(rig.job("send_invoices"), point)
    bills = rig.partner.world.book(InvoiceCloudBook).bills
    assert bool(bills) == (point == "uploaded")
    until(lambda: run(rig.job("send_invoices")) == 0 and len(bills) == 25)
    due = {invoice.number: invoice.balance for invoice in rig.partner.invoices}
    assert {bill.invoice.invoice_number: bill.balance for bill in bills.values()} == due


def test_a_reconciliation_that_dies_takes_everything_over_the_next_time(make_rig):
    rig = make_rig(payments=3)
    for _ in range(3):
        rig.partner.pay()
    run_to_death(rig.job("reconcile_payments"), "reconciling")
    assert not all_items(rig.ledger, PAYMENTS)
    until(lambda: run(rig.job("reconcile_payments")) == 0)
    rig.start()
    rig.settle(SETTLE_SECONDS_MAX)
    verdict = rig.verdict()
    assert (verdict.applied_once, verdict.lost, verdict.twice) == (3, [], [])


def run(job):
    """Run a job to its end, and return its exit code."""
    job.start()
    assert job.died_within(DEADLINE_SECONDS)
    return job.exit_code


def run_to_death(job, point):
    job.start(die_at=point)
    assert job.died_within(DEADLINE_SECONDS)
    assert job.exit_code == -signal.SIGKILL
