"""What Spyne 2.14 expects of Pythons long gone, put in place before it is imported."""

from __future__ import annotations

import collections.abc
import http.cookies
import sys
import urllib.error
import urllib.parse
import urllib.request
from email.message import Message
from types import ModuleType

# Spyne's copy of six finds these by an import hook that Python 3.12 no longer asks.
_HOMES: dict[str, ModuleType] = {
    "urllib.parse": urllib.parse,
    "urllib.request": urllib.request,
    "urllib.error": urllib.error,
    "http_cookies": http.cookies,
    "collections_abc": collections.abc,
}


def make_spyne_importable() -> None:
    """Put six's modules where Spyne looks for them, and on Python 3.13 a cgi that is gone."""
    for name, home in _HOMES.items():
        sys.modules[f"spyne.util.six.moves.{name}"] = home
    if sys.version_info >= (3, 13) and "cgi" not in sys.modules:
        cgi = ModuleType("cgi")
        cgi.parse_header = parse_header  # type: ignore[attr-defined]
        sys.modules["cgi"] = cgi


def forget_old_import_hook() -> None:
    """Take Spyne's copy of six's importer away: it warns at every later import on Python 3.11."""
    sys.meta_path[:] = [
        finder for finder in sys.meta_path if not type(finder).__module__.startswith("spyne.")
    ]


def parse_header(line: str) -> tuple[str, dict[str, str]]:
    """Split a header into its value and its parameters, as cgi.parse_header did."""
    message = Message()
    message["content-type"] = line
    told = message.get_params() or [("", "")]
    return told[0][0], dict(told[1:])
