"""A campaign: the cases in batches of one ledger each, then the scenarios; and its table."""

import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from random import Random

from tests.delivery.answers.bench import VERDICTS, Bench
from tests.delivery.answers.scenarios import SCENARIOS

# So many payments share a ledger; more make each look at the receipts feed longer.
BATCH = 40
# Of so few, each one's story is told.
STORIES_MAX = 20
FAULTY = frozenset({"lost", "doubled", "unseen", "wrong"})


@dataclass(kw_only=True)
class Campaign:
    """What has been played so far; `outcomes` by the name of the case."""

    seed: int
    outcomes: dict = field(default_factory=dict)
    kinds: dict = field(default_factory=lambda: defaultdict(Counter))
    surroundings: dict = field(default_factory=lambda: defaultdict(Counter))
    scenarios: dict = field(default_factory=lambda: defaultdict(Counter))
    seconds: float = 0.0

    @classmethod
    def of(cls, cases, *, seed):
        """Begin one whose tables keep the order of the cases."""
        campaign = cls(seed=seed)
        for case in cases:
            campaign.kinds[case.group] = Counter()
            campaign.surroundings[case.surroundings] = Counter()
        return campaign

    @property
    def counts(self):
        return Counter(outcome.verdict for outcome in self.outcomes.values())

    @property
    def faults(self):
        """Return the names of those that ended as nothing may."""
        return [name for name, each in self.outcomes.items() if each.verdict in FAULTY]

    @property
    def is_clean(self):
        return not self.faults

    def note_case(self, case, outcome):
        self.outcomes[case.name] = outcome
        self.kinds[case.group][outcome.verdict] += 1
        self.surroundings[case.surroundings][outcome.verdict] += 1

    def note_scenario(self, name, outcome):
        self.outcomes[name] = outcome
        self.scenarios[name][outcome.verdict] += 1

    def take(self, other):
        """Take over what another part of the campaign has played."""
        self.outcomes |= other.outcomes
        for mine, theirs in (
            (self.kinds, other.kinds),
            (self.surroundings, other.surroundings),
            (self.scenarios, other.scenarios),
        ):
            for name, counts in theirs.items():
                mine[name] += counts

    def as_json(self):
        return {
            "clean": self.is_clean,
            "seed": self.seed,
            "cases": len(self.outcomes),
            "seconds": round(self.seconds, 1),
            "counts": dict(self.counts),
            "kinds": {name: dict(counts) for name, counts in self.kinds.items()},
            "surroundings": {name: dict(counts) for name, counts in self.surroundings.items()},
            "scenarios": {name: dict(counts) for name, counts in self.scenarios.items()},
            "verdicts": {name: each.verdict for name, each in self.outcomes.items()},
        }


def play(cases, scenarios, *, seed, server, new_ledger, tell):
    """Play cases and scenarios to rest; `tell` is given a line now and then."""
    campaign = Campaign.of(cases, seed=seed)
    told = len(cases) + len(scenarios)
    with_stories = told <= STORIES_MAX
    for feed, batch in _batches(cases, seed):
        with Bench(server, new_ledger(), feed=feed) as bench:
            for case in batch:
                bench.pay(case.amount(seed), plan=case.plan(seed))
            bench.rest()
            outcomes = bench.outcomes(with_stories=with_stories)
            for case, outcome in zip(batch, outcomes, strict=True):
                campaign.note_case(case, outcome)
        tell(f"{len(campaign.outcomes)} of {told} cases, {_counted(campaign.counts)}")
    for name in scenarios:
        campaign.note_scenario(name, SCENARIOS[name].play(server, new_ledger()))
    return campaign


def table_of(campaign):
    """Return the lines of the tables: kinds of answers, what was around them, scenarios."""
    lines = []
    for title, rows in (
        ("first answer", campaign.kinds),
        ("the receipt, the feed", campaign.surroundings),
        ("scenario", campaign.scenarios),
    ):
        if rows:
            lines += [*_table(title, rows), ""]
    return lines


def _table(title, rows):
    columns = [*VERDICTS, *(["wrong"] if any(c["wrong"] for c in rows.values()) else [])]
    width = max(len(title), *(len(name) for name in rows))
    heads = {"applied": "applied once"}
    head = f"{title:<{width}}" + "".join(f"{heads.get(c, c):>14}" for c in columns)
    lines = [head, "-" * len(head)]
    total = Counter()
    for name, counts in rows.items():
        total.update(counts)
        lines.append(f"{name:<{width}}" + "".join(f"{counts[c] or '.':>14}" for c in columns))
    lines.append(f"{'all':<{width}}" + "".join(f"{total[c]:>14}" for c in columns))
    return lines


def _batches(cases, seed):
    """Share the cases out, those with the same feed together, in an order that the seed draws."""
    for feed, alike in itertools.groupby(sorted(cases, key=lambda c: c.feed), lambda c: c.feed):
        drawn = list(alike)
        Random(f"{seed}:{feed}").shuffle(drawn)  # noqa: S311  # a drawn campaign, no secret
        for start in range(0, len(drawn), BATCH):
            yield feed, drawn[start : start + BATCH]


def _counted(counts):
    return ", ".join(f"{verdict} {counts[verdict]}" for verdict in VERDICTS)
