"""The adapter's settings: what they are, how the file is read, and where they come from."""

from adapter.settings.sources import FileSettings, SettingsSource, StaticSettings
from adapter.settings.values import (
    AdapterSettings,
    BillerSettings,
    DoorAccess,
    FeedSettings,
    ImtAccess,
    SettingsView,
    SpectrumAccess,
)

__all__ = [
    "AdapterSettings",
    "BillerSettings",
    "DoorAccess",
    "FeedSettings",
    "FileSettings",
    "ImtAccess",
    "SettingsSource",
    "SettingsView",
    "SpectrumAccess",
    "StaticSettings",
]
