"""`python -m tests.delivery.lost_ledgers`: every way to lose a ledger, with and without a feed."""

import sys
import tempfile
from collections import Counter

import structlog

from adapter.ledger import open_ledger
from tests.delivery.answers.spectrum import SpectrumServer
from tests.delivery.lost_ledgers.losses import LOSSES, go_live
from tests.postgres import IN_MEMORY, Cluster, binaries

WORDS = ("applied", "person", "unseen", "lost", "doubled")
FAULTY = frozenset({"unseen", "lost", "doubled"})
SURROUNDINGS = {
    "nofeed": {"feed": "nofeed"},
    "fresh": {"feed": "fresh"},
    "six hours late": {"feed": "late"},
    "nofeed, de-duplicates": {"feed": "nofeed", "deduplicates": True},
    "nofeed, asked at once": {"feed": "nofeed", "hasty": True},
}


def main() -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    found = binaries()
    if found is None:
        raise SystemExit("apt-get install postgresql-15, which brings initdb and pg_ctl")
    cluster = Cluster(found, prepare=lambda url: open_ledger(url, make=True).close())
    faults = 0
    print(f"{'ledger':<32}{'feed':<24}" + "".join(f"{word:>9}" for word in WORDS))
    try:
        with SpectrumServer() as server:
            for name, around in _plays():
                faults += _play(server, cluster, name, around)
    finally:
        cluster.remove()
    print("CLEAN" if not faults else "NOT CLEAN")
    return 1 if faults else 0


def _plays():
    for name in LOSSES:
        for around in SURROUNDINGS:
            yield name, around
    yield "go-live", "nofeed"
    yield "go-live", "fresh"


def _play(server, cluster, name, around):
    how = SURROUNDINGS[around]
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as folder:
        if name == "go-live":
            first, last = go_live(server, folder, **how)
        else:
            first, last = LOSSES[name].play(server, folder, cluster=cluster, **how)
    counts = Counter(outcome.verdict for outcome in first.values())
    print(f"{name:<32}{around:<24}" + "".join(f"{counts[w] or '.':>9}" for w in WORDS), flush=True)
    wrong = [s for s, o in first.items() if o.verdict in FAULTY]
    wrong += [s for s, o in last.items() if o.verdict != "applied" and s not in wrong]
    for story in wrong:
        print(f"  {last[story].verdict.upper()} {story}")
        print("\n".join(f"    {line}" for line in last[story].story))
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main())
