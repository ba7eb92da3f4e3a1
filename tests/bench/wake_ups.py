"""Wake-ups of the queue: how many a heap of one carrier's payments takes, and at which cost."""

import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, closing
from pathlib import Path
from unittest.mock import patch

from adapter.engines import procrastinate
from adapter.engines.running import RUNNING_ALREADY, JobRunner
from adapter.telemetry.log import configure_logging
from tests.delivery.rig.engines import postgresql_ledger
from tests.unit.engines.conftest import Carrier

HEAP = 300
ANSWER_SECONDS = 0.05
THREADS = 4


def measure_wake_ups(engines: int) -> dict[str, float]:
    """Return what so many engines in one process took for a heap; the receiver only waits."""
    wake_ups = Counter()
    run = JobRunner.run

    def count(*args, **options):
        report = run(*args, **options)
        wake_ups["refused" if report.note == RUNNING_ALREADY else "run"] += 1
        return report

    configure_logging(level=40)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(patch.object(procrastinate, "SCHEDULE", ()))
        stack.enter_context(patch.object(JobRunner, "run", count))
        carrier = Carrier(stack.enter_context(postgresql_ledger(folder)))
        stack.enter_context(closing(carrier))
        carrier.spectrum.before_posting = lambda _payment: time.sleep(ANSWER_SECONDS)
        doors = carrier.engine(threads=0)
        for _ in range(HEAP):
            doors.accept()
        began, cpu = time.monotonic(), time.process_time()
        for _ in range(engines):
            carrier.engine(threads=THREADS).engine.start()
        while len(carrier.spectrum.applied) < HEAP:
            time.sleep(ANSWER_SECONDS)
        seconds, cpu = time.monotonic() - began, time.process_time() - cpu
    return {
        "wake-ups": wake_ups.total(),
        "refused": wake_ups["refused"],
        "CPU ms a delivery": cpu * 1000 / HEAP,
        "deliveries a second": HEAP / seconds,
    }


if __name__ == "__main__":
    for number in map(int, sys.argv[1:] or ("1", "2")):
        print(number, measure_wake_ups(number))
