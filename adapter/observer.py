"""Who is told of the work while it is done: telemetry counts and traces it, no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from adapter.domain.work_item import WorkItem


@dataclass(kw_only=True)
class JobRun:
    """A run of a job for one biller while it is observed; `counts` are told at its end."""

    counts: Mapping[str, int] = field(default_factory=dict)
    failed: bool = False


class Observer(Protocol):
    """Is told what happens; an error that passes through a block is observed and goes on."""

    def job_run(self, job: str, biller: str) -> AbstractContextManager[JobRun]:
        """Observe a run from its beginning to its end."""
        ...

    def partner_call(self, partner: str, operation: str) -> AbstractContextManager[None]:
        """Observe a call from its beginning until its answer is read."""
        ...

    def item_moved(self, item: WorkItem[Any], word: str) -> None:
        """Learn in which state a look at an item left it, as operators call it."""
        ...


class Unobserved:
    """The observer of work that nobody watches."""

    @contextmanager
    def job_run(self, job: str, biller: str) -> Iterator[JobRun]:
        del job, biller
        yield JobRun()

    @contextmanager
    def partner_call(self, partner: str, operation: str) -> Iterator[None]:
        del partner, operation
        yield

    def item_moved(self, item: WorkItem[Any], word: str) -> None:
        del item, word
