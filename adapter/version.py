"""The adapter's name and version, as partners and operators are shown them."""

from __future__ import annotations

from functools import cache

DISTRIBUTION = "imt-spectrum-adapter"


@cache
def installed_version() -> str:
    """Return such as `0.1.0`, or `unknown` where the adapter runs without being installed."""
    from importlib.metadata import PackageNotFoundError, version  # 20 ms, so not at start-up

    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"


def user_agent() -> str:
    """Return how the adapter introduces itself, such as `imt-adapter/0.1.0`."""
    return f"imt-adapter/{installed_version()}"
