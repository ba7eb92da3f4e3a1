"""The adapter's settings: what they are, how the file is read, and where they come from."""

from adapter.settings.sources import FileSettings, SettingsSource, StaticSettings
from adapter.settings.values import (
    AdapterSettings,
    BillerSettings,
    DoorAccess,
    FeedSettings,
    ImtAccess,
    RestAccess,
    SettingsView,
    SignOnAccess,
    SpectrumAccess,
)

__all__ = [
    "AdapterSettings",
    "BillerSettings",
    "DoorAccess",
    "FeedSettings",
    "FileSettings",
    "ImtAccess",
    "RestAccess",
    "SettingsSource",
    "SettingsView",
    "SignOnAccess",
    "SpectrumAccess",
    "StaticSettings",
]
