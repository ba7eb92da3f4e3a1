"""The verdict: the partner's book against what was taken over and what the ledger says."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from adapter.domain.delivery import Delivery, DeliveryState
from adapter.ledger import Ledger

PAGE = 1000
# Nobody has to look at these any more, but for a person.
FOR_A_PERSON = frozenset({DeliveryState.DEAD, DeliveryState.NOT_APPLIED})
FINAL = FOR_A_PERSON | {DeliveryState.APPLIED}
Key = tuple[str, str]


@dataclass(kw_only=True)
class Verdict:
    """What became of the payments that had their 202; `lost` and `twice` have to be empty."""

    payments: int = 0
    applied_once: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    for_a_person: int = 0
    unfinished: int = 0
    never_taken: int = 0
    states: dict[str, int] = field(default_factory=dict)
    evidence: dict[str, int] = field(default_factory=dict)
    were_in_doubt: int = 0
    reposted: int = 0

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.twice or self.unfinished or self.never_taken)

    def as_json(self) -> dict[str, Any]:
        return {"clean": self.is_clean, **vars(self)}


def all_deliveries(ledger: Ledger) -> list[Delivery]:
    found: list[Delivery] = []
    while page := ledger.deliveries.page(limit=PAGE, after=found[-1].id if found else 0):
        found.extend(page)
    return found


def unfinished(deliveries: Iterable[Delivery]) -> list[Delivery]:
    return [delivery for delivery in deliveries if delivery.state not in FINAL]


def judge(taken: set[Key], told: int, applied: Counter[Key], ledger: Ledger) -> Verdict:
    """Count; what was applied though nobody had his 202 for it is held to the same rules."""
    deliveries = all_deliveries(ledger)
    rows = {(d.payment.payment_guid, d.payment.invoice_number): d for d in deliveries}
    verdict = Verdict(payments=told, never_taken=told - len(taken))
    for key in sorted({*taken, *applied, *rows}):
        row, count = rows.get(key), applied[key]
        words = f"payment {key[0]}, invoice {key[1]}"
        if count > 1:
            verdict.twice.append(f"{words}: {count} receipts, here {_words(row)}")
        elif row is None:
            verdict.lost.append(f"{words}: {count} receipts, and the ledger does not know it")
        elif row.state is DeliveryState.APPLIED and count == 0:
            verdict.lost.append(f"{words}: no receipt, here {_words(row)}")
        elif row.state not in FINAL:
            verdict.unfinished += 1
            if row.next_at is None:
                verdict.lost.append(f"{words}: nobody will look again, {_words(row)}")
        elif row.state in FOR_A_PERSON:
            verdict.for_a_person += 1
        else:
            verdict.applied_once += 1
    _count_stories(verdict, deliveries, ledger)
    return verdict


def _count_stories(verdict: Verdict, deliveries: list[Delivery], ledger: Ledger) -> None:
    verdict.states = dict(Counter(d.state.value for d in deliveries))
    verdict.evidence = dict(Counter(d.evidence.value for d in deliveries if d.evidence))
    for delivery in deliveries:
        passed = [event.to_state for event in ledger.deliveries.events(delivery.id)]
        verdict.were_in_doubt += DeliveryState.IN_DOUBT in passed
        verdict.reposted += passed.count(DeliveryState.SENDING) > 1


def _words(row: Delivery | None) -> str:
    return "unknown" if row is None else f"{row.state.value} ({row.last_error or row.evidence})"
