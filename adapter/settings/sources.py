"""Where settings come from: a TOML file that is watched, or a mapping that a test holds."""

from __future__ import annotations

import os
import threading
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import structlog

from adapter.errors import ConfigurationError, NotFoundError
from adapter.settings.indirection import FILE_BYTES_MAX, Stamp, stamp_of
from adapter.settings.reading import Reading, read_settings
from adapter.settings.values import AdapterSettings, BillerSettings, DoorAccess

_log = structlog.get_logger(__name__)
# Room for some hundred billers.
SETTINGS_BYTES_MAX = 64 * FILE_BYTES_MAX


@dataclass(frozen=True, kw_only=True)
class SettingsView:
    """The settings at one moment: what is right, and what is wrong with the rest.

    A biller stands in `billers` or in `biller_problems`, never in both. `problems` concern the
    file as a whole or its [adapter] table; what was last right then still stands.
    """

    adapter: AdapterSettings
    billers: Mapping[str, BillerSettings]
    doors: Mapping[str, DoorAccess]
    biller_problems: Mapping[str, tuple[str, ...]]
    problems: tuple[str, ...] = ()
    guids: Mapping[str, str] = field(default_factory=dict)

    def biller(self, name: str) -> BillerSettings:
        """Return a biller's settings; raises ConfigurationError or NotFoundError."""
        if name in self.biller_problems:
            raise ConfigurationError(*self.biller_problems[name])
        if name not in self.billers:
            raise NotFoundError(f"there is no biller {name} in the settings")
        return self.billers[name]

    @cached_property
    def biller_guids(self) -> Mapping[str, str]:
        """Return the BillerGUID of every biller by its name, as far as they are known."""
        known = {**self.doors, **self.billers}
        return {**self.guids, **{name: each.biller_guid for name, each in known.items()}}

    @property
    def all_problems(self) -> tuple[str, ...]:
        return (
            *self.problems,
            *(line for lines in self.biller_problems.values() for line in lines),
        )

    @property
    def secrets(self) -> frozenset[str]:
        """Every secret that is known now, for whoever must not show one."""
        tables = (self.adapter, *self.doors.values(), *self.billers.values())
        return frozenset().union(*(table.secrets for table in tables))

    def require_sound(self) -> None:
        """Raise ConfigurationError with every problem, if there is one."""
        if self.all_problems:
            raise ConfigurationError(*self.all_problems)


class SettingsSource(Protocol):
    """Tells the settings as they are now; a change needs no restart (F2)."""

    def current(self) -> SettingsView: ...


class StaticSettings:
    """Settings held in memory, in the shape of the TOML file."""

    def __init__(self, settings: Mapping[str, Any], *, folder: Path = Path()) -> None:
        self._folder = folder
        self._view = _first_view(self._read(settings))

    def current(self) -> SettingsView:
        return self._view

    def replace(self, settings: Mapping[str, Any]) -> None:
        """Take new settings, as if the file had been edited."""
        self._view = _next_view(self._view, self._read(settings))

    def _read(self, settings: Mapping[str, Any]) -> Reading:
        return read_settings(settings, environ=os.environ, folder=self._folder)


class FileSettings:
    """A TOML file, read anew whenever it, a file or a variable it names has changed.

    A wrong biller waits alone, with its problems; when the whole file is wrong, what was last
    right still stands, with the file's problem beside it. Only at the first look does a file
    that is wrong as a whole raise ConfigurationError.
    """

    def __init__(self, path: Path, *, environ: Mapping[str, str] = os.environ) -> None:
        self.path = path.absolute()
        self._environ = environ
        # The log asks for the present secrets, so whoever logs in here comes in again.
        self._lock = threading.RLock()
        self._stamp: Stamp = stamp_of(self.path)
        reading = self._read()
        self._sources = reading.sources
        self._view = _first_view(reading)

    def current(self) -> SettingsView:
        with self._lock:
            stamp = stamp_of(self.path)
            if stamp == self._stamp and not self._sources.have_changed(self._environ):
                return self._view
            self._stamp = stamp
            try:
                reading = self._read()
            except ConfigurationError as error:
                self._view = replace(self._view, problems=error.problems)
            else:
                self._sources = reading.sources
                self._view = _next_view(self._view, reading)
            _log.warning("settings were read anew", problems=list(self._view.all_problems))
            return self._view

    def _read(self) -> Reading:
        return read_settings(_parse(self.path), environ=self._environ, folder=self.path.parent)


def _parse(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(SETTINGS_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigurationError(
            f"{path}: cannot be read ({error.strerror}). Give a readable TOML file"
        ) from None
    if len(content) > SETTINGS_BYTES_MAX:
        raise ConfigurationError(f"{path}: must be at most {SETTINGS_BYTES_MAX} bytes. Shorten it")
    try:
        return tomllib.loads(content.decode())
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: must be UTF-8. Save it so") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{path}: must be TOML ({error}). Mend that line") from None


def _first_view(reading: Reading) -> SettingsView:
    if reading.adapter is None or reading.problems:
        biller_problems = (line for lines in reading.biller_problems.values() for line in lines)
        raise ConfigurationError(*reading.problems, *biller_problems)
    return SettingsView(
        adapter=reading.adapter,
        billers=reading.billers,
        doors=reading.doors,
        guids=reading.guids,
        biller_problems=reading.biller_problems,
    )


def _next_view(last: SettingsView, reading: Reading) -> SettingsView:
    """Return what stands now; a biller's door stays open on its last good key."""
    if not reading.billers and not reading.biller_problems:
        return replace(last, problems=reading.problems)
    present = {*reading.billers, *reading.biller_problems}
    known = {slug: access for slug, access in last.doors.items() if slug in present}
    return SettingsView(
        adapter=reading.adapter or last.adapter,
        billers=reading.billers,
        doors={**known, **reading.doors},
        guids=reading.guids,
        biller_problems=reading.biller_problems,
        problems=reading.problems,
    )
