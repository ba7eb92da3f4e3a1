"""The settings: every table and value, its rule, its default, and what it is.

The tables below are the settings file's, and the rest of the adapter reads them as they are:
frozen, checked, secrets out of sight. The description of a key ends the message about it: it says
what to give instead. A path is relative to the folder that the validation's context is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
)
from sqlalchemy import make_url

from adapter.domain.invoice import BifDialect, Questionnaire
from adapter.domain.retry import RetryPolicy
from adapter.settings.field_types import (
    POSTGRESQL,
    Columns,
    CookieName,
    Guid,
    KeyAndPassword,
    LedgerUrl,
    Listen,
    PasswordSeed,
    PathSegment,
    Positive,
    ReservedCharacters,
    Secret,
    SecretGuid,
    SecretText,
    SecretWord,
    SpectrumUrl,
    Text,
    TimeZone,
    Url,
    Whole,
    in_folder,
    url,
)
from adapter.settings.questionnaire import NOTIFY_DAYS_MAX, refusal_of

# ASP.NET's default; less than the least would not hold one invoice and its envelope.
RECEIVER_BYTES_MAX = 4 * 1024 * 1024
REQUEST_BYTES_MIN, REQUEST_BYTES_MAX = 4096, 1024 * 1024 * 1024
# One post may take a token, a balance and the receipt, each within a request timeout.
CALLS_IN_A_LEASE = 3

NotifyDays = Annotated[
    Annotated[Whole, Field(ge=-NOTIFY_DAYS_MAX, le=NOTIFY_DAYS_MAX)] | None,
    Field(description="days after the due date, negative for before it"),
]


def setting(description: str, default: Any = ..., **rules: Any) -> Any:
    """Declare a setting by what it is and its default; without one it must be given."""
    return Field(default=default, description=description, **rules)


class Settings(BaseModel):
    """One table of the settings file."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    @property
    def secrets(self) -> frozenset[str]:
        """Every secret in this table and in the tables within."""
        return frozenset(_secrets_in(self.model_dump().values()))


def _secrets_in(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, SecretText):
            yield value
        elif isinstance(value, Mapping):
            yield from _secrets_in(value.values())
        elif isinstance(value, tuple):
            yield from _secrets_in(value)


class RetrySettings(Settings):
    """[adapter.retry]: the bounds of a RetryPolicy."""

    first_delay_seconds: Positive = setting("the first wait", RetryPolicy.first_delay_seconds)
    delay_seconds_max: Positive = setting("the longest wait", RetryPolicy.delay_seconds_max)
    attempts_max: Whole = setting(
        "the tries before a dead letter", RetryPolicy.attempts_max, ge=1, le=1000
    )
    configuration_delay_seconds: Positive = setting(
        "the wait while a setting is wrong", RetryPolicy.configuration_delay_seconds
    )


class AdapterSettings(Settings):
    """[adapter]: what holds for the whole adapter; `ledger` is an SQLAlchemy URL."""

    ledger: LedgerUrl = setting(
        'the ledger, as "sqlite:///adapter.db"',
        "sqlite:///adapter.db",
        validate_default=True,  # its path is relative too
        repr=False,  # it may hold a password
    )
    listen: Listen = setting('host and port, as "127.0.0.1:8200"', "127.0.0.1:8200")
    ops_key: Secret | None = setting("a key of at least 8 characters for /ops", None)
    request_timeout_seconds: Positive = setting("the seconds one request may take", 30.0)
    settle_seconds: Positive = setting("more seconds than a request may take", 120.0)
    lease_seconds: Positive = setting("the seconds of three requests or more", 90.0)
    poll_overlap_minutes: Positive = setting("the minutes a poll looks back beyond its mark", 30.0)
    first_reach_hours: Positive = setting("the hours that the first poll looks back", 48.0)
    retry: RetrySettings = setting("a table of the retry's bounds", RetrySettings())
    engine: Literal["embedded", "procrastinate"] = setting(
        '"embedded", or "procrastinate" for a PostgreSQL ledger', "embedded"
    )
    threads: Whole = setting("the number of jobs that one process runs at once", 4, ge=1, le=64)
    keep_days: Whole | None = setting(
        "the days after which finished payments lose their texts", None, ge=30
    )

    @field_validator("engine")
    @classmethod
    def _engine_fits_the_ledger(cls, value: str, info: ValidationInfo) -> str:
        ledger = info.data.get("ledger", "")
        if value == "procrastinate" and not ledger.startswith(POSTGRESQL):
            raise ValueError(f"must be embedded, unless the ledger is {POSTGRESQL}://")
        return value

    @field_validator("settle_seconds")
    @classmethod
    def _settling_outlasts_a_request(cls, value: float, info: ValidationInfo) -> float:
        if value <= info.data.get("request_timeout_seconds", 0.0):
            raise ValueError("must be more than request_timeout_seconds")
        return value

    @field_validator("lease_seconds")
    @classmethod
    def _lease_outlasts_a_post(cls, value: float, info: ValidationInfo) -> float:
        if value < CALLS_IN_A_LEASE * info.data.get("request_timeout_seconds", 0.0):
            raise ValueError("must be at least three times request_timeout_seconds")
        return value

    @property
    def listen_host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def listen_port(self) -> int:
        return int(self.listen.rpartition(":")[2])

    @property
    def secrets(self) -> frozenset[str]:
        password = make_url(self.ledger).password
        return super().secrets | ({password} if password else set())


