"""The days in whose books wrongs are planted, lived through once; which wrongs are planted."""

import pytest
import structlog

from sandbox.world.clock import DEMO_START
from tests.planted.day import play_days
from tests.planted.list import WRONGS


@pytest.fixture(scope="session")
def days(sandbox_server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    world = sandbox_server.create_world("planted", start=DEMO_START)
    with structlog.testing.capture_logs():
        yield play_days(world, folder=folder)
    sandbox_server.delete_world(world.name)


def pytest_generate_tests(metafunc):
    """Plant every wrong in a test of its own for `make planted`, else a sample in one test."""
    if "wrongs" not in metafunc.fixturenames:
        return
    if metafunc.config.getoption("--every-wrong"):
        groups = {each.name: [each] for each in WRONGS}
    else:
        groups = {"a sample": [each for each in WRONGS if each.in_sample]}
    metafunc.parametrize("wrongs", groups.values(), ids=groups.keys())
