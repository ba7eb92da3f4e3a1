"""`python -m tests.delivery.answers`: whatever Spectrum answers, nothing is lost or doubled."""

import argparse
import fnmatch
import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import structlog

from tests.delivery.answers.campaign import STORIES_MAX, Campaign, play, table_of
from tests.delivery.answers.cases import every_case
from tests.delivery.answers.ledgers import LEDGERS, ledgers_of
from tests.delivery.answers.scenarios import SCENARIOS
from tests.delivery.answers.spectrum import SpectrumServer

FOUND = 1
WRONG_USE = 2
FAULTS_TOLD = 40


def main() -> int:
    options = _options()
    cases = [case for case in every_case() if fnmatch.fnmatch(case.name, options.only)]
    scenarios = [name for name in SCENARIOS if fnmatch.fnmatch(name, options.only)]
    if not cases and not scenarios:
        print(f"no case is called {options.only}; --list names them all", file=sys.stderr)
        return WRONG_USE
    if options.list:
        print("\n".join([*(case.name for case in cases), *scenarios]))
        return 0
    begun = time.monotonic()
    campaign = Campaign.of(cases, seed=options.seed)
    jobs = min(options.jobs, len(cases) + len(scenarios))
    parts = [(cases[k::jobs], scenarios[k::jobs]) for k in range(jobs)]
    with ProcessPoolExecutor(jobs) as pool:
        played = [pool.submit(_play_part, options.seed, options.ledger, *part) for part in parts]
        for part in played:
            campaign.take(part.result())
    campaign.seconds = time.monotonic() - begun
    if options.json:
        print(json.dumps(campaign.as_json(), indent=2))
    else:
        print("\n".join(_told(campaign, options)))
    return 0 if campaign.is_clean else FOUND


def _play_part(seed, ledger, cases, scenarios):
    """Play a part of the campaign in a process of its own."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with SpectrumServer() as server, ledgers_of(ledger) as new_ledger:
        return play(
            cases,
            scenarios,
            seed=seed,
            server=server,
            new_ledger=new_ledger,
            tell=lambda words: print(words, file=sys.stderr, flush=True),
        )


def _told(campaign, options):
    lines = []
    if len(campaign.outcomes) <= STORIES_MAX:
        for name, outcome in campaign.outcomes.items():
            lines += [f"{name}: {outcome.verdict} ({outcome.state})"]
            lines += [f"  {line}" for line in outcome.story]
            lines.append("")
    lines += table_of(campaign)
    faults = campaign.faults
    lines += [f"{campaign.outcomes[name].verdict.upper()} {name}" for name in faults[:FAULTS_TOLD]]
    if len(faults) > FAULTS_TOLD:
        lines.append(f"... and {len(faults) - FAULTS_TOLD} more; --json names them all")
    if faults:
        lines.append("--only NAME plays one again and tells its story")
    lines.append(
        f"seed {campaign.seed}, {options.ledger}: {len(campaign.outcomes)} payments in "
        f"{campaign.seconds:.0f} s"
    )
    lines.append("CLEAN" if campaign.is_clean else "NOT CLEAN")
    return lines


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.delivery.answers",
        description="Answer the first post of each payment with every status, in JSON, as a page "
        "and empty, before and after applying it, and see what a real adapter makes of it: the "
        "book of a Spectrum that never de-duplicates says what was lost or applied twice.",
        epilog="Exit codes: 0 nothing lost, nothing doubled, and whatever is undecided is a "
        "review item; 1 otherwise; 2 for a name that no case has.",
    )
    parser.add_argument("--seed", type=int, default=7, help="draws amounts and batches (7)")
    parser.add_argument("--ledger", choices=LEDGERS, default="sqlite", help="the database")
    parser.add_argument(
        "--only", default="*", metavar="NAME", help="some cases, as 403-html-after-* or by name"
    )
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="processes that share the cases"
    )
    parser.add_argument("--list", action="store_true", help="name the cases, and play none")
    parser.add_argument("--json", action="store_true", help="tell it as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
