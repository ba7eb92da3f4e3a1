"""The adapter's name and version, as partners and operators are shown them."""

from __future__ import annotations

from functools import cache

DISTRIBUTION = "imt-spectrum-adapter"


@cache
def user_agent() -> str:
    """Return how the adapter introduces itself, such as `imt-adapter/0.1.0`."""
    from importlib.metadata import PackageNotFoundError, version  # 20 ms, so not at start-up

    try:
        return f"imt-adapter/{version(DISTRIBUTION)}"
    except PackageNotFoundError:
        return "imt-adapter/unknown"
