"""The carriers of the delivery tests, their ledgers on a disk that flushes fast."""

import os
import tempfile
from pathlib import Path

import pytest
import structlog
from memory_carrier import Carrier
from memory_partners import FOR_A_PERSON, PLANS, REPEATABLE_PLANS


@pytest.fixture(scope="session")
def quick_folder():
    """Find a folder in memory, where the system has one: every commit is flushed to its disk."""
    in_memory = Path("/dev/shm")  # noqa: S108  # a folder of its own is made there
    usable = in_memory.is_dir() and os.access(in_memory, os.W_OK)
    with tempfile.TemporaryDirectory(dir=in_memory if usable else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def make_carrier(quick_folder, new_ledger):
    """Make carriers, each with a ledger of its own."""
    return lambda **options: Carrier(new_ledger(quick_folder), **options)


@pytest.fixture(params=[True, False], ids=["feed", "no-feed"])
def has_feed(request):
    return request.param


@pytest.fixture(params=[True, False], ids=["deduplicates", "doubles"])
def deduplicates(request):
    return request.param


@pytest.fixture(autouse=True)
def _quiet_log():
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
def harsh_carrier(make_carrier):
    """Meet the Spectrum that forgives least: no feed, and every repeat is applied again."""
    carrier = make_carrier(has_feed=False, deduplicates=False)
    yield carrier
    carrier.check()
    carrier.close()


@pytest.fixture
def carrier(make_carrier, has_feed, deduplicates):
    """Meet each of the four kinds of Spectrum."""
    carrier = make_carrier(has_feed=has_feed, deduplicates=deduplicates)
    yield carrier
    carrier.check()
    carrier.close()


@pytest.fixture(scope="session")
def plans():
    """Name every plan, those that end at a person's desk, and those of repeatable requests."""
    return PLANS, FOR_A_PERSON, REPEATABLE_PLANS
