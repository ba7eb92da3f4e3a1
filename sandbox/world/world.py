"""A world: the clock, journal, faults, billers and books that belong together."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sandbox.world.behaviours import Behaviours
from sandbox.world.billers import Biller, make_billers
from sandbox.world.book import Book
from sandbox.world.clock import WorldClock
from sandbox.world.fault_board import FaultBoard
from sandbox.world.journal import Journal

B = TypeVar("B", bound=Book)


@dataclass(kw_only=True)
class Connector:
    """Where Invoice Cloud reaches the adapter for one biller; `url` is None until one joins.

    When it is `direct`, Invoice Cloud calls Spectrum and IMT itself instead (decision 0025).
    """

    url: str | None = None
    direct: bool = False
    username: str = ""
    password: str = field(default="", repr=False)

    @property
    def leads_somewhere(self) -> bool:
        return self.direct or self.url is not None


class World:
    """Everything of one isolated world; the same name and seed grow the same world."""

    def __init__(
        self,
        *,
        name: str = "default",
        seed: int = 1,
        base_url: str = "http://127.0.0.1:8100",
        start: datetime | None = None,
        billers: int = 1,
        open_invoices: int = 25,
    ) -> None:
        self.name = name
        self.seed = seed
        self.base_url = base_url  # with the world's prefix, without a trailing slash
        self.open_invoices = open_invoices
        self.clock = WorldClock(start)
        self.born_at = self.clock.now()
        self.billers: tuple[Biller, ...] = make_billers(seed, billers)
        secrets = [secret for biller in self.billers for secret in biller.secrets]
        self.journal = Journal(self.clock, secrets=secrets)
        self.faults = FaultBoard(self.journal)
        self.behaviours = Behaviours()
        self.connectors = {
            biller.slug: Connector(username=biller.biller_guid, password=biller.door_key)
            for biller in self.billers
        }
        # Cleared while an adapter is announced that has not joined the world's clock yet.
        self.adapter_joined = threading.Event()
        self.adapter_joined.set()
        # Files outside the world that must hold none of its secrets, such as an adapter's ledger.
        self.watched_files: list[Path] = []
        self._books: dict[type[Book], Book] = {}
        self._lock = threading.RLock()

    def book(self, kind: type[B]) -> B:
        """Return the world's book of this kind, opened at the first look."""
        with self._lock:
            if kind not in self._books:
                self._books[kind] = kind(self)
            book = self._books[kind]
            if not isinstance(book, kind):
                raise TypeError(f"{book} is not a {kind.__name__}")
            return book

    def biller(self, slug: str) -> Biller:
        for biller in self.billers:
            if biller.slug == slug:
                return biller
        raise KeyError(slug)

    def chance(self, purpose: str) -> random.Random:
        """Return a random stream of its own for one purpose, drawn from the seed."""
        return random.Random(f"{self.seed}:{purpose}")  # noqa: S311  # invented, for a sandbox
