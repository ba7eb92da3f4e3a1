"""How the adapter introduces itself, installed and not."""

import re
from importlib.metadata import PackageNotFoundError

from adapter.version import user_agent


def test_an_installed_adapter_says_its_version():
    assert re.fullmatch(r"imt-adapter/[0-9]+\.[0-9]+\.[0-9]+", user_agent())


def test_one_that_is_not_installed_says_so(monkeypatch):
    def version(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", version)
    assert user_agent.__wrapped__() == "imt-adapter/unknown"
