"""How the partners of one world behave where life leaves a choice; set over the control API."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

# Seconds or bytes; more would leave the calendar.
FIGURE_MAX = 1_000_000_000


class UnknownBehaviourError(ValueError):
    """No behaviour has this name, or it does not take this value."""


@dataclass(kw_only=True)
class Behaviours:
    """Each field is one choice; its default is what the decisions assume."""

    spectrum_deduplicates: bool = True  # a repeated referenceNumber answers outcome (b)
    spectrum_receipts_feed: bool = True  # the extract tells receipts, not only invoices
    spectrum_receipts_feed_lag_minutes: int = 0  # how far its as_of and rows are behind
    spectrum_balance_lag_minutes: int = 0  # how old the balances are that are told
    spectrum_unapplied_cash: bool = False  # a receipt that comes moves no balance
    spectrum_token_lifetime_seconds: int = 1200  # decision 0011
    imt_session_lifetime_seconds: int = 1800  # decision 0019
    multiuser: bool = True  # several logins may act for one account (D3)
    sso_token_lifetime_seconds: int = 300  # decision 0021
    rtdr_suppressed: bool = True  # Invoice Cloud's 6 h and 24 h rules on balance refreshes
    partners_clock_ahead_seconds: int = 0  # what the Date of every answer is ahead of the world
    data_pump_delay_seconds: int = 5  # from the payment to the first delivery
    upload_limit_bytes: int = 4 * 1024 * 1024  # ASP.NET's default request limit

    def change(self, wanted: dict[str, Any]) -> None:
        """Set several at once, or none: a wrong name or type changes nothing."""
        types = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        for name, value in wanted.items():
            if name not in types:
                known = ", ".join(sorted(types))
                raise UnknownBehaviourError(f"no behaviour {name!r}; there are: {known}")
            if types[name] is bool and not isinstance(value, bool):
                raise UnknownBehaviourError(f"{name} takes true or false, got {value!r:.40}")
            if types[name] is int and not (type(value) is int and 0 <= value <= FIGURE_MAX):
                raise UnknownBehaviourError(
                    f"{name} takes a whole number from 0 to {FIGURE_MAX}, got {value!r:.40}"
                )
        for name, value in wanted.items():
            setattr(self, name, value)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
