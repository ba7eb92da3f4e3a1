"""Workers on PostgreSQL: two of them bring a heap of payments down no slower than one does."""

import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from deliveries import ROOT, accept, next_payment, receiver, settings_for

from adapter.domain.work_item import State
from adapter.kinds import PAYMENTS
from adapter.ledger import Ledger, open_ledger
from sandbox.control.toml import toml_text
from sandbox.world.world import World
from tests.delivery.rig.engines import begin, postgresql_ledger

HEAP = 300
# By then every worker has found the heap.
HEAD_START = 60
SECONDS_MAX = 120.0
POLL_SECONDS = 0.05


def measure_workers() -> dict[int, float]:
    """Return deliveries a second by the number of worker processes; the receiver is the same."""
    measured = {}
    with tempfile.TemporaryDirectory() as name, receiver() as world:
        for count in (1, 2):
            with postgresql_ledger(Path(name)) as url:
                measured[count] = _measure(world, Path(name) / "adapter.toml", url, count)
    return measured


def _measure(world: World, config: Path, url: str, count: int) -> float:
    settings = settings_for(world, url)
    settings["adapter"]["engine"] = "procrastinate"
    config.write_text(toml_text(settings))
    ledger = open_ledger(url, billers=lambda: {b.slug: b.biller_guid for b in world.billers})
    begin(ledger, config.parent)
    try:
        for _ in range(HEAP):
            accept(ledger, next_payment(world))
        with ExitStack() as workers:
            for _ in range(count):
                workers.enter_context(_worker(config))
            began = _wait_for(ledger, HEAD_START)
            ended = _wait_for(ledger, HEAP)
    finally:
        ledger.close()
    return (ended[1] - began[1]) / (ended[0] - began[0])


@contextmanager
def _worker(config: Path):
    command = "from adapter.doors.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", command, "worker", "--config", config],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_for(ledger: Ledger, applied: int) -> tuple[float, int]:
    """Return when so many payments were applied, and how many were then."""
    end = time.monotonic() + SECONDS_MAX
    while time.monotonic() < end:
        done = ledger.items(PAYMENTS.item).page(limit=HEAP + 1, states=[State.DONE])
        if len(done) >= applied:
            return time.monotonic(), len(done)
        time.sleep(POLL_SECONDS)
    raise TimeoutError(f"{applied} payments were not applied within {SECONDS_MAX:.0f} s")


if __name__ == "__main__":
    print(measure_workers())
