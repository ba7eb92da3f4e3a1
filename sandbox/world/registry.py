"""Every world of one sandbox, by its name: grown, looked up and ended."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.world.world import World

DEFAULT_WORLD = "default"
WORLDS_KEY = "sandbox.worlds"
# Each keeps its books and its journal in memory, so a forgotten loop must not grow them for ever.
WORLDS_MAX = 1_000
OPEN_INVOICES_MAX = 100_000
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class BadWorldError(ValueError):
    """A world cannot be grown from these values; the message names the value and the rule."""


class WorldExistsError(ValueError):
    """There is a world of this name already."""


class UnknownWorldError(KeyError):
    """There is no world of this name; `known` lists those there are."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(name)
        self.name = name
        self.known = known

    def __str__(self) -> str:
        known = ", ".join(self.known) or "none"
        return f"there is no world {self.name[:63]!r}; there are: {known}"


class Worlds:
    """The worlds that share one server; each has its own clock, books, keys and journal."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._worlds: dict[str, World] = {}
        self._lock = threading.Lock()

    def create(
        self,
        name: str = DEFAULT_WORLD,
        *,
        seed: int = 1,
        start: datetime | None = None,
        billers: int = 1,
        open_invoices: int = 25,
    ) -> World:
        """Grow a world; with `start` (UTC) its time is virtual, without it runs in real time."""
        if not _NAME.fullmatch(name):
            raise BadWorldError(
                f"name = {name[:70]!r}: a world's name is at most 63 small letters, digits and "
                "dashes, the first not a dash"
            )
        if not 0 <= open_invoices <= OPEN_INVOICES_MAX:
            raise BadWorldError(
                f"open_invoices = {open_invoices}: a biller has 0 to {OPEN_INVOICES_MAX}"
            )
        with self._lock:
            if name in self._worlds:
                raise WorldExistsError(f"there is a world {name!r} already")
            if len(self._worlds) >= WORLDS_MAX:
                raise BadWorldError(f"there are {WORLDS_MAX} worlds, and no more at a time")
            world = World(
                name=name,
                seed=seed,
                base_url=self._url_of(name),
                start=start,
                billers=billers,
                open_invoices=open_invoices,
            )
            self._worlds[name] = world
        world.clock.start_real_time()
        return world

    def get(self, name: str) -> World:
        """Return a world; raises UnknownWorldError."""
        world = self.find(name)
        if world is None:
            raise UnknownWorldError(name, self.names())
        return world

    def find(self, name: str) -> World | None:
        return self._worlds.get(name)

    def names(self) -> list[str]:
        with self._lock:
            return sorted(self._worlds)

    def delete(self, name: str) -> None:
        """End a world and stop its clock; raises UnknownWorldError."""
        with self._lock:
            world = self._worlds.pop(name, None)
        if world is None:
            raise UnknownWorldError(name, self.names())
        world.clock.stop()

    def delete_all(self) -> None:
        for name in self.names():
            self.delete(name)

    def move(self, base_url: str) -> None:
        """Tell every world where it is reached from now on."""
        with self._lock:
            self._base_url = base_url
            for name, world in self._worlds.items():
                world.base_url = self._url_of(name)

    def _url_of(self, name: str) -> str:
        return self._base_url if name == DEFAULT_WORLD else f"{self._base_url}/w/{name}"


def worlds_in(environ: Mapping[str, Any]) -> Worlds:
    """Return the worlds of the server that took this request."""
    worlds = environ[WORLDS_KEY]
    if not isinstance(worlds, Worlds):
        raise TypeError(f"{WORLDS_KEY} holds a {type(worlds).__name__}, not Worlds")
    return worlds
