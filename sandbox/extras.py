"""What the fakes stand on beyond the adapter's own packages: the extra `[sandbox]`."""

from __future__ import annotations

from importlib.util import find_spec

from sandbox.remote import EXIT_REFUSED, fail

EXTRA = "imt-spectrum-adapter[sandbox]"
# What is imported, by what is installed.
PACKAGES = {
    "faker": "faker",
    "jsonschema-rs": "jsonschema_rs",
    "pyjwt": "jwt",
    "pyyaml": "yaml",
    "spyne": "spyne",
}


def require_extra() -> None:
    """Leave with one line that names the extra where a package of it is missing."""
    if message := missing_extra():
        fail(EXIT_REFUSED, message)


def missing_extra() -> str | None:
    """Say which packages of the extra are missing, and how to install them."""
    missing = [package for package, module in PACKAGES.items() if find_spec(module) is None]
    if not missing:
        return None
    return f"not installed: {', '.join(missing)}. Install them by: pip install '{EXTRA}'"
