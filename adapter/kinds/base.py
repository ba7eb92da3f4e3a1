"""A kind of work item: what it sends, how it judges an answer, and what it is called.

A new kind is one file with a subclass, and one line in `adapter/kinds/__init__.py`. Everything
that is common, from the claim to the commands, is in `ledger/outbox.py` and `jobs/deliver.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, TypeVar

from adapter.context import JobContext
from adapter.domain.exceptions import ExceptionKind
from adapter.domain.redrive import RedriveRules
from adapter.domain.work_item import BalanceReading, Cause, Patience, State, Step, WorkItem
from adapter.errors import BadInputError
from adapter.ledger.item_kind import AnyPayload, ItemKind
from adapter.ports import BillerPorts

Payload = TypeVar("Payload", bound=AnyPayload)


@dataclass(frozen=True, kw_only=True)
class Word:
    """What operators call some states; of those that need a person, only where `reviews` say why.

    `reviews` of None means every reason.
    """

    name: str
    states: frozenset[State]
    reviews: frozenset[ExceptionKind] | None = None

    def fits(self, state: State, review: ExceptionKind | None) -> bool:
        if state not in self.states:
            return False
        return self.reviews is None or state is not State.NEEDS_PERSON or review in self.reviews


def words(**states: State) -> tuple[Word, ...]:
    """Return a word for each state."""
    return tuple(Word(name=name, states=frozenset({state})) for name, state in states.items())


def failed_or_refused(tries_used: ExceptionKind) -> tuple[Word, ...]:
    """Return the words of kinds in which a refusal alone has a word of its own."""
    failed = frozenset({State.RETRYING, State.IN_DOUBT, State.NEEDS_PERSON})
    others = frozenset(ExceptionKind) - {tries_used}
    return (
        Word(name="failed", states=failed, reviews=frozenset({tries_used})),
        Word(name="refused", states=frozenset({State.NEEDS_PERSON}), reviews=others),
    )


@dataclass(frozen=True, kw_only=True)
class Ready:
    """The request may leave; `detail` says what is known just before.

    If `may_be_sent_twice`, one that is refused for its credentials is sent once more, at once,
    when the balance is read anew and still that of `reading`.
    """

    detail: str
    reading: BalanceReading | None = None
    may_be_sent_twice: bool = False


@dataclass(frozen=True, kw_only=True)
class PutOff:
    """Nothing was learned: look again at `until`, or when the runner thinks best.

    `overdue` is what a person is asked meanwhile. `patience` is kept for the next look.
    """

    reason: str
    until: datetime | None = None
    reading: BalanceReading | None = None
    overdue: ExceptionKind | None = None
    patience: Patience | None = None


@dataclass(frozen=True, kw_only=True)
class Found:
    """What evidence proved, and the balance that was read for it."""

    step: Step
    reading: BalanceReading | None = None


class DeliveryKind(ABC, Generic[Payload]):
    """One kind of item on its way to one partner.

    `command` and `ops_path` list it, `ops_name` is one of it; `job` delivers it, at `offset` past
    each hour and whenever something is due. A request that was `refused`, or whose tries are
    `exhausted`, opens a review item of that kind; where a `refusal_is_doubt`, what refused it need
    not be what carries it out. Where a repeat is harmless, an unknown outcome is repeated; if
    `settles`, the lane is free once nothing can arrive any more, else once the outcome is known.
    Where the partner `locks_out` those it refuses too often, everything waits for a wrong setting
    as long as the item that has waited longest. What `posts` to Spectrum's book waits while
    posting is switched off for its biller.
    """

    item: ClassVar[ItemKind[Any]]
    command: ClassVar[str]
    ops_path: ClassVar[str]
    ops_name: ClassVar[str]
    job: ClassVar[str]
    offset: ClassVar[timedelta]
    help: ClassVar[str]
    words: ClassVar[tuple[Word, ...]] = tuple(
        Word(name=state.value, states=frozenset({state})) for state in State
    )
    next_words: ClassVar[Mapping[State, str]] = {}
    refused: ClassVar[ExceptionKind]
    exhausted: ClassVar[ExceptionKind]
    repeat_is_harmless: ClassVar[bool] = True
    refusal_is_doubt: ClassVar[bool] = False
    needs_receipt: ClassVar[bool] = False
    settles: ClassVar[bool] = False
    locks_out: ClassVar[bool] = False
    posts: ClassVar[bool] = False

    @property
    def redrive_rules(self) -> RedriveRules:
        return RedriveRules(
            command=self.command,
            job=self.job,
            word=self.word,
            repeat_is_harmless=self.repeat_is_harmless,
            needs_receipt=self.needs_receipt,
            began=self.began,
        )

    @abstractmethod
    def send(self, item: WorkItem[Payload], ports: BillerPorts) -> Any:
        """Send it once; return the answer, or raise an error of the drawn tree."""

    @abstractmethod
    def judge(self, item: WorkItem[Payload], answer: Any, work: JobContext) -> Step:
        """Say what follows from the answer."""

    def prepare(
        self, item: WorkItem[Payload], ports: BillerPorts, work: JobContext
    ) -> Ready | PutOff | Found:
        """Do what comes before the request leaves; nothing of it counts as sent."""
        del ports, work
        return Ready(detail=f"{self.describe(item.payload)}, try {item.attempts + 1}")

    def look(
        self, item: WorkItem[Payload], ports: BillerPorts, work: JobContext
    ) -> Found | PutOff:
        """Look once for what became of an item in doubt or unconfirmed.

        A kind that has no evidence to look for asks a person.
        """
        del ports, work
        step = Step(
            to_state=State.NEEDS_PERSON,
            cause=Cause.EVIDENCE,
            detail=f"{self.describe(item.payload)}: no evidence can come; a person has to look",
            may_have_left=True,
            review=self.exhausted,
        )
        return Found(step=step)

    def still_shows(
        self, reading: BalanceReading, item: WorkItem[Payload], ports: BillerPorts
    ) -> bool:
        """Tell whether a balance read now is that of a reading; False where none is read."""
        del reading, item, ports
        return False

    def overdue(self, item: WorkItem[Payload], now: datetime) -> ExceptionKind | None:
        """Return what to ask a person, once evidence has not come for too long."""
        del item, now
        return None

    def per_minute(self, ports: BillerPorts) -> int | None:
        """Return how many requests a minute the partner is asked to take at most."""
        del ports
        return None

    def began(self, payload: Payload) -> datetime | None:
        """Return before when nothing of it can have left, where that has to be known."""
        del payload
        return None

    @abstractmethod
    def describe(self, payload: Payload) -> str:
        """Say in a few words what is sent."""

    @abstractmethod
    def fields(self, item: WorkItem[Payload]) -> Mapping[str, Any]:
        """Return what the ops views show of an item, by name; `common_fields` are most of it."""

    def common_fields(self, item: WorkItem[Payload]) -> dict[str, Any]:
        return {
            "number": item.id,
            "biller": item.biller,
            "state": self.word(item.state, item.review),
            "source": item.source,
            "correlation_id": item.correlation_id,
            "attempts": item.attempts,
            "accepted_at": item.accepted_at,
            "next_at": item.next_at,
            "sent_at": item.sent_at,
            "receipt_id": item.receipt_id,
            "evidence": item.evidence,
            "last_error": item.last_error,
        }

    def word(self, state: State, review: ExceptionKind | None = None) -> str:
        """Return what operators call a state."""
        fitting = (word.name for word in self.words if word.fits(state, review))
        return next(fitting, state.value)

    def word_named(self, name: str) -> Word:
        """Return what a word stands for; raises BadInputError for an unknown one."""
        known = {word.name: word for word in self.words}
        if name not in known:
            raise BadInputError(
                field="state",
                value=name[:40],
                rule="it is no state",
                remedy=f"Known are {', '.join(known)}",
            )
        return known[name]
