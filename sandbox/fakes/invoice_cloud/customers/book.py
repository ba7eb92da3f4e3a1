"""The customers' book: accounts, logins, and what each login has set (D1 to D4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sandbox.world.book import Book, Recorded
from sandbox.world.world import World

AccountKey = tuple[str, str]  # biller and account number


class EnrollmentKind(Enum):
    """What an account can be enrolled in."""

    PAPERLESS = "paperless"  # bills by e-mail, none on paper
    AUTOPAY = "autopay"  # each bill is paid on its day by itself
    PAY_BY_TEXT = "pay_by_text"

    @property
    def words(self) -> str:
        return {"autopay": "AutoPay"}.get(self.value, self.value.replace("_", " "))


@dataclass(frozen=True, kw_only=True)
class CustomerCreated:
    """A customer record was made for an account."""

    biller: str
    account_number: str
    customer_guid: str
    name: str
    email_address: str
    address: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LoginMade:
    """An e-mail address got a login; of its password only a salted hash is kept."""

    biller: str
    login_guid: str
    email_address: str
    password_hash: str


@dataclass(frozen=True, kw_only=True)
class PasswordChanged:
    """A login's password, or the token in its place, is another one now."""

    login_guid: str
    password_hash: str


@dataclass(frozen=True, kw_only=True)
class AccountLinked:
    """A login may act for an account, with settings that start empty."""

    biller: str
    login_guid: str
    account_number: str


@dataclass(frozen=True, kw_only=True)
class AccountUnlinked:
    """A login may not act for an account any more, and its settings there have ended."""

    biller: str
    login_guid: str
    account_number: str


@dataclass(frozen=True, kw_only=True)
class SettingChosen:
    """A login enrolled an account in something, or took it out.

    `method_guid` is what AutoPay pays with, `phone_last_four` whom pay by text writes to.
    """

    biller: str
    login_guid: str
    account_number: str
    kind: EnrollmentKind
    enrolled: bool
    method_guid: str = ""
    phone_last_four: str = ""


@dataclass(frozen=True, kw_only=True)
class EnrollmentChanged:
    """An account as a whole was enrolled or not, which the data pump tells."""

    event_guid: str
    biller: str
    account_number: str
    kind: EnrollmentKind
    enrolled: bool


@dataclass(frozen=True, kw_only=True)
class EnrollmentPumped:
    """The data pump tried to deliver a change: `state` is retrying, delivered or failed."""

    event_guid: str
    attempt: int
    state: str
    outcome: str


@dataclass(frozen=True, kw_only=True)
class Login:
    """A login of one biller's portal; `accounts` in the order in which they were linked."""

    biller: str
    guid: str
    email_address: str
    password_hash: str
    registered_at: datetime
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a login has chosen for an account and stands; `since` is UTC."""

    login_guid: str
    since: datetime
    method_guid: str
    phone_last_four: str


@dataclass(frozen=True, kw_only=True)
class PumpedChange:
    """A change of an account's enrolment, and where its delivery stands."""

    change: EnrollmentChanged
    changed_at: datetime
    state: str = "waiting"
    attempts: int = 0
    outcome: str = ""


