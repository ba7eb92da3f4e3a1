"""How the adapter introduces itself, installed and not."""

import re
from importlib.metadata import PackageNotFoundError

import pytest

from adapter.version import installed_version, user_agent


@pytest.fixture(autouse=True)
def looked_up_anew():
    installed_version.cache_clear()
    yield
    installed_version.cache_clear()


def test_an_installed_adapter_says_its_version():
    assert re.fullmatch(r"imt-adapter/[0-9]+\.[0-9]+\.[0-9]+", user_agent())


def test_one_that_is_not_installed_says_so(monkeypatch):
    def version(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", version)
    assert user_agent() == "imt-adapter/unknown"
