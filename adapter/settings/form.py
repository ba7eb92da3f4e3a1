"""The shape of the settings file: every table, key, default and bound, with what each one is.

The description of a key ends the message about it: it says what to give instead.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    field_validator,
)
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from adapter.domain.invoice import BifDialect
from adapter.domain.payment import REPORT_FIELDS
from adapter.settings.credentials import is_guid, split_key_and_password
from adapter.settings.questionnaire import NOTIFY_DAYS_MAX, refusal_of
from adapter.settings.values import EngineKind

SECRET_LENGTH_MIN = 8
# Whoever guesses it knows every payer's password at Invoice Cloud.
PASSWORD_SEED_LENGTH_MIN = 32
# ASP.NET's default; less than the least would not hold one invoice and its envelope.
RECEIVER_BYTES_MAX = 4 * 1024 * 1024
REQUEST_BYTES_MIN, REQUEST_BYTES_MAX = 4096, 1024 * 1024 * 1024
# One post may take a token, a balance and the receipt, each within a request timeout.
CALLS_IN_A_LEASE = 3
THREADS_MAX = 64
KEEP_DAYS_MIN = 30
POSTS_PER_MINUTE_MAX = 100_000
POSTGRESQL = "postgresql+psycopg"
_LISTEN = re.compile(r"(?P<host>\[[0-9A-Fa-f:]+\]|[^\s:\[\]]+):(?P<port>[0-9]{1,5})")
_PATH_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,62}")
_COOKIE_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_ENDPOINT = re.compile(r"/api/(Token|Invoice|OnlineReceipt)(/|$)", re.IGNORECASE)


def _no_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be a number")  # noqa: TRY004  # pydantic collects ValueError
    return value


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    if any(ord(character) < ord(" ") for character in value):
        raise ValueError("must not hold control characters or line breaks")
    return value


def _secret(value: str) -> str:
    if len(_text(value)) < SECRET_LENGTH_MIN:
        raise ValueError(f"must have at least {SECRET_LENGTH_MIN} characters")
    return value


def _guid(value: str) -> str:
    if not is_guid(value.strip()):
        raise ValueError("must be a GUID, 8-4-4-4-12 hexadecimal digits")
    return value.strip()


def _url(value: str) -> str:
    rule = "must be an http or https URL"
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError(rule) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValueError(rule)
    if parts.query or parts.fragment or parts.username is not None or re.search(r"\s", value):
        raise ValueError("must be a URL without user, query, fragment and spaces")
    return value.rstrip("/")


def _spectrum_url(value: str) -> str:
    base = _url(value)
    if _ENDPOINT.search(base):
        raise ValueError("must be Spectrum's base URL, without /api and what follows it")
    return base


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (LookupError, OSError, ValueError):
        raise ValueError("must be a time zone of the IANA database") from None
    return value


def _listen(value: str) -> str:
    match = _LISTEN.fullmatch(value)
    if match is None or int(match["port"]) > 65535:  # noqa: PLR2004  # the highest TCP port
        raise ValueError("must be host:port")
    return value


def _ledger(value: str) -> str:
    path = value.removeprefix("sqlite:///")
    if path != value and path and not path.startswith((":memory:", "?")):
        return value
    try:
        database = make_url(value)
    except ArgumentError:
        database = None
    if database is None or database.drivername != POSTGRESQL or not database.database:
        raise ValueError(
            f"must be sqlite:/// and the path of a file, or {POSTGRESQL}://user@host/database"
        )
    return value


def _reserved_characters(value: str) -> str:
    if value != "refuse" and (len(value) != 1 or value in "|~" or not value.isprintable()):
        raise ValueError('must be "refuse" or one printable character other than | and ~')
    return value


def _path_segment(value: str) -> str:
    if not _PATH_SEGMENT.fullmatch(value):
        raise ValueError("must be letters, digits, dots, dashes and underscores")
    return value


def _cookie_name(value: str) -> str:
    if not _COOKIE_NAME.fullmatch(value):
        raise ValueError("must be the name of a cookie, in the characters of a token")
    return value


def _key_and_password(value: Any) -> tuple[str, str]:
    if not isinstance(value, str):
        raise ValueError("must be a text")  # noqa: TRY004  # pydantic collects ValueError
    return split_key_and_password(value)


def _columns(value: dict[str, str]) -> dict[str, str]:
    unknown = sorted(set(value) - set(REPORT_FIELDS))
    if unknown:
        raise ValueError(f"names {', '.join(unknown)}; known are {', '.join(REPORT_FIELDS)}")
    if len(set(value.values())) != len(value):
        raise ValueError("must not give one column to two fields")
    return value


Text = Annotated[str, AfterValidator(_text)]
Secret = Annotated[str, AfterValidator(_secret)]
Guid = Annotated[str, AfterValidator(_guid)]
Url = Annotated[str, AfterValidator(_url)]
SpectrumUrl = Annotated[str, AfterValidator(_spectrum_url)]
KeyAndPassword = Annotated[tuple[str, str], PlainValidator(_key_and_password)]
Positive = Annotated[
    float, BeforeValidator(_no_boolean), Field(gt=0, allow_inf_nan=False, le=10_000_000)
]
Count = Annotated[int, BeforeValidator(_no_boolean), Field(ge=1, le=1000)]


Days = Annotated[int, BeforeValidator(_no_boolean), Field(ge=-NOTIFY_DAYS_MAX, le=NOTIFY_DAYS_MAX)]
NotifyDays = Annotated[
    Days | None, Field(description="days after the due date, negative for before it")
]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)


class RetryTable(_Table):
    """[adapter.retry]."""

    first_delay_seconds: Annotated[Positive, Field(description="the first wait")] = 30.0
    delay_seconds_max: Annotated[Positive, Field(description="the longest wait")] = 3600.0
    attempts_max: Annotated[Count, Field(description="the tries before a dead letter")] = 60
    configuration_delay_seconds: Annotated[
        Positive, Field(description="the wait while a setting is wrong")
    ] = 300.0


class AdapterTable(_Table):
    """[adapter]."""

    ledger: Annotated[
        Text, AfterValidator(_ledger), Field(description='the ledger, as "sqlite:///adapter.db"')
    ] = "sqlite:///adapter.db"
    listen: Annotated[
        Text, AfterValidator(_listen), Field(description='host and port, as "127.0.0.1:8200"')
    ] = "127.0.0.1:8200"
    ops_key: Annotated[
        Secret | None, Field(description="a key of at least 8 characters for /ops")
    ] = None
    request_timeout_seconds: Annotated[
        Positive, Field(description="the seconds one request may take")
    ] = 30.0
    settle_seconds: Annotated[
        Positive, Field(description="more seconds than a request may take")
    ] = 120.0
    lease_seconds: Annotated[
        Positive, Field(description="the seconds of three requests or more")
    ] = 90.0
    poll_overlap_minutes: Annotated[
        Positive, Field(description="the minutes a poll looks back beyond its mark")
    ] = 30.0
    first_reach_hours: Annotated[
        Positive, Field(description="the hours that the first poll looks back")
    ] = 48.0
    retry: Annotated[RetryTable, Field(description="a table of the retry's bounds")] = RetryTable()
    engine: Annotated[
        EngineKind, Field(description='"embedded", or "procrastinate" for a PostgreSQL ledger')
    ] = "embedded"
    threads: Annotated[
        int,
        BeforeValidator(_no_boolean),
        Field(ge=1, le=THREADS_MAX),
        Field(description="the number of jobs that one process runs at once"),
    ] = 4

    keep_days: Annotated[
        Annotated[int, BeforeValidator(_no_boolean), Field(ge=KEEP_DAYS_MIN)] | None,
        Field(description="the days after which finished payments lose their texts"),
    ] = None

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


class AdvancedSettingsTable(_Table):
    """[billers.<name>.advanced_settings], by the numbers of the technical design (F1)."""

    rtdr_url: SpectrumUrl = Field(alias="8", description="Spectrum's base URL for balances")
    rtdr_username: Text = Field(alias="9", description="IMT's username for balances")
    rtdr_key: KeyAndPassword = Field(alias="10", description="IMT's key|password for balances")
    payments_url: SpectrumUrl = Field(alias="11", description="Spectrum's base URL for receipts")
    payments_username: Text = Field(alias="12", description="IMT's username for receipts")
    payments_key: KeyAndPassword = Field(alias="13", description="IMT's key|password for receipts")


class InvoiceCloudTable(_Table):
    """[billers.<name>.invoice_cloud]."""

    web_services_url: Annotated[
        Url, Field(description="the folder of Invoice Cloud's .asmx services")
    ] = "https://www.invoicecloud.com/portal/webservices"
    columns: Annotated[
        dict[str, Text], AfterValidator(_columns), Field(description="our_name = TheirColumn")
    ] = Field(default_factory=dict)
    upload: Annotated[Literal["plain", "base64"], Field(description='"plain" or "base64"')] = (
        "plain"
    )
    rest_base_url: Annotated[
        Url, Field(description="the base URL of Invoice Cloud's REST services")
    ] = "https://www.invoicecloud.com/api/v1"
    cloud_sso_url: Annotated[Url, Field(description="the address of CloudSSO Connect")] = (
        "https://www.invoicecloud.com/portal/cloudsso.aspx"
    )
    api_key: Annotated[
        Secret | None, Field(description="the biller's API key at Invoice Cloud")
    ] = None


class FeedTable(_Table):
    """[billers.<name>.feed]."""

    kind: Literal["http", "folder"] = Field(description='"http" or "folder"')
    location: Text = Field(description="the extract's base URL or folder")
    receipts: Annotated[
        bool, Field(description="true when the extract tells receipts too, else false")
    ] = False

    @field_validator("location")
    @classmethod
    def _location_fits_the_kind(cls, value: str, info: ValidationInfo) -> str:
        return _url(value) if info.data.get("kind") == "http" else value


class BifTable(_Table):
    """[billers.<name>.bif]."""

    reserved_characters: Annotated[
        str,
        AfterValidator(_reserved_characters),
        Field(description='"refuse" or a replacement character'),
    ] = "refuse"
    dialect: Annotated[BifDialect, Field(description='"tagged" or "positional"')] = (
        BifDialect.TAGGED
    )
    receiver_bytes_max: Annotated[
        int,
        BeforeValidator(_no_boolean),
        Field(ge=REQUEST_BYTES_MIN, le=REQUEST_BYTES_MAX),
        Field(description="the bytes of the largest request that Invoice Cloud takes"),
    ] = RECEIVER_BYTES_MAX
    allow_partial_payments: Annotated[
        bool, Field(description="true where the biller's questionnaire allows them, else false")
    ] = False
    first_notify_days: NotifyDays = None
    second_notify_days: NotifyDays = None
    third_notify_days: NotifyDays = None

    refusal_of = staticmethod(refusal_of)


class ImtTable(_Table):
    """[billers.<name>.imt]."""

    base_url: Url = Field(description="IMT's base URL, without the company")
    company_id: Annotated[Text, AfterValidator(_path_segment)] = Field(
        description="the carrier's company id at IMT"
    )
    username: Text = Field(description="Invoice Cloud's username at IMT")
    password: Text = Field(description="Invoice Cloud's password at IMT")
    cookie_name: Annotated[
        Text,
        AfterValidator(_cookie_name),
        Field(description="the name of the cookie that carries the authorization"),
    ] = "authorization"


class SignOnTable(_Table):
    """[billers.<name>.sign_on]."""

    key: Secret = Field(description="a key of at least 8 characters for IMT's calls")
    password_seed: Annotated[
        Secret,
        Field(min_length=PASSWORD_SEED_LENGTH_MIN),
    ] = Field(description="a random text of at least 32 characters, for this biller only")


class DoorTable(BaseModel):
    """The two keys of a biller that open its doors."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, frozen=True)

    biller_guid: Guid = Field(description="the biller's GUID at Invoice Cloud")
    door_key: Secret = Field(
        description="a key of at least 8 characters for Invoice Cloud's calls"
    )


