"""The settings: every table and value, its rule, its default, and what it is.

The tables below are the settings file's, and the rest of the adapter reads them as they are:
frozen, checked, secrets out of sight. The description of a key ends the message about it: it says
what to give instead. A path is relative to the folder that the validation's context is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    ConfigDict,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
)
from sqlalchemy import make_url

from adapter.domain.retry import RetryPolicy
from adapter.settings.biller_tables import (
    AdvancedSettings,
    BifSettings,
    FeedSettings,
    GuardSettings,
    ImtAccess,
    InvoiceCloudSettings,
    RestAccess,
    SignOnAccess,
    SpectrumAccess,
)
from adapter.settings.field_types import (
    POSTGRESQL,
    Guid,
    LedgerUrl,
    Listen,
    Moment,
    Positive,
    ReturnCodes,
    Secret,
    SecretGuid,
    Text,
    TimeZone,
    Whole,
    in_folder,
    return_codes,
    sqlite_file_of,
)
from adapter.settings.table import Settings, setting

# One post may take a token, a balance and the receipt, each within a request timeout.
CALLS_IN_A_LEASE = 3
MARKS = "adapter-marks"


class RetrySettings(Settings):
    """[adapter.retry]: the bounds of a RetryPolicy."""

    first_delay_seconds: Positive = setting("the first wait", RetryPolicy.first_delay_seconds)
    delay_seconds_max: Positive = setting("the longest wait", RetryPolicy.delay_seconds_max)
    attempts_max: Whole = setting(
        "the tries before a dead letter", RetryPolicy.attempts_max, ge=1, le=1000
    )
    unsent_days_max: Positive = setting(
        "the days for which what never left is tried", RetryPolicy.unsent_days_max
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
    marks: Text | None = setting(
        "a folder for what proves that the ledger is the newest", None, validate_default=True
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

    @field_validator("marks")
    @classmethod
    def _marks_lie_beside_the_ledger(cls, value: str | None, info: ValidationInfo) -> str | None:
        """Take the folder of the ledger's file, or else of the settings'."""
        if value is not None:
            return in_folder(value, info)
        file = sqlite_file_of(info.data.get("ledger", ""))
        return in_folder(MARKS, info) if file is None else str(file.parent / MARKS)

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
    guard: GuardSettings = setting("a table, or leave it out", GuardSettings())
    return_codes: ReturnCodes = setting(
        'the codes that reverse a receipt, as ["R01-R39", "R50-R53"]', ("R01-R39", "R50-R53")
    )
    payments_since: Moment | None = setting(
        "the moment from which payments are the adapter's to post, as 2026-01-05T14:00:00Z", None
    )
    posting: bool = setting("true, or false to take over and post nothing", True)
    subtract_under_way: bool = setting(
        "true, or false to bill Spectrum's balance whatever was paid", True
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
    def reversing_codes(self) -> frozenset[str]:
        """Which codes of a reject reverse a receipt (0032)."""
        return frozenset(code for each in self.return_codes for code in return_codes(each))

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
