"""The look that every company's pages share: one frame, one style sheet, and how words are shown.

A page extends `chrome/base.html`, names its company and fills the blocks; nothing on it runs.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask import Blueprint

blueprint = Blueprint(
    "chrome",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/chrome",
)


@blueprint.app_template_filter("money")
def money(amount: Decimal) -> str:
    """Write dollars, such as $1,234.50 or -$20.00."""
    sign = "-" if amount < 0 else ""
    return f"{sign}${abs(amount):,.2f}"


@blueprint.app_template_filter("moment")
def moment(at: datetime, zone: ZoneInfo) -> str:
    """Write a moment in a zone, such as Jan 5, 2026, 3:00 AM EST."""
    local = at.astimezone(zone)
    return f"{day(local.date())}, {local.hour % 12 or 12}:{local:%M %p %Z}"


@blueprint.app_template_filter("day")
def day(on: date) -> str:
    """Write a day, such as Jan 5, 2026."""
    return f"{on:%b} {on.day}, {on.year}"


@blueprint.app_template_filter("sentence")
def sentence(words: str) -> str:
    """Begin words with a capital and end them with a full stop."""
    words = words.strip()
    return f"{words[:1].upper()}{words[1:]}" + ("" if words.endswith((".", "!", "?")) else ".")
