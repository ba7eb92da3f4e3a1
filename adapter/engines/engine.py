"""What every engine does, whoever wakes its jobs."""

from __future__ import annotations

from typing import Protocol

from adapter.jobs.report import JobReport


class Engine(Protocol):
    """Wakes the jobs of every biller; what there is to do stands in the ledger."""

    @property
    def is_started(self) -> bool:
        """Tell whether it works now."""
        ...

    def start(self) -> None:
        """Begin to work, and look at once at what an earlier process left."""
        ...

    def stop(self) -> None:
        """Begin nothing more, and let what runs come to its end, within bounds."""
        ...

    def wake(self, *jobs: str) -> None:
        """Look as soon as possible at what is due for these woken jobs, or for all of them."""
        ...

    def run_job(
        self, name: str, biller: str | None = None, *, full: bool = False
    ) -> tuple[JobReport, ...]:
        """Run a job now, for one biller or for all; what went wrong stands in the reports."""
        ...