@dataclass(frozen=True)
class SpectrumAccess:
    """One of a biller's two ways into Spectrum; `key` is A1's `token`."""

    base_url: str
    username: str
    key: str = field(repr=False)
    password: str = field(repr=False)


class AdvancedSettings(Settings):
    """[billers.<name>.advanced_settings], by the numbers of the technical design (F1)."""

    rtdr_url: SpectrumUrl = setting("Spectrum's base URL for balances", alias="8")
    rtdr_username: Text = setting("IMT's username for balances", alias="9")
    rtdr_key: KeyAndPassword = setting("IMT's key|password for balances", alias="10")
    payments_url: SpectrumUrl = setting("Spectrum's base URL for receipts", alias="11")
    payments_username: Text = setting("IMT's username for receipts", alias="12")
    payments_key: KeyAndPassword = setting("IMT's key|password for receipts", alias="13")


@dataclass(frozen=True, kw_only=True)
class RestAccess:
    """What opens Invoice Cloud's REST services (D1).

    `cloud_sso_url` is where a payer goes with the token that they issue (D2).
    """

    base_url: str
    cloud_sso_url: str
    api_key: str = field(repr=False)


class InvoiceCloudSettings(Settings):
    """[billers.<name>.invoice_cloud].

    `columns` names the payment report's columns where they differ from the usual ones, by our
    field names.
    """

    web_services_url: Url = setting(
        "the folder of Invoice Cloud's .asmx services",
        "https://www.invoicecloud.com/portal/webservices",
    )
    columns: Columns = setting("our_name = TheirColumn", {})
    upload: Literal["plain", "base64"] = setting('"plain" or "base64"', "plain")
    rest_base_url: Url = setting(
        "the base URL of Invoice Cloud's REST services", "https://www.invoicecloud.com/api/v1"
    )
    cloud_sso_url: Url = setting(
        "the address of CloudSSO Connect", "https://www.invoicecloud.com/portal/cloudsso.aspx"
    )
    api_key: Secret | None = setting("the biller's API key at Invoice Cloud", None)


class FeedSettings(Settings):
    """[billers.<name>.feed]: where Spectrum's extract is."""

    kind: Literal["http", "folder"] = setting('"http" or "folder"')
    location: Text = setting("the extract's base URL or folder")
    receipts: bool = setting("true when the extract tells receipts too, else false", False)

    @field_validator("location")
    @classmethod
    def _location_fits_the_kind(cls, value: str, info: ValidationInfo) -> str:
        return url(value) if info.data.get("kind") == "http" else in_folder(value, info)


class BifSettings(Settings):
    """[billers.<name>.bif]: how a biller's invoice files are written and cut."""

    reserved_characters: ReservedCharacters = setting(
        '"refuse" or a replacement character', "refuse"
    )
    dialect: BifDialect = setting('"tagged" or "positional"', BifDialect.TAGGED)
    receiver_bytes_max: Whole = setting(
        "the bytes of the largest request that Invoice Cloud takes",
        RECEIVER_BYTES_MAX,
        ge=REQUEST_BYTES_MIN,
        le=REQUEST_BYTES_MAX,
    )
    allow_partial_payments: bool = setting(
        "true where the biller's questionnaire allows them, else false", False
    )
    first_notify_days: NotifyDays = None
    second_notify_days: NotifyDays = None
    third_notify_days: NotifyDays = None

    refusal_of = staticmethod(refusal_of)

    @property
    def questionnaire(self) -> Questionnaire:
        return Questionnaire(
            allow_partial_payments=self.allow_partial_payments,
            notify_days=(self.first_notify_days, self.second_notify_days, self.third_notify_days),
        )


