"""Invoice Cloud's server: the zone that its dates and hours are in."""

from __future__ import annotations

from zoneinfo import ZoneInfo

# Assumed (decision 0004).
SERVER_ZONE = ZoneInfo("America/New_York")
