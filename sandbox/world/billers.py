"""The world's billers: one insurance carrier each, with every secret its own (A1, F1)."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

CARRIERS = (
    ("camp-point-mutual", "Camp Point Mutual"),
    ("prairie-shield", "Prairie Shield Insurance"),
    ("cedar-valley", "Cedar Valley Mutual"),
    ("river-bend", "River Bend Casualty"),
)
PASSWORD_LENGTH = 13
DOOR_KEY_LENGTH = 32


@dataclass(frozen=True, kw_only=True)
class SpectrumCredentials:
    """One set of A1's three values; `user_id` is the answer's data.id."""

    token: str = field(repr=False)
    username: str
    password: str = field(repr=False)
    user_id: str


@dataclass(frozen=True, kw_only=True)
class ImtCredentials:
    """What opens a session at IMT for one carrier (B1)."""

    company_id: str
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Biller:
    """One carrier as Spectrum, IMT and Invoice Cloud know it.

    `door_key` is what Invoice Cloud shows at the adapter's doors (decision 0005), `sign_on_key`
    what IMT's portal shows there, and `api_key` opens Invoice Cloud's REST services.
    """

    slug: str
    name: str
    number: int
    time_zone: str
    biller_guid: str
    web_service_key: str = field(repr=False)
    invoice_format_guid: str
    rtdr_credentials: SpectrumCredentials
    payment_credentials: SpectrumCredentials
    door_key: str = field(repr=False)
    imt: ImtCredentials
    api_key: str = field(repr=False)
    sign_on_key: str = field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what no journal, log or report may show."""
        sets = (self.rtdr_credentials, self.payment_credentials)
        spectrums = [secret for one in sets for secret in (one.token, one.password)]
        own = (self.web_service_key, self.door_key, self.api_key, self.sign_on_key)
        return (*own, self.imt.password, *spectrums)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


def make_billers(seed: int, count: int) -> tuple[Biller, ...]:
    """Invent `count` billers from the seed; the same seed invents the same secrets."""
    if not 1 <= count <= len(CARRIERS):
        raise ValueError(f"a world has 1 to {len(CARRIERS)} billers, got {count}")
    return tuple(_make_biller(seed, index) for index in range(count))


def _make_biller(seed: int, index: int) -> Biller:
    chance = random.Random(f"{seed}:biller:{index}")  # noqa: S311  # invented, for a sandbox
    slug, name = CARRIERS[index]
    return Biller(
        slug=slug,
        name=name,
        number=4500 + index,
        time_zone="America/Chicago",
        biller_guid=next_guid(chance),
        web_service_key=next_guid(chance),
        invoice_format_guid=next_guid(chance),
        rtdr_credentials=_credentials(chance, f"{slug}-rtdr", 50 + 2 * index),
        payment_credentials=_credentials(chance, f"{slug}-payments", 51 + 2 * index),
        door_key=_secret(chance, DOOR_KEY_LENGTH),
        imt=ImtCredentials(
            company_id=str(300 + index),
            username=f"{slug}-invoicecloud",
            password=_secret(chance, PASSWORD_LENGTH),
        ),
        api_key=_secret(chance, DOOR_KEY_LENGTH),
        sign_on_key=_secret(chance, DOOR_KEY_LENGTH),
    )


def _credentials(chance: random.Random, username: str, user_id: int) -> SpectrumCredentials:
    password = _secret(chance, PASSWORD_LENGTH)
    return SpectrumCredentials(
        token=next_guid(chance).upper(), username=username, password=password, user_id=str(user_id)
    )


def _secret(chance: random.Random, length: int) -> str:
    letters = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789!"
    return "".join(chance.choice(letters) for _ in range(length))


def next_guid(chance: random.Random) -> str:
    """Draw a GUID from a random stream."""
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))
