"""One world of a running sandbox, over HTTP: addresses, clock, payers, faults, books, audit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, TypeVar

from .connection import CALL_SECONDS_MAX, Connection

# Approved by the sandbox's bank, and nobody's.
CARD = "4111111111111111"
# An advance of a year answers when the year is over.
ADVANCE_SECONDS_MAX = 3600.0
UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
S = TypeVar("S")


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """One set of what Spectrum's Token operation wants (A1)."""

    token: str = field(repr=False)
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Spectrum(Credentials):
    """Where and how Spectrum answers; its own credentials post receipts, `rtdr` reads balances."""

    base_url: str
    rtdr: Credentials
    extract_url: str
    policy_url_template: str


@dataclass(frozen=True, kw_only=True)
class Imt:
    """Where and how IMT answers (B1)."""

    base_url: str
    company_id: str
    username: str
    password: str = field(repr=False)
    cookie_name: str
    portal_url: str


@dataclass(frozen=True, kw_only=True)
class InvoiceCloud:
    """Where and how Invoice Cloud answers; `wsdl_urls` by operation, `pages` by name."""

    biller_guid: str
    web_service_key: str = field(repr=False)
    invoice_format_guid: str
    rest_base_url: str
    api_key: str = field(repr=False)
    web_services_url: str
    wsdl_urls: dict[str, str]
    pages: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Biller:
    """One carrier of a world, and how each partner is reached for it."""

    slug: str
    name: str
    time_zone: str
    spectrum: Spectrum
    imt: Imt
    invoice_cloud: InvoiceCloud


class World:
    """One world of the sandbox at `url`; what fails raises SandboxError.

    `base_url` is the world's own address. `spectrum`, `imt` and `invoice_cloud` are its first
    biller's; `billers` has them all, by slug.
    """

    def __init__(
        self, url: str, name: str = "default", *, control_token: str | None = None
    ) -> None:
        self._connection = Connection(url=url.rstrip("/"), control_token=control_token)
        self.name = name
        document = self._connection.ask("GET", f"/_sandbox/worlds/{name}")
        self.seed: int = document["seed"]
        self.base_url: str = document["base_url"]
        self.billers = {row["slug"]: _biller(row) for row in document["billers"]}
        first = next(iter(self.billers.values()))
        self.spectrum, self.imt, self.invoice_cloud = (
            first.spectrum,
            first.imt,
            first.invoice_cloud,
        )
        self.clock = Clock(self)
        self.faults = Faults(self)

    def __repr__(self) -> str:
        return f"<World {self.name} at {self.base_url}>"

    def control(
        self,
        method: str,
        resource: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        *,
        timeout_seconds: float = CALL_SECONDS_MAX,
    ) -> Any:
        """Call any resource of the world's control API, such as GET behaviours."""
        prefix = "" if self.name == "default" else f"/w/{self.name}"
        path = f"{prefix}/_sandbox/{resource}"
        return self._connection.ask(method, path, body, query, timeout_seconds=timeout_seconds)

    def pay(
        self,
        invoice_number: str,
        *,
        card_number: str = CARD,
        bank_account: Mapping[str, str] | None = None,
        amount: Decimal | None = None,
        biller: str | None = None,
    ) -> dict[str, Any]:
        """Let a payer pay a bill at Invoice Cloud, which the bill has reached; return the payment.

        By card, or by a `bank_account` of `routing_number` and `account_number`; the whole
        balance without an `amount`, in dollars. It is delivered when the clock is advanced.
        """
        paid_by = {"bank_account": bank_account} if bank_account else {"card_number": card_number}
        order = {
            "invoice_number": invoice_number,
            "biller": biller or next(iter(self.billers)),
            "amount": None if amount is None else str(amount),
            **paid_by,
        }
        made: dict[str, Any] = self.control("POST", "payers/payments", _said(order))
        return made

    def enroll(
        self,
        account_number: str,
        kind: Literal["paperless", "autopay", "pay_by_text"],
        *,
        on: bool = True,
        biller: str | None = None,
    ) -> dict[str, Any]:
        """Enroll an account at Invoice Cloud, or with `on` false take it out (A5)."""
        order = {"account_number": account_number, "kind": kind, "on": on, "biller": biller}
        made: dict[str, Any] = self.control("POST", "payers/enrollments", _said(order))
        return made

    def journal(self, **wanted: str) -> list[dict[str, Any]]:
        """Return who called whom, oldest first, by any fields or tags such as `target`."""
        entries: list[dict[str, Any]] = []
        more = True
        while more:
            after = str(entries[-1]["sequence"]) if entries else "0"
            page = self.control("GET", "journal", query={**wanted, "after": after})
            entries += page["entries"]
            more = page["more"]
        return entries

    def state(self) -> dict[str, Any]:
        """Return every partner's book, by the partner's name."""
        books: dict[str, Any] = self.control("GET", "state")
        return books

    def audit(self) -> dict[str, Any]:
        """Let the auditor judge every invariant now: `clean`, and `invariants` one by one."""
        report: dict[str, Any] = self.control("GET", "audit")
        return report

    def delete(self) -> None:
        """End the world with its books, clock and journal."""
        self._connection.ask("DELETE", f"/_sandbox/worlds/{self.name}")


