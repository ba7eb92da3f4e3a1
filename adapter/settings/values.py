"""The settings as the rest of the adapter sees them: frozen, checked, secrets out of sight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from sqlalchemy import make_url

from adapter.domain.invoice import BifDialect, Questionnaire
from adapter.domain.retry import RetryPolicy
from adapter.errors import ConfigurationError

FeedKind = Literal["http", "folder"]
EngineKind = Literal["embedded", "procrastinate"]


@dataclass(frozen=True, kw_only=True)
class SpectrumAccess:
    """One of a biller's two ways into Spectrum: settings 8 to 10 (RTDR) or 11 to 13 (payments).

    `base_url` ends without a slash; `key` is A1's `token`.
    """

    base_url: str
    username: str
    key: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class FeedSettings:
    """Where Spectrum's extract is: a base URL without a trailing slash, or a folder."""

    kind: FeedKind
    location: str
    receipts: bool


@dataclass(frozen=True, kw_only=True)
class BifSettings:
    """How a biller's invoice files are written and cut: [billers.<name>.bif].

    `receiver_bytes_max` is the largest request that Invoice Cloud takes.
    """

    dialect: BifDialect = BifDialect.TAGGED
    questionnaire: Questionnaire = field(default_factory=Questionnaire)
    receiver_bytes_max: int = 4 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class ImtAccess:
    """What opens a session at IMT for one carrier (B1); `base_url` ends without a slash.

    `cookie_name` is that of the cookie that counts.
    """

    base_url: str
    company_id: str
    username: str
    password: str = field(repr=False)
    cookie_name: str = "authorization"


@dataclass(frozen=True, kw_only=True)
class RestAccess:
    """What opens Invoice Cloud's REST services (D1); no URL ends with a slash.

    `cloud_sso_url` is where a payer goes with the token that they issue (D2).
    """

    base_url: str
    cloud_sso_url: str
    api_key: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class SignOnAccess:
    """What lets IMT sign payers on, and what their passwords are made of (decision 0022)."""

    key: str = field(repr=False)
    password_seed: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class BillerSettings:
    """One carrier; `slug` is the adapter's own name of it. GUIDs keep the case they were given in.

    `columns` names the payment report's columns where they differ from the usual ones, by our
    field names. `reserved_characters` is "refuse" or the character that replaces them.
    `base64_upload` sends invoice files by the base64 operation. `posts_per_minute` bounds how many
    receipts Spectrum is asked to take.
    """

    slug: str
    name: str
    time_zone: str
    biller_guid: str
    web_service_key: str = field(repr=False)
    invoice_format_guid: str
    door_key: str = field(repr=False)
    rtdr: SpectrumAccess
    payments: SpectrumAccess
    web_services_url: str
    columns: Mapping[str, str]
    feed: FeedSettings
    reserved_characters: str
    base64_upload: bool = False
    imt: ImtAccess | None = None
    bif: BifSettings = BifSettings()
    rest: RestAccess | None = None
    sign_on: SignOnAccess | None = None
    posts_per_minute: int | None = None

    @property
    def secrets(self) -> frozenset[str]:
        accesses = (self.rtdr, self.payments)
        spectrum = (secret for access in accesses for secret in (access.key, access.password))
        imt = {self.imt.password} if self.imt is not None else set()
        rest = {self.rest.api_key} if self.rest is not None else set()
        own = {self.web_service_key, self.door_key}
        if self.sign_on is not None:
            own |= {self.sign_on.key, self.sign_on.password_seed}
        return frozenset({*own, *spectrum, *imt, *rest})


@dataclass(frozen=True, kw_only=True)
class AdapterSettings:
    """What holds for the whole adapter; `ledger` is an SQLAlchemy URL.

    `threads` is how many jobs run at once in one process.
    """

    ledger: str = field(repr=False)  # it may hold a password
    listen_host: str
    listen_port: int
    ops_key: str | None = field(repr=False)
    settle_seconds: float
    lease_seconds: float
    request_timeout_seconds: float
    poll_overlap_minutes: float
    first_reach_hours: float
    retry: RetryPolicy
    engine: EngineKind = "embedded"
    threads: int = 4
    keep_days: int | None = None


@dataclass(frozen=True, kw_only=True)
class DoorAccess:
    """What opens a biller's doors; known even while the biller's other settings are wrong.

    `sign_on_key` is None where the biller has no sign-on.
    """

    biller_guid: str
    door_key: str = field(repr=False)
    sign_on_key: str | None = field(default=None, repr=False)


def _password_of(url: str) -> set[str]:
    password = make_url(url).password
    return {password} if password else set()


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

    @cached_property
    def biller_guids(self) -> Mapping[str, str]:
        """Return the BillerGUID of every biller by its name, as far as they are known."""
        by_door = {name: access.biller_guid for name, access in self.doors.items()}
        return by_door | {name: biller.biller_guid for name, biller in self.billers.items()}

    @property
    def all_problems(self) -> tuple[str, ...]:
        return (
            *self.problems,
            *(line for lines in self.biller_problems.values() for line in lines),
        )

    @property
    def secrets(self) -> frozenset[str]:
        """Every secret that is known now, for whoever must not show one."""
        found = {access.door_key for access in self.doors.values()}
        found |= {access.sign_on_key for access in self.doors.values() if access.sign_on_key}
        found.update(*(biller.secrets for biller in self.billers.values()))
        found |= {self.adapter.ops_key} if self.adapter.ops_key else set()
        return frozenset(found | _password_of(self.adapter.ledger))

    def require_sound(self) -> None:
        """Raise ConfigurationError with every problem, if there is one."""
        if self.all_problems:
            raise ConfigurationError(*self.all_problems)
