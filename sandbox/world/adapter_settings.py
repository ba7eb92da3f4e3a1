"""The adapter's settings for one world, in the shape of its TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from sandbox.world.billers import Biller, SpectrumCredentials
from sandbox.world.world import World

FeedChoice = Literal["http", "folder"]
PASSWORD_SEED_BYTES = 24


def adapter_settings(
    world: World,
    *,
    ledger: str,
    feed: FeedChoice = "http",
    feed_folder: Path = Path("feed"),
    receipts_feed: bool = True,
    listen: str = "127.0.0.1:8200",
    request_timeout_seconds: float = 10.0,
) -> dict[str, Any]:
    """Return what an adapter needs to serve every biller of the world.

    `ledger` is an SQLAlchemy URL. With the feed as a folder, each biller's files lie in a
    folder of its own below `feed_folder`.
    """
    return {
        "adapter": {
            "ledger": ledger,
            "listen": listen,
            "request_timeout_seconds": request_timeout_seconds,
        },
        "billers": {
            biller.slug: {
                **_biller_settings(world, biller),
                "feed": {
                    "kind": feed,
                    "location": str(feed_folder / biller.slug)
                    if feed == "folder"
                    else f"{world.base_url}/spectrum/extract/v1",
                    "receipts": receipts_feed,
                },
            }
            for biller in world.billers
        },
    }


def _biller_settings(world: World, biller: Biller) -> dict[str, Any]:
    spectrum = f"{world.base_url}/spectrum/wsSpectrumAPICore"
    invoice_cloud = f"{world.base_url}/invoicecloud"
    return {
        "name": biller.name,
        "time_zone": biller.time_zone,
        "biller_guid": biller.biller_guid,
        "web_service_key": biller.web_service_key,
        "invoice_format_guid": biller.invoice_format_guid,
        "door_key": biller.door_key,
        "advanced_settings": {
            "8": spectrum,
            "9": biller.rtdr_credentials.username,
            "10": _joined(biller.rtdr_credentials),
            "11": spectrum,
            "12": biller.payment_credentials.username,
            "13": _joined(biller.payment_credentials),
        },
        "imt": {
            "base_url": f"{world.base_url}/imt",
            "company_id": biller.imt.company_id,
            "username": biller.imt.username,
            "password": biller.imt.password,
        },
        "invoice_cloud": {
            "web_services_url": f"{invoice_cloud}/portal/webservices",
            "rest_base_url": f"{invoice_cloud}/api/v1",
            "cloud_sso_url": f"{invoice_cloud}/portal/cloudsso.aspx",
            "api_key": biller.api_key,
        },
        "sign_on": {"key": biller.sign_on_key, "password_seed": password_seed(world, biller)},
    }


def password_seed(world: World, biller: Biller) -> str:
    """Invent what an operator would draw once; no partner knows it."""
    return world.chance(f"password_seed:{biller.slug}").randbytes(PASSWORD_SEED_BYTES).hex()


def _joined(credentials: SpectrumCredentials) -> str:
    """Join password and key by a pipe, in the order of the technical design's example (F1)."""
    return f"{credentials.password}|{credentials.token}"
