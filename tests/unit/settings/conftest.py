"""Settings to start from: two billers with everything right, in the shape of the TOML file."""

import copy
from pathlib import Path

import pytest

from adapter.settings.reading import read_settings

KEYS = {
    "alpha-mutual": (
        "0A1B2C3D-0000-4000-8000-00000000000A",
        "0A1B2C3D-0000-4000-8000-00000000000B",
    ),
    "beta-mutual": (
        "0A1B2C3D-0000-4000-8000-00000000000C",
        "0A1B2C3D-0000-4000-8000-00000000000D",
    ),
}


def biller(slug: str, number: int) -> dict:
    rtdr_key, payments_key = KEYS[slug]
    return {
        "name": slug.title(),
        "time_zone": "America/Chicago",
        "biller_guid": f"11111111-0000-4000-8000-00000000000{number}",
        "web_service_key": f"22222222-0000-4000-8000-00000000000{number}",
        "invoice_format_guid": f"33333333-0000-4000-8000-00000000000{number}",
        "door_key": f"door-secret-{number}",
        "advanced_settings": {
            "8": "https://spectrum.example/wsSpectrumAPICore/",
            "9": f"{slug}-rtdr",
            "10": f"p4ss!rtdr-{number}|{rtdr_key}",
            "11": "https://spectrum.example/wsSpectrumAPICore",
            "12": f"{slug}-payments",
            "13": f"{payments_key}|p4ss!pay-{number}",
        },
        "invoice_cloud": {"web_services_url": "https://ic.example/portal/webservices"},
        "feed": {"kind": "http", "location": "https://spectrum.example/extract/v1/"},
    }


def changed(settings: dict, changes: dict) -> dict:
    """Return a copy with the settings at dotted paths replaced, or removed for None."""
    settings = copy.deepcopy(settings)
    for path, value in changes.items():
        *tables, key = path.split(".")
        table = settings
        for name in tables:
            table = table.setdefault(name, {})
        if value is None:
            table.pop(key, None)
        else:
            table[key] = copy.deepcopy(value)
    return settings


@pytest.fixture
def read(settings):
    """Return a reader of the settings with some of them changed."""

    def read_with(changes=(), **environ):
        tree = changed(settings, dict(changes))
        return read_settings(tree, environ=environ, folder=Path("/etc/adapter"))

    return read_with


@pytest.fixture
def settings() -> dict:
    return {
        "adapter": {"ledger": "sqlite:///adapter.db"},
        "billers": {
            "alpha-mutual": biller("alpha-mutual", 1),
            "beta-mutual": biller("beta-mutual", 2),
        },
    }
