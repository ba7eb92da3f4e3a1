"""What the outbox knows of a kind of work item: its table, its names, and what it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import RowMapping, Table

from adapter.domain.exceptions import ExceptionKind
from adapter.errors import ContentConflictError


class AnyPayload(Protocol):
    """Whatever a work item carries: it names its biller, and its content can be compared."""

    @property
    def biller(self) -> str: ...

    def fingerprint(self) -> str:
        """Identify the content: the same reference with another one is a conflict."""
        ...


Payload = TypeVar("Payload", bound=AnyPayload)


@dataclass(frozen=True, kw_only=True, eq=False)
class ItemKind(Generic[Payload]):
    """One kind. `table` holds the payloads: `item_id`, and columns that no work item has.

    `read` makes a payload of a row that has the columns of both tables; it may raise whatever a
    malformed row makes it raise. `reference` names a payload for ever, `lane` what must not
    overlap with it. `subject` says, from a reference, what a review item about it names.
    `require` raises BadInputError for what is not accepted. `rank` orders a lane in which only
    the newest item counts. Those that are `held_by_review` wait while a review item about a
    payment is open on their invoice (decision 0009). `reviews` are closed when an item is done,
    sent again or resolved.
    """

    name: str
    table: Table
    read: Callable[[RowMapping], Payload]
    values: Callable[[Payload], Mapping[str, Any]]
    reference: Callable[[Payload], str]
    lane: Callable[[Payload], str]
    subject: Callable[[str], Mapping[str, str]]
    conflict: Callable[[Payload, Payload], ContentConflictError]
    reviews: tuple[ExceptionKind, ...]
    require: Callable[[Payload], None] | None = None
    rank: Callable[[Payload], str] | None = None
    held_by_review: bool = False
