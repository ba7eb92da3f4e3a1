"""The adapter's settings: what they are, how the file is read, and where they come from."""

from adapter.settings.biller_tables import (
    FeedSettings,
    ImtAccess,
    RestAccess,
    SignOnAccess,
    SpectrumAccess,
)
from adapter.settings.field_types import SecretText
from adapter.settings.sources import FileSettings, SettingsSource, SettingsView, StaticSettings
from adapter.settings.values import AdapterSettings, BillerSettings, DoorAccess

__all__ = [
    "AdapterSettings",
    "BillerSettings",
    "DoorAccess",
    "FeedSettings",
    "FileSettings",
    "ImtAccess",
    "RestAccess",
    "SecretText",
    "SettingsSource",
    "SettingsView",
    "SignOnAccess",
    "SpectrumAccess",
    "StaticSettings",
]
