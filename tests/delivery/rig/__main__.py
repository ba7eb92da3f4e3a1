"""`python -m tests.delivery.rig`: a campaign of kills from a seed, its figures and verdict."""

import argparse
import json
import sys

from tests.delivery.rig.campaign import Outcome, Rig, run_campaign
from tests.delivery.rig.engines import ENGINES
from tests.delivery.rig.processes import SKEW_SECONDS
from tests.delivery.rig.schedule import draw_kills

FOUND = 1


def main() -> int:
    options = _options()
    with Rig(
        engine=options.engine,
        seed=options.seed,
        payments=options.payments,
        receipts_feed=options.receipts_feed,
        skew_seconds=options.skew,
        tell=lambda words: print(words, file=sys.stderr, flush=True),
    ) as rig:
        kills = draw_kills(rig.seed, options.kills, processes=len(rig.processes))
        outcome = run_campaign(rig, kills, settle_seconds_max=options.settle_seconds_max)
    print(json.dumps(outcome.as_json(), indent=2) if options.json else _told(outcome))
    return 0 if outcome.verdict.is_clean else FOUND


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.delivery.rig",
        description="Kill real adapter processes while payments, returns and enrolments arrive; "
        "then the books of IMT and of a Spectrum that does not de-duplicate say what was lost or "
        "applied twice.",
        epilog="Exit codes: 0 nothing lost, nothing doubled, nothing open; 1 otherwise. "
        "The seed draws the payments and the kills; what else the machine does, no seed draws.",
    )
    parser.add_argument("--seed", type=int, default=7, help="draws payments and kills (7)")
    parser.add_argument("--kills", type=int, default=100, help="how many kills (100)")
    parser.add_argument("--payments", type=int, default=3000, help="how many payments (3000)")
    parser.add_argument("--engine", choices=sorted(ENGINES), default="embedded")
    parser.add_argument(
        "--receipts-feed", action="store_true", help="Spectrum tells its receipts; else it doesn't"
    )
    parser.add_argument(
        "--skew",
        type=float,
        default=SKEW_SECONDS,
        metavar="SECONDS",
        help="how far the workers' clocks are from the right time, on and back in turn; on one "
        f"machine they have one clock, and it is set on or back at each start ({SKEW_SECONDS:g})",
    )
    parser.add_argument(
        "--settle-seconds-max",
        type=float,
        default=180.0,
        help="how long everything may take to come to its end after the last kill (180)",
    )
    parser.add_argument("--json", action="store_true", help="tell it as JSON")
    return parser.parse_args()


def _told(outcome: Outcome) -> str:
    verdict = outcome.verdict
    lines = [
        (
            f"seed {outcome.seed}, engine {outcome.engine}, receipts feed "
            f"{'on' if outcome.receipts_feed else 'off'}, de-duplication off, "
            f"clocks {outcome.skew_seconds:g} s off"
        ),
        (
            f"{outcome.kills} kills, {outcome.restarts} restarts in {outcome.seconds} s, "
            f"the last {outcome.settle_seconds} s of them without kills"
        ),
        f"  how: {_counts(outcome.deaths)}",
        f"  answers lost besides: {_counts(outcome.faults)}",
        (
            f"{verdict.payments} payments, {verdict.returns} returns, {verdict.changes} "
            f"changes of settings; {outcome.retold} notices repeated for want of a 202"
        ),
        *(f"  {name}: {_counts(states)}" for name, states in verdict.states.items()),
        f"  times in doubt: {verdict.doubts}; sent again: {_counts(verdict.sent_again)}",
        f"  applied by evidence: {_counts(verdict.evidence)}",
        *(f"  LOST {line}" for line in verdict.lost),
        *(f"  TWICE {line}" for line in verdict.twice),
        *(f"  WRONG {line}" for line in verdict.wrong_settings),
        *(f"  OPEN {line}" for line in verdict.unfinished),
        (
            f"applied exactly once {verdict.applied_once}, reversed exactly once "
            f"{verdict.reversed_once}, lost {len(verdict.lost)}, twice {len(verdict.twice)}, "
            f"wrong settings {len(verdict.wrong_settings)}, for a person {verdict.for_a_person}, "
            f"unfinished {len(verdict.unfinished)}, never accepted {verdict.never_accepted}"
        ),
        "CLEAN" if verdict.is_clean else "NOT CLEAN",
    ]
    return "\n".join(lines)


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"


if __name__ == "__main__":
    sys.exit(main())
