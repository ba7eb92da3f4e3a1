"""The faults armed in one world: which call they wait for, when they strike, how often."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from sandbox.world.journal import Journal

Moment = Literal["before", "after"]


class Fault(Protocol):
    """What a fault does when it strikes: it raises what the server then carries out."""

    def strike(self) -> None: ...


@dataclass(kw_only=True)
class ArmedFault:
    """A fault waiting for calls to `partner`'s `operation` whose facts equal `match`.

    `moment` is before or after the partner has acted on the call. `count` is how often it still
    strikes; None is for ever.
    """

    id: int
    kind: str
    partner: str
    operation: str
    moment: Moment
    count: int | None
    match: dict[str, str]
    parameters: dict[str, Any]
    struck: int = 0
    effect: Fault = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "fault": self.kind,
            "partner": self.partner,
            "operation": self.operation,
            "moment": self.moment,
            "count": self.count,
            "match": dict(self.match),
            "parameters": dict(self.parameters),
            "struck": self.struck,
        }

    def waits_for(
        self, partner: str, operation: str, moment: Moment, facts: Mapping[str, str]
    ) -> bool:
        return (
            self.count != 0
            and (self.partner, self.moment) == (partner, moment)
            and self.operation in {operation, "*"}
            and all(facts.get(name) == value for name, value in self.match.items())
        )


class FaultBoard:
    """Every armed fault of a world, struck in the order in which they were armed."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._armed: list[ArmedFault] = []
        self._last_id = 0
        self._lock = threading.Lock()

    def arm(
        self,
        *,
        kind: str,
        effect: Fault,
        partner: str,
        operation: str,
        moment: Moment,
        count: int | None,
        match: dict[str, str],
        parameters: dict[str, Any],
    ) -> ArmedFault:
        with self._lock:
            self._last_id += 1
            armed = ArmedFault(
                id=self._last_id,
                kind=kind,
                effect=effect,
                partner=partner,
                operation=operation,
                moment=moment,
                count=count,
                match=match,
                parameters=parameters,
            )
            self._armed.append(armed)
            return armed

    def disarm(self, fault_id: int | None = None) -> int:
        """Take one fault off the board, or all of them; return how many went."""
        with self._lock:
            kept = [a for a in self._armed if fault_id is not None and a.id != fault_id]
            gone = len(self._armed) - len(kept)
            self._armed = kept
            return gone

    def armed(self) -> list[ArmedFault]:
        with self._lock:
            return list(self._armed)

    def strike(
        self, partner: str, operation: str, moment: Moment, facts: Mapping[str, str]
    ) -> None:
        """Let the first fault that waits for this call strike; it raises, or nothing happens."""
        with self._lock:
            waiting = (a for a in self._armed if a.waits_for(partner, operation, moment, facts))
            fault = next(waiting, None)
            if fault is None:
                return
            fault.struck += 1
            if fault.count is not None:
                fault.count -= 1
        self._journal.fault(
            target=partner,
            operation=operation,
            outcome=f"{fault.kind}, {moment} it acted",
            **facts,
        )
        fault.effect.strike()
