"""IMT's book: the sessions it opened, and the settings of every policy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sandbox.world.billers import Biller
from sandbox.world.book import Book, Recorded
from sandbox.world.carrier import Policy, make_policies
from sandbox.world.world import World


@dataclass(frozen=True, kw_only=True)
class SessionOpened:
    """A company's credentials opened a session; `fingerprint` stands for its cookie."""

    biller: str
    session_id: str
    fingerprint: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class SettingChanged:
    """A setting of a policy was set: `paperless` to a boolean, or `bill_mode` to a word."""

    biller: str
    account_number: str
    name: str
    value: bool | str


@dataclass(frozen=True, kw_only=True)
class PolicyWritten:
    """A carrier wrote a policy after the world was born."""

    biller: str
    policy: Policy


@dataclass(frozen=True, kw_only=True)
class PolicySettings:
    """How a policy is billed; `changed_at` (UTC) is None while nobody has set anything."""

    biller: str
    account_number: str
    paperless: bool = False
    bill_mode: str = "direct"
    changed_at: datetime | None = None

    @property
    def attributes(self) -> dict[str, Any]:
        return {"paperless": self.paperless, "bill_mode": self.bill_mode}


class ImtBook(Book):
    """The truth of sessions and policy settings; IMT knows every policy of its companies."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.policies: dict[tuple[str, str], Policy] = {}
        self.settings: dict[tuple[str, str], PolicySettings] = {}
        self.sessions: dict[str, SessionOpened] = {}
        for biller in world.billers:
            for policy in make_policies(world, biller):
                self._know(biller.slug, policy)

    def settings_of(self, biller: Biller, account_number: str) -> PolicySettings | None:
        return self.settings.get((biller.slug, account_number))

    def policy_of(self, biller: Biller, account_number: str) -> Policy | None:
        return self.policies.get((biller.slug, account_number))

    def apply(self, recorded: Recorded) -> None:
        match recorded.event:
            case SessionOpened() as opened:
                self.sessions[opened.fingerprint] = opened
            case PolicyWritten(biller=biller, policy=policy):
                self._know(biller, policy)
            case SettingChanged() as changed:
                key = (changed.biller, changed.account_number)
                change: dict[str, Any] = {changed.name: changed.value}
                self.settings[key] = replace(self.settings[key], changed_at=recorded.at, **change)
            case event:
                raise TypeError(f"IMT's book knows no {type(event).__name__}")

    def _know(self, biller: str, policy: Policy) -> None:
        key = (biller, policy.policy_number)
        self.policies[key] = policy
        self.settings[key] = PolicySettings(biller=biller, account_number=policy.policy_number)

    def as_json(self) -> dict[str, Any]:
        """Tell settings and sessions as the control API shows them; never a cookie."""
        with self.lock:
            return {
                "settings": [_settings_row(row) for row in self.settings.values()],
                "sessions": [_session_row(row) for row in self.sessions.values()],
            }


def _settings_row(settings: PolicySettings) -> dict[str, Any]:
    return {
        "biller": settings.biller,
        "account_number": settings.account_number,
        **settings.attributes,
        "changed_at": _utc(settings.changed_at) if settings.changed_at else None,
    }


def _session_row(session: SessionOpened) -> dict[str, Any]:
    return {
        "biller": session.biller,
        "session_id": session.session_id,
        "expires_at": _utc(session.expires_at),
    }


def _utc(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat() + "Z"
