"""The tables within a biller's own: its partners, its feed, its files and its guard."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import (
    Field,
    ValidationInfo,
    field_validator,
)

from adapter.domain.guard import GuardFigures
from adapter.domain.invoice import BifDialect, Questionnaire
from adapter.settings.field_types import (
    Columns,
    CookieName,
    KeyAndPassword,
    PasswordSeed,
    PathSegment,
    Positive,
    ReservedCharacters,
    Secret,
    SecretWord,
    SpectrumUrl,
    Text,
    Url,
    Whole,
    in_folder,
    url,
)
from adapter.settings.questionnaire import NOTIFY_DAYS_MAX, refusal_of
from adapter.settings.table import Settings, setting

# ASP.NET's default; less than the least would not hold one invoice and its envelope.
RECEIVER_BYTES_MAX = 4 * 1024 * 1024
REQUEST_BYTES_MIN, REQUEST_BYTES_MAX = 4096, 1024 * 1024 * 1024

NotifyDays = Annotated[
    Annotated[Whole, Field(ge=-NOTIFY_DAYS_MAX, le=NOTIFY_DAYS_MAX)] | None,
    Field(description="days after the due date, negative for before it"),
]


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


class GuardSettings(Settings):
    """[billers.<name>.guard]: how long evidence is waited for (decision 0030)."""

    settle_seconds: Positive = setting(
        "the seconds after which a receipt is applied or never, and the balance shows it",
        GuardFigures.settle.total_seconds(),
    )
    bracket_seconds: Positive = setting(
        "the most seconds between two balances by which a receipt is inferred",
        GuardFigures.bracket.total_seconds(),
    )
    feed_patience_seconds: Positive = setting(
        "the seconds that a receipts feed may lag behind",
        GuardFigures.feed_patience.total_seconds(),
    )
    evidence_patience_seconds: Positive = setting(
        "the seconds without evidence after which a person is asked",
        GuardFigures.evidence_patience.total_seconds(),
    )

    @property
    def figures(self) -> GuardFigures:
        return GuardFigures(
            settle=timedelta(seconds=self.settle_seconds),
            bracket=timedelta(seconds=self.bracket_seconds),
            feed_patience=timedelta(seconds=self.feed_patience_seconds),
            evidence_patience=timedelta(seconds=self.evidence_patience_seconds),
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