class Clock:
    """A world's clock; in virtual time it stands still between advances."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> datetime:
        """Return the world's time, in UTC."""
        return datetime.fromisoformat(self._world.control("GET", "clock")["now"])

    def advance(self, how_far: str | timedelta) -> dict[str, int]:
        """Run everything due until then, such as "2h"; return how often each event ran.

        Raises ValueError for what is neither a duration nor a moment.
        """
        if isinstance(how_far, timedelta):
            wanted: dict[str, Any] = {"seconds": how_far.total_seconds()}
        else:
            wanted = read_how_far(how_far)
        done = self._world.control(
            "POST", "clock/advance", wanted, timeout_seconds=ADVANCE_SECONDS_MAX
        )
        events: dict[str, int] = done["events"]
        return events

    def run_until(self, moment: str | datetime) -> dict[str, int]:
        """Run everything due up to a moment, such as "2026-01-06T00:00:00Z"."""
        text = utc_text(moment) if isinstance(moment, datetime) else moment
        return self.advance(text)


class Faults:
    """What is armed to strike the partners' calls."""

    def __init__(self, world: World) -> None:
        self._world = world

    def arm(
        self,
        fault: str,
        *,
        partner: str,
        operation: str,
        moment: Literal["before", "after"] = "before",
        count: int | None = 1,
        match: Mapping[str, str] | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Arm a fault, such as "sever", for so many calls; None means until it is disarmed.

        It strikes before or after the partner acts, where the call's tags equal `match`.
        """
        armed: dict[str, Any] = self._world.control(
            "POST",
            "faults",
            {
                "fault": fault,
                "partner": partner,
                "operation": operation,
                "moment": moment,
                "count": count,
                "match": dict(match or {}),
                "parameters": dict(parameters or {}),
            },
        )
        return armed

    def disarm(self) -> None:
        """Disarm all of them."""
        self._world.control("DELETE", "faults")


def read_how_far(text: str) -> dict[str, Any]:
    """Read such as 2h or a moment in UTC; raises ValueError that names the forms there are."""
    if duration := re.fullmatch(r"([0-9]{1,9})([smhd])", text, re.ASCII):
        return {"seconds": int(duration.group(1)) * UNIT_SECONDS[duration.group(2)]}
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z", text, re.ASCII):
        forms = "90s, 15m, 2h and 30d are, and a moment in UTC such as 2026-01-06T00:00:00Z"
        raise ValueError(f"{text!r} is no way to say how far: {forms}.")
    return {"until": text}


def utc_text(moment: datetime) -> str:
    """Write an aware moment such as 2026-01-05T08:00:00Z; raises ValueError without a zone."""
    if moment.utcoffset() is None:
        raise ValueError(f"{moment} has no time zone: give it one, such as datetime.UTC")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _biller(document: dict[str, Any]) -> Biller:
    spectrum = document["spectrum"]
    partners = {
        "spectrum": _known(Spectrum, {**spectrum, "rtdr": _known(Credentials, spectrum["rtdr"])}),
        "imt": _known(Imt, document["imt"]),
        "invoice_cloud": _known(InvoiceCloud, document["invoice_cloud"]),
    }
    return _known(Biller, {**document, **partners})


def _known(kind: type[S], document: dict[str, Any]) -> S:
    """Take what this client knows: a sandbox of another version may say more."""
    names = {one.name for one in fields(kind)}  # type: ignore[arg-type]  # a dataclass each
    return kind(**{name: value for name, value in document.items() if name in names})


def _said(order: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in order.items() if value is not None}