class ImtAccess(Settings):
    """[billers.<name>.imt]: what opens a session at IMT for one carrier (B1)."""

    base_url: Url = setting("IMT's base URL, without the company")
    company_id: PathSegment = setting("the carrier's company id at IMT")
    username: Text = setting("Invoice Cloud's username at IMT")
    password: SecretWord = setting("Invoice Cloud's password at IMT")
    cookie_name: CookieName = setting(
        "the name of the cookie that carries the authorization", "authorization"
    )


class SignOnAccess(Settings):
    """[billers.<name>.sign_on]: IMT's key, and what payers' passwords are made of (0022)."""

    key: Secret = setting("a key of at least 8 characters for IMT's calls")
    password_seed: PasswordSeed = setting(
        "a random text of at least 32 characters, for this biller only"
    )


class DoorKeys(Settings):
    """The two keys of a biller that open its doors; a GUID keeps the case it was given in."""

    biller_guid: Guid = setting("the biller's GUID at Invoice Cloud")
    door_key: Secret = setting("a key of at least 8 characters for Invoice Cloud's calls")


class BillerTable(DoorKeys):
    """[billers.<name>]: one carrier."""

    name: Text = setting("the carrier's name")
    time_zone: TimeZone = setting('the carrier\'s time zone, as "America/Chicago"')
    web_service_key: SecretGuid = setting("the biller's web service key at Invoice Cloud")
    invoice_format_guid: Guid = setting("the GUID of the biller's invoice format")
    advanced_settings: AdvancedSettings = setting('the table of settings "8" to "13"')
    invoice_cloud: InvoiceCloudSettings = setting(
        "a table, or leave it out", InvoiceCloudSettings()
    )
    posts_per_minute: Whole | None = setting(
        "the most receipts a minute, or leave it out", None, ge=1, le=100_000
    )
    feed: FeedSettings = setting("the table that names Spectrum's extract")
    bif: BifSettings = setting("a table, or leave it out", BifSettings())
    imt: ImtAccess | None = setting("the table of IMT, or leave it out", None)
    sign_on: SignOnAccess | None = setting("the table of IMT's sign-on, or leave it out", None)

    @property
    def rtdr(self) -> SpectrumAccess:
        """What asks for the payer's balance: settings 8 to 10."""
        own = self.advanced_settings
        return SpectrumAccess(own.rtdr_url, own.rtdr_username, *own.rtdr_key)

    @property
    def payments(self) -> SpectrumAccess:
        """What does all else at Spectrum: settings 11 to 13."""
        own = self.advanced_settings
        return SpectrumAccess(own.payments_url, own.payments_username, *own.payments_key)

    @property
    def web_services_url(self) -> str:
        return self.invoice_cloud.web_services_url

    @property
    def columns(self) -> Mapping[str, str]:
        return self.invoice_cloud.columns

    @property
    def base64_upload(self) -> bool:
        return self.invoice_cloud.upload == "base64"

    @property
    def reserved_characters(self) -> str:
        return self.bif.reserved_characters

    @property
    def rest(self) -> RestAccess | None:
        cloud = self.invoice_cloud
        if cloud.api_key is None:
            return None
        return RestAccess(
            base_url=cloud.rest_base_url, cloud_sso_url=cloud.cloud_sso_url, api_key=cloud.api_key
        )


class BillerSettings(BillerTable):
    """A carrier's table with `slug`, the adapter's own name of it."""

    slug: str = setting("the name that stands in [billers.<name>]")


def _or_none(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    try:
        return validate(value)
    except ValidationError:
        return None


class DoorAccess(DoorKeys):
    """What opens a biller's doors; known even while the biller's other settings are wrong."""

    model_config = ConfigDict(extra="ignore")

    sign_on: Annotated[SignOnAccess | None, WrapValidator(_or_none)] = setting(
        "the table of IMT's sign-on, where it is right", None
    )

    @property
    def sign_on_key(self) -> str | None:
        return self.sign_on.key if self.sign_on is not None else None
