"""A campaign: payments, returns, enrolments, and kills; at the end the partners' books count."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Self

from adapter.kinds import REVERSALS
from adapter.ledger import Ledger, open_ledger
from tests.delivery.rig.engines import ENGINES, begin
from tests.delivery.rig.partner import Partner
from tests.delivery.rig.processes import AdapterProcess, Pace, make_processes
from tests.delivery.rig.pump import Pump
from tests.delivery.rig.schedule import Kill
from tests.delivery.rig.verdict import Verdict, all_items, judge, unfinished

# A point that is not passed in this time is not waited for: the process is killed all the same.
POINT_SECONDS_MAX = 3.0
POLL_SECONDS = 0.1
# The reject report is read after so many kills, and before a kill that waits for a reversal.
KILLS_A_REPORT = 10
JOB_SECONDS_MAX = 300.0
# Beside so many payments of a hundred, one comes back and a setting changes.
RETURNED_PERCENT = 10
ENROLLED_PERCENT = 10


def quiet(_words: str) -> None:
    """Tell nobody."""


@dataclass(kw_only=True)
class Rig:
    """One engine at work for one partner: what every campaign and every test stands on."""

    engine: str = "embedded"
    seed: int = 7
    payments: int = 120
    receipts_feed: bool = False
    pace: Pace = field(default_factory=Pace)
    # How far each clock is from the right time, on and back in turn.
    skew_seconds: float = 0.0
    folder: Path | None = None
    # A ledger of somebody else's; without it, one of its own.
    url: str = ""
    tell: Callable[[str], None] = quiet
    told: int = 0
    _paid: int = 0
    _starts: int = 0

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            if self.folder is None:
                self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            kind = ENGINES[self.engine]
            self.url = self.url or stack.enter_context(kind.ledger(self.folder))
            self.partner = Partner(
                seed=self.seed, payments=self.payments, receipts_feed=self.receipts_feed
            )
            stack.callback(self.partner.stop)
            biller = self.partner.biller
            self.ledger: Ledger = open_ledger(
                self.url, billers=lambda: {biller.slug: biller.biller_guid}, make=True
            )
            begin(self.ledger, self.folder)
            stack.callback(self.ledger.close)
            self.processes = make_processes(kind, self.partner, self.folder, self.url, self.pace)
            stack.callback(self._end_processes)
            self.pump = Pump(
                [process.url for process in self.processes if process.has_doors],
                biller.slug,
                (biller.biller_guid, biller.door_key),
                seed=self.seed,
            )
            stack.callback(self.pump.stop)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(self) -> None:
        for number in range(len(self.processes)):
            self.launch(number)
        for process in self.processes:
            process.wait_until_ready()

    def launch(self, number: int) -> None:
        """Start a process, its clock as far from the right time as the campaign wants.

        Processes on machines of their own keep their clocks, each other one ahead. Those of one
        machine have one clock: each start finds it set anew, on the other side of the right time.
        """
        self._starts += 1
        if ENGINES[self.engine].is_one_machine:
            ahead, clocks = self._starts % 2, self.processes
        else:
            ahead, clocks = number % 2, self.processes[number : number + 1]
        if self.skew_seconds:
            for each in clocks:
                each.set_clock(self.skew_seconds if ahead else -self.skew_seconds)
        self.processes[number].start()

    def pay(self, count: int) -> None:
        for _ in range(count):
            self.pump.tell(self.partner.pay())
        self.told += count

    def live(self, payments: int) -> None:
        """Let payers pay so often; beside it some payments come back, and settings change."""
        for _ in range(payments):
            self.pay(1)
            self._paid += 1
            chance = Random(f"{self.seed}:beside:{self._paid}")  # noqa: S311  # no secret
            if chance.randrange(100) < RETURNED_PERCENT:
                self.partner.give_back()
            if chance.randrange(100) < ENROLLED_PERCENT:
                self.enroll(1)

    def enroll(self, count: int) -> None:
        for _ in range(count):
            self.pump.tell(self.partner.enroll())
        self.told += count

    def read_rejects(self, *, die_at: str = "") -> int:
        """Run the job that reads the reject report, in a process of its own."""
        job = self.job("reverse_rejects")
        job.start(die_at=die_at)
        if not job.died_within(JOB_SECONDS_MAX):
            raise TimeoutError("the reject report is not read")
        return job.exit_code or 0

    def settle(self, seconds_max: float) -> None:
        """Let everything be accepted and come to its end, nobody helping, within bounds."""
        until = time.monotonic() + seconds_max
        self.pump.wait_until_taken(seconds_max)
        while time.monotonic() < until and self._unread_returns():
            self.read_rejects()
        while time.monotonic() < until and unfinished(all_items(self.ledger)):
            time.sleep(POLL_SECONDS)

    def _unread_returns(self) -> bool:
        known = {item.payload.reversal_id for item in all_items(self.ledger, REVERSALS)}
        return not self.partner.returns.keys() <= known

    def job(self, name: str) -> AdapterProcess:
        """Return a process that runs one job and ends."""
        return self.processes[0].beside("run", name)

    def verdict(self) -> Verdict:
        is_set = bool(self.skew_seconds) and ENGINES[self.engine].is_one_machine
        return judge(self.pump.taken, self.told, self.partner, self.ledger, in_order=not is_set)

    def _end_processes(self) -> None:
        for process in self.processes:
            if process.is_alive:
                process.kill()


@dataclass(kw_only=True)
class Outcome:
    """What a campaign did, and the verdict."""

    engine: str
    seed: int
    receipts_feed: bool
    skew_seconds: float = 0.0
    kills: int = 0
    restarts: int = 0
    deaths: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    retold: int = 0
    refused: int = 0
    seconds: float = 0.0
    settle_seconds: float = 0.0
    verdict: Verdict = field(default_factory=Verdict)

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "verdict": self.verdict.as_json()}


def run_campaign(rig: Rig, kills: list[Kill], *, settle_seconds_max: float) -> Outcome:
    """Kill, let a share of the payments be made in each life, then wait and count."""
    outcome = Outcome(
        engine=rig.engine,
        seed=rig.seed,
        receipts_feed=rig.receipts_feed,
        skew_seconds=rig.skew_seconds,
    )
    deaths: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    began = time.monotonic()
    rig.start()
    for number, kill in enumerate(kills, start=1):
        rig.live(rig.payments * number // len(kills) - rig.payments * (number - 1) // len(kills))
        if kill.fault:
            rig.partner.break_next_answer(kill.fault, *kill.operation)
            faults[f"{kill.operation[1]} {kill.fault}"] += 1
        deaths[_carry_out(kill, rig)] += 1
        upcoming = kills[number : number + 1]
        is_last_or_due = not upcoming or number % KILLS_A_REPORT == 0
        if is_last_or_due or upcoming[0].is_of_reversals:
            # Every other time the process dies once the returns are on disk, before its mark is.
            die_at = "accepted:reversal" if number % 2 else ""
            if rig.read_rejects(die_at=die_at) < 0:
                deaths["point accepted:reversal"] += 1
        rig.launch(kill.victim)
        if number % 10 == 0 or number == len(kills):
            rig.tell(f"{number} kills, {rig.told} notices, {rig.pump.open} not accepted yet")
    rig.partner.be_well()
    ended = time.monotonic()
    rig.settle(settle_seconds_max)
    outcome.settle_seconds = round(time.monotonic() - ended, 1)
    outcome.seconds = round(time.monotonic() - began, 1)
    outcome.kills = sum(deaths.values())
    outcome.restarts = sum(process.starts - 1 for process in rig.processes)
    outcome.deaths, outcome.faults = dict(sorted(deaths.items())), dict(faults)
    outcome.retold, outcome.refused = rig.pump.failures, len(rig.pump.refused)
    outcome.verdict = rig.verdict()
    return outcome


def _carry_out(kill: Kill, rig: Rig) -> str:
    """Kill one process, and return how it died."""
    victim = rig.processes[kill.victim]
    words = kill.words
    match kill.kind:
        case "launch":
            time.sleep(kill.seconds)  # it was launched a moment ago
        case "point":
            victim.order_to_die(kill.point, kill.passing)
            victim.wait_until_ready()
            if not victim.died_within(POINT_SECONDS_MAX):
                words = "moment"
        case _:
            victim.wait_until_ready()
            time.sleep(kill.seconds)
            if kill.kind == "sleep":
                _sleep_beyond_the_lease(victim, rig.pace)
    victim.kill()
    return words


def _sleep_beyond_the_lease(victim: AdapterProcess, pace: Pace) -> None:
    victim.sleep()
    time.sleep(pace.lease_seconds + pace.request_timeout_seconds / 2)
    victim.wake()
    time.sleep(pace.request_timeout_seconds)  # time enough to do what it was about to do
