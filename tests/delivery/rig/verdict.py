"""The verdict: the partners' books against what was accepted and what the ledger says."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from adapter.domain.work_item import FINAL_STATES, State, WorkItem
from adapter.kinds import ENROLLMENTS, KINDS, PAYMENTS, REVERSALS
from adapter.kinds.base import DeliveryKind
from adapter.ledger import Ledger
from tests.delivery.rig.partner import Key, Partner

PAGE = 1000
# Nothing comes of these by itself any more.
AT_REST = FINAL_STATES | {State.NEEDS_PERSON}
Item = WorkItem[Any]


@dataclass(kw_only=True)
class Verdict:
    """What became of what had its 202 and of what came back; `lost` and `twice` are empty."""

    payments: int = 0
    applied_once: int = 0
    returns: int = 0
    reversed_once: int = 0
    changes: int = 0
    wrong_settings: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    for_a_person: int = 0
    # What is still on its way, and what it waits for.
    unfinished: list[str] = field(default_factory=list)
    never_accepted: int = 0
    states: dict[str, dict[str, int]] = field(default_factory=dict)
    evidence: dict[str, int] = field(default_factory=dict)
    doubts: int = 0
    sent_again: dict[str, int] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        return not (
            self.lost
            or self.twice
            or self.wrong_settings
            or self.unfinished
            or self.never_accepted
        )

    def as_json(self) -> dict[str, Any]:
        return {"clean": self.is_clean, **vars(self)}


def all_items(ledger: Ledger, *kinds: DeliveryKind[Any]) -> list[Item]:
    """Return every item of some kinds, or of all."""
    found: list[Item] = []
    for kind in kinds or KINDS:
        after = 0
        while page := ledger.items(kind.item).page(limit=PAGE, after=after):
            found.extend(page)
            after = page[-1].id
    return found


def unfinished(items: Iterable[Item]) -> list[Item]:
    return [item for item in items if item.state not in AT_REST]


def judge(
    accepted: set[Key], told: int, partner: Partner, ledger: Ledger, *, in_order: bool = True
) -> Verdict:
    """Count; what was applied though it never had a 202 is held to the same rules.

    Where the ledger's clock was set back meanwhile, its moments are not `in_order`: then it is
    Spectrum's refusal alone that tells of a reversal before its payment.
    """
    verdict = Verdict(never_accepted=told - len(accepted))
    items = {kind: all_items(ledger, kind) for kind in KINDS}
    changes = {(i.payload.event_guid, i.payload.account_number): i for i in items[ENROLLMENTS]}
    payments = {(i.payload.payment_guid, i.payload.invoice_number): i for i in items[PAYMENTS]}
    applied = partner.applied()
    for key in sorted({*partner.paid, *applied, *payments}):
        verdict.payments += 1
        words = f"payment {key[0]}, invoice {key[1]}"
        verdict.applied_once += _is_once(verdict, words, payments.get(key), applied[key])
    _judge_returns(verdict, partner, {i.payload.reversal_id: i for i in items[REVERSALS]})
    if in_order:
        _judge_order(verdict, items[REVERSALS], payments, partner, ledger)
    verdict.changes = len(changes)
    for change in changes.values():
        _count_if_open(verdict, f"change {change.reference}", change)
    verdict.wrong_settings = partner.wrong_settings()
    for kind in KINDS:
        _count_stories(verdict, kind, items[kind], ledger)
    return verdict


def _judge_returns(verdict: Verdict, partner: Partner, rows: dict[str, Item]) -> None:
    """Each return is reversed once, and nothing else is."""
    taken_back = partner.reversed()
    for reversal_id, key in partner.returns.items():
        verdict.returns += 1
        words, row = f"return {reversal_id}", rows.get(reversal_id)
        verdict.reversed_once += _is_once(verdict, words, row, taken_back[key])
    for key in taken_back.keys() - set(partner.returns.values()):
        verdict.twice.append(f"payment {key[0]} was taken back, and had not come back")
    verdict.twice += [f"a reversal was refused: {words}" for words in partner.refused_reversals()]


def _judge_order(
    verdict: Verdict,
    rows: list[Item],
    payments: dict[Key, Item],
    partner: Partner,
    ledger: Ledger,
) -> None:
    """No reversal was sent before its payment was applied."""
    for row in rows:
        key = partner.returns.get(row.payload.reversal_id)
        if key is None or row.state is not State.DONE:
            continue
        events = ledger.items(REVERSALS.item).events(row.id)
        sent_at = min(event.at for event in events if event.to_state is State.SENDING)
        applied_at = payments[key].done_at
        if applied_at is None or sent_at < applied_at:
            verdict.twice.append(
                f"return {row.payload.reversal_id} was sent before its payment was applied"
            )


def _is_once(verdict: Verdict, words: str, row: Item | None, count: int) -> bool:
    """Return whether it arrived exactly once and is known to; note whatever else it is."""
    if count > 1:
        verdict.twice.append(f"{words}: {count} times, here {_words(row)}")
    elif row is None:
        verdict.lost.append(f"{words}: {count} times, and the ledger does not know it")
    elif row.state is State.DONE and count == 0:
        verdict.lost.append(f"{words}: it never arrived, here {_words(row)}")
    elif not _count_if_open(verdict, words, row):
        return True
    return False


def _count_if_open(verdict: Verdict, words: str, row: Item) -> bool:
    if row.state is State.NEEDS_PERSON:
        verdict.for_a_person += 1
    elif row.state not in FINAL_STATES:
        verdict.unfinished.append(f"{words}: {_words(row)}")
        if row.next_at is None:
            verdict.lost.append(f"{words}: it is never looked at again, {_words(row)}")
    return row.state not in FINAL_STATES


def _count_stories(
    verdict: Verdict, kind: DeliveryKind[Any], items: list[Item], ledger: Ledger
) -> None:
    name = kind.item.name
    verdict.states[name] = dict(Counter(kind.word(item.state, item.review) for item in items))
    verdict.sent_again[name] = 0
    if kind is PAYMENTS:
        verdict.evidence = dict(Counter(item.evidence.value for item in items if item.evidence))
    for item in items:
        events = ledger.items(kind.item).events(item.id)
        entered = [event.to_state for event in events if event.to_state is not event.from_state]
        verdict.doubts += entered.count(State.IN_DOUBT)
        verdict.sent_again[name] += entered.count(State.SENDING) > 1


def _words(row: Item | None) -> str:
    return "unknown" if row is None else f"{row.state.value} ({row.last_error or row.evidence})"
