"""The schedule of a campaign: drawn from its seed, so that the same seed kills alike."""

from dataclasses import dataclass
from random import Random

# Where a process may be ordered to die, in the order in which an item passes them; only a
# payment reads a balance.
POINTS = (
    "accepted",
    "claimed",
    "balance_read",
    "sending_committed",
    "request_left",
    "answered",
    "recorded",
)
PASSINGS_MAX = 8
# Whose passing counts, where it is not any item's: of those there are fewer, and it is the first.
KINDS = ("", "reversal", "enrollment")
# Whose answers get lost: the partner and its operation.
OPERATIONS = (("spectrum", "OnlineReceipt"), ("spectrum", "ReceiveReversal"), ("imt", "Settings"))
# How long after it is at work a process is killed at a random moment, at most.
LIFE_SECONDS_MAX = 1.2
# How long after its launch a process is killed that was not at work yet, at most.
LAUNCH_SECONDS_MAX = 0.9


@dataclass(frozen=True, kw_only=True)
class Kill:
    """One death: `victim` chooses the process, `kind` the manner."""

    kind: str  # "moment", "launch", "point" or "sleep"
    victim: int
    seconds: float = 0.0
    point: str = ""
    passing: int = 0
    fault: str = ""  # what a partner does to one answer before
    operation: tuple[str, str] = OPERATIONS[0]

    @property
    def words(self) -> str:
        return f"{self.kind} {self.point}".strip()

    @property
    def is_of_reversals(self) -> bool:
        return self.point.endswith(":reversal")


def draw_kills(seed: int, count: int, *, processes: int) -> list[Kill]:
    """Draw so many kills: half at random moments, the others at points and in other ways."""
    chance = Random(f"{seed}:kills")  # noqa: S311  # a drawn campaign, no secret
    return [_draw(chance, processes) for _ in range(count)]


def _draw(chance: Random, processes: int) -> Kill:
    kind = chance.choices(("moment", "launch", "point", "sleep"), (50, 8, 38, 4))[0]
    victim = chance.randrange(processes)
    fault = chance.choices(("", "sever", "silence"), (80, 15, 5))[0]
    # Every kind draws as much, so that a campaign that is longer begins like a shorter one.
    moment, launch = chance.random(), chance.random()
    point, passing = chance.choice(POINTS), chance.randint(1, PASSINGS_MAX)
    of = chance.choices(KINDS, (50, 25, 25))[0]
    struck = {"fault": fault, "operation": chance.choices(OPERATIONS, (50, 25, 25))[0]}
    if kind == "point":
        if of and point not in {"accepted", "balance_read"}:
            point, passing = f"{point}:{of}", 1
        return Kill(kind=kind, victim=victim, point=point, passing=passing, **struck)
    seconds = launch * LAUNCH_SECONDS_MAX if kind == "launch" else moment * LIFE_SECONDS_MAX
    return Kill(kind=kind, victim=victim, seconds=seconds, **struck)
