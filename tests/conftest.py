"""What every test stands on: a clean environment, the loopback only, a sandbox, fresh worlds."""

import gc
import ipaddress
import itertools
import os
import re
import shutil
import socket
import tomllib
from collections import defaultdict
from pathlib import Path

import hypothesis
import pytest

from adapter.ledger import open_ledger
from sandbox.server import Sandbox
from sandbox.world.clock import DEMO_START
from tests.postgres import Cluster, binaries

FOREIGN_VARIABLES = re.compile(
    r"(?:ADAPTER|OTEL|SANDBOX)_.*|(?:ALL|FTP|HTTPS?|NO)_PROXY", re.IGNORECASE
)
for variable in [name for name in os.environ if FOREIGN_VARIABLES.fullmatch(name)]:
    del os.environ[variable]

hypothesis.settings.register_profile("house", deadline=None, max_examples=50, print_blob=True)
hypothesis.settings.load_profile("house")

REQUIREMENTS = Path(__file__).with_name("requirements.toml")


class OutsideNetworkError(OSError):
    """A test reached for a machine other than this one."""


@pytest.fixture(scope="session", autouse=True)
def loopback_only():
    """Refuse every connection and every look-up that leaves this machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, guarded(getattr(socket.socket, name)))
        look_up = socket.getaddrinfo

        def look_up_inside(host, *args, **kwargs):
            refuse_outside(host)
            return look_up(host, *args, **kwargs)

        patch.setattr(socket, "getaddrinfo", look_up_inside)
        yield


def guarded(connect):
    def connect_inside(self, address):
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            refuse_outside(address[0])
        return connect(self, address)

    return connect_inside


def refuse_outside(host):
    name = host.decode() if isinstance(host, bytes) else host
    if name in {None, "", "localhost"}:
        return
    try:
        inside = ipaddress.ip_address(name)
        inside = inside.is_loopback or inside.is_unspecified
    except ValueError:
        inside = False
    if not inside:
        raise OutsideNetworkError(f"tests stay on this machine, and {name} is not on it")


@pytest.fixture(scope="session")
def sandbox_server():
    """Serve a sandbox on a free port, with the world `default` in virtual time."""
    sandbox = Sandbox()
    sandbox.create_world(start=DEMO_START)
    sandbox.start(port=0)
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="session")
def world_names():
    return (f"test-{number}" for number in itertools.count(1))


@pytest.fixture
def world(sandbox_server, world_names):
    """Grow an isolated world for one test, at the demo's start; its URL is `world.base_url`."""
    world = sandbox_server.create_world(next(world_names), start=DEMO_START)
    yield world
    if sandbox_server.worlds.find(world.name) is not None:
        sandbox_server.delete_world(world.name)


@pytest.fixture
def in_process():
    """Speak to a sandbox of one's own without a socket; its world is `default`."""
    import httpx

    sandbox = Sandbox(base_url="http://sandbox.test")
    sandbox.create_world(start=DEMO_START)
    transport = httpx.WSGITransport(app=sandbox.wsgi)
    with httpx.Client(transport=transport, base_url=sandbox.url) as client:
        yield client
    sandbox.stop()


@pytest.fixture(scope="session")
def postgres():
    """Start a private PostgreSQL."""
    found = binaries()
    assert found, "initdb and pg_ctl are not installed"
    cluster = Cluster(found, prepare=lambda url: open_ledger(url, make=True).close())
    yield cluster
    cluster.remove()


@pytest.fixture(scope="session")
def new_ledger(request, tmp_path_factory):
    """Return a maker of empty ledgers' URLs; a copy of an empty one is quicker than its tables."""
    if request.config.getoption("--ledger") == "postgresql":
        cluster = request.getfixturevalue("postgres")
        return lambda _folder: cluster.new_database()
    empty = tmp_path_factory.mktemp("ledger") / "empty.db"
    open_ledger(f"sqlite:///{empty}", make=True).close()
    numbers = itertools.count(1)

    def copy(folder):
        return f"sqlite:///{shutil.copy(empty, folder / f'ledger-{next(numbers)}.db')}"

    return copy


@pytest.fixture
def ledger_url(new_ledger, tmp_path):
    """Return the URL of an empty ledger of one's own, in the database that `--ledger` names."""
    return new_ledger(tmp_path)


def pytest_xdist_auto_num_workers():
    """Run two workers a core: half of the time a test waits for processes, sockets and leases."""
    return 2 * len(os.sched_getaffinity(0))


def pytest_collection_modifyitems(config, items):
    if binaries() is None and "CI" not in os.environ:
        reason = "apt-get install postgresql-15, which brings initdb and pg_ctl"
        for item in items:
            if "postgres" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.skipif(True, reason=reason))
    if config.getoption("--ledger") != "sqlite":
        # The others would do there what they do anyway.
        chosen = [item for item in items if _keeps_a_ledger(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
        items[:] = chosen


def _keeps_a_ledger(item):
    """Tell whether a test's ledger is in the database that `--ledger` names."""
    fixtures = getattr(item, "fixturenames", ())
    return "new_ledger" in fixtures and item.get_closest_marker("sqlite") is None


def pytest_collection_finish():
    """Keep the garbage collector from walking through thousands of collected tests again."""
    gc.collect()
    gc.freeze()


def pytest_addoption(parser):
    parser.addoption(
        "--ledger",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="the database of the ledgers in tests that work with any",
    )
    parser.addoption(
        "--every-wrong",
        action="store_true",
        help="plant every wrong that the auditor has to notice, each in a test of its own",
    )
    parser.addoption(
        "--requirements",
        action="store_true",
        help="list the requirement ids against the tests that stand for them, and run nothing",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """List in this process: workers would each know a part of the tests only."""
    if config.getoption("--requirements"):
        config.option.numprocesses = 0
        config.option.dist = "no"


def pytest_runtestloop(session):
    if not session.config.getoption("--requirements"):
        return None
    tests = defaultdict(set)
    for item in session.items:
        for marker in item.iter_markers("requirement"):
            for requirement in marker.args:
                tests[requirement].add(item.nodeid.partition("[")[0])
    known = tomllib.loads(REQUIREMENTS.read_text())["requirement"]
    print(told_requirements(known, tests))
    problems = requirement_problems(known, tests)
    for problem in problems:
        print(f"PROBLEM {problem}")
    session.testsfailed = len(problems)
    return True


def told_requirements(known, tests):
    lines = []
    for row in known:
        state = f"{len(tests[row['id']])} tests" if row["covered"] else "not built yet"
        lines.append(f"\n{row['id']:<3} {row['title']} ({state})")
        lines += [f"      {test}" for test in sorted(tests[row["id"]])]
    return "\n".join(lines)


def requirement_problems(known, tests):
    """Tell ids without a test, ids that have one and do not say so, and ids nobody knows."""
    ids = {row["id"] for row in known}
    missing = [f"{r['id']} has no test" for r in known if r["covered"] and not tests[r["id"]]]
    early = [f"{r['id']} has tests: say so" for r in known if not r["covered"] and tests[r["id"]]]
    strange = [f"{name} is no requirement" for name in tests if name not in ids]
    return [*missing, *early, *strange]