class BillerTable(_Table, DoorTable):
    """[billers.<name>]."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    name: Text = Field(description="the carrier's name")
    time_zone: Annotated[Text, AfterValidator(_time_zone)] = Field(
        description='the carrier\'s time zone, as "America/Chicago"'
    )
    web_service_key: Guid = Field(description="the biller's web service key at Invoice Cloud")
    invoice_format_guid: Guid = Field(description="the GUID of the biller's invoice format")
    advanced_settings: AdvancedSettingsTable = Field(
        description='the table of settings "8" to "13"'
    )
    invoice_cloud: Annotated[InvoiceCloudTable, Field(description="a table, or leave it out")] = (
        InvoiceCloudTable()
    )
    posts_per_minute: Annotated[
        Annotated[int, BeforeValidator(_no_boolean), Field(ge=1, le=POSTS_PER_MINUTE_MAX)] | None,
        Field(description="the most receipts a minute, or leave it out"),
    ] = None
    feed: FeedTable = Field(description="the table that names Spectrum's extract")
    bif: Annotated[BifTable, Field(description="a table, or leave it out")] = BifTable()
    imt: Annotated[ImtTable | None, Field(description="the table of IMT, or leave it out")] = None
    sign_on: Annotated[
        SignOnTable | None, Field(description="the table of IMT's sign-on, or leave it out")
    ] = None