class CustomersBook(Book):
    """Every customer, login and setting of one world."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.customers: dict[AccountKey, CustomerCreated] = {}
        self.logins: dict[str, Login] = {}
        self.settings: dict[tuple[AccountKey, EnrollmentKind], dict[str, Setting]] = {}
        self.changes: dict[str, PumpedChange] = {}

    def logins_of(self, biller: str, account_number: str) -> list[Login]:
        """Return who may act for an account, the oldest login first."""
        return [
            login
            for login in self.logins.values()
            if login.biller == biller and account_number in login.accounts
        ]

    def find_login(self, biller: str, email_address: str) -> Login | None:
        wanted = email_address.strip().casefold()
        for login in self.logins.values():
            if login.biller == biller and login.email_address.casefold() == wanted:
                return login
        return None

    def standing(
        self, biller: str, account_number: str, kind: EnrollmentKind
    ) -> dict[str, Setting]:
        """Return the settings that enrol an account, by login, the oldest first."""
        return self.settings.get(((biller, account_number), kind), {})

    def standing_of_kind(
        self, biller: str, kind: EnrollmentKind
    ) -> Iterator[tuple[str, dict[str, Setting]]]:
        for ((owner, account_number), each), settings in self.settings.items():
            if owner == biller and each is kind and settings:
                yield account_number, settings

    def apply(self, recorded: Recorded) -> None:
        match recorded.event:
            case CustomerCreated() as created:
                self.customers[created.biller, created.account_number] = created
            case LoginMade() as made:
                self.logins[made.login_guid] = Login(
                    biller=made.biller,
                    guid=made.login_guid,
                    email_address=made.email_address,
                    password_hash=made.password_hash,
                    registered_at=recorded.at,
                )
            case PasswordChanged(login_guid=guid, password_hash=password_hash):
                self.logins[guid] = replace(self.logins[guid], password_hash=password_hash)
            case AccountLinked(login_guid=guid, account_number=number):
                accounts = (*self.logins[guid].accounts, number)
                self.logins[guid] = replace(self.logins[guid], accounts=accounts)
            case AccountUnlinked() as unlinked:
                self._unlink(unlinked)
            case SettingChosen() as chosen:
                self._choose(chosen, recorded.at)
            case EnrollmentChanged() as change:
                self.changes[change.event_guid] = PumpedChange(
                    change=change, changed_at=recorded.at
                )
            case EnrollmentPumped() as pumped:
                self.changes[pumped.event_guid] = replace(
                    self.changes[pumped.event_guid],
                    state=pumped.state,
                    attempts=pumped.attempt,
                    outcome=pumped.outcome,
                )
            case event:
                raise TypeError(f"the customers' book knows no {type(event).__name__}")

    def as_json(self) -> dict[str, Any]:
        """Tell customers, logins and enrolments as the control API shows them; no password."""
        with self.lock:
            return {
                "customers": [_customer_row(customer) for customer in self.customers.values()],
                "logins": [_login_row(login) for login in self.logins.values()],
                "enrollments": [
                    _setting_row(key, kind, setting)
                    for (key, kind), settings in self.settings.items()
                    for setting in settings.values()
                ],
                "enrollment_changes": [_change_row(change) for change in self.changes.values()],
            }

    def _unlink(self, unlinked: AccountUnlinked) -> None:
        login = self.logins[unlinked.login_guid]
        kept = tuple(number for number in login.accounts if number != unlinked.account_number)
        self.logins[login.guid] = replace(login, accounts=kept)
        for kind in EnrollmentKind:
            self.standing(unlinked.biller, unlinked.account_number, kind).pop(login.guid, None)

    def _choose(self, chosen: SettingChosen, at: datetime) -> None:
        key = ((chosen.biller, chosen.account_number), chosen.kind)
        settings = self.settings.setdefault(key, {})
        before = settings.get(chosen.login_guid)
        if not chosen.enrolled:
            settings.pop(chosen.login_guid, None)
            return
        settings[chosen.login_guid] = Setting(
            login_guid=chosen.login_guid,
            since=before.since if before else at,
            method_guid=chosen.method_guid,
            phone_last_four=chosen.phone_last_four,
        )


def _customer_row(customer: CustomerCreated) -> dict[str, Any]:
    return {
        "biller": customer.biller,
        "account_number": customer.account_number,
        "customer_guid": customer.customer_guid,
        "name": customer.name,
        "email_address": customer.email_address,
    }


def _login_row(login: Login) -> dict[str, Any]:
    return {
        "biller": login.biller,
        "login_guid": login.guid,
        "email_address": login.email_address,
        "accounts": list(login.accounts),
        "registered_at": _utc(login.registered_at),
    }


def _setting_row(key: AccountKey, kind: EnrollmentKind, setting: Setting) -> dict[str, Any]:
    biller, account_number = key
    return {
        "biller": biller,
        "account_number": account_number,
        "kind": kind.value,
        "login_guid": setting.login_guid,
        "since": _utc(setting.since),
    }


def _change_row(pumped: PumpedChange) -> dict[str, Any]:
    change = pumped.change
    return {
        "event_guid": change.event_guid,
        "biller": change.biller,
        "account_number": change.account_number,
        "kind": change.kind.value,
        "enrolled": change.enrolled,
        "changed_at": _utc(pumped.changed_at),
        "pump": pumped.state,
        "pump_attempts": pumped.attempts,
        "pump_outcome": pumped.outcome,
    }


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
