"""`python -m tests.e2e.under_way`: outages and payers as seeds draw them, and a judge."""

import argparse
import itertools
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from sandbox.server import Sandbox
from sandbox.world.clock import DEMO_START
from tests.e2e.under_way.play import play
from tests.e2e.under_way.story import INVOICES, draw

FOUND = 1
PROGRESS_EVERY = 10
COLUMNS = ("stories", "payments", "nothing due", "returned", "persons", "looks", "wrong")
IN_MEMORY = Path("/dev/shm")  # noqa: S108  # folders of their own are made there


def main() -> int:
    options = _options()
    begun = time.monotonic()
    table, wrongs = defaultdict(Counter), []
    seeds = range(options.seed, options.seed + options.stories)
    with ProcessPoolExecutor(options.jobs, initializer=_hush) as pool:
        played = [pool.submit(_play, draw(seed)) for seed in seeds]
        for done, future in enumerate(as_completed(played), start=1):
            outcome = future.result()
            for row in (*_rows(outcome.story), "all"):
                table[row] += outcome.counts + Counter(stories=1, wrong=bool(outcome.wrongs))
            if outcome.wrongs:
                wrongs.append(outcome)
                print("\n".join(_told(outcome)), flush=True)
            if done % PROGRESS_EVERY == 0:
                print(f"{done} of {len(seeds)} stories, {len(wrongs)} wrong", flush=True)
        shortest = [pool.submit(_shorten, outcome) for outcome in wrongs[: options.shorten]]
        for future in shortest:
            print("\nThe same with no more events than it takes:")
            print("\n".join(_told(future.result())), flush=True)
    print("\n".join(_table(table)))
    print(f"seeds {seeds.start} to {seeds.stop - 1}: {time.monotonic() - begun:.0f} s")
    print("NOT CLEAN" if wrongs else "CLEAN")
    return FOUND if wrongs else 0


def _play(story):
    """Play a story in a sandbox of its own."""
    sandbox = Sandbox()
    sandbox.start(port=0)
    try:
        world = sandbox.create_world(
            "story", seed=story.seed, start=DEMO_START, open_invoices=INVOICES
        )
        where = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None
        with tempfile.TemporaryDirectory(dir=where) as folder:
            return play(story, world, folder=Path(folder))
    finally:
        sandbox.stop()


def _shorten(outcome):
    """Leave out each event without which something is wrong still."""
    for event in reversed(outcome.story.events):
        again = _play(outcome.story.without(event))
        if again.wrongs:
            outcome = again
    return outcome


def _hush():
    """Keep what the adapters log out of the figures."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _rows(story):
    yield f"{story.outage.partner} {story.outage.operation}"
    yield f"{'a' if story.receipts_feed else 'no'} receipts feed"
    yield "balances asked for" if story.rtdr else "rtdr_suppressed"


def _told(outcome):
    return [*outcome.story.lines(), *(f"  WRONG {wrong}" for wrong in outcome.wrongs)]


def _table(table):
    width = max(map(len, table))
    yield " " * width + "".join(f"{column:>13}" for column in COLUMNS)
    for row in itertools.chain(sorted(table.keys() - {"all"}), ["all"]):
        yield f"{row:<{width}}" + "".join(f"{table[row][column]:>13}" for column in COLUMNS)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.e2e.under_way",
        description="Play stories of one outage each, with payments by page, agent, AutoPay and "
        "schedule, returned payments and charges around it, over sockets with a real adapter: a "
        "book of all books says who was asked twice, and what was left unbilled.",
        epilog="Exit codes: 0 nobody asked twice, everything billed, the auditor content; "
        "1 otherwise.",
    )
    parser.add_argument("--seed", type=int, default=7, help="of the first story (7)")
    parser.add_argument("--stories", type=int, default=150, help="each of the next seed (150)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument(
        "--shorten", type=int, default=3, help="of so many wrong ones, find the shortest (3)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
