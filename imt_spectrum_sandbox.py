"""The pytest plugin: a sandbox of Spectrum, IMT and Invoice Cloud, a world of its own per test.

Every pytest run of an environment imports this file, so it imports pytest alone until a fixture is
used, and none of `adapter`, `contracts` and `sandbox`: a tester's own folders may bear these names
(decision 0038).
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sandbox.composition import JoinedAdapter
    from sandbox.testing import Evidence, ServedSandbox, World

HOME = Path(__file__).resolve().parent
PACKAGES = ("adapter", "contracts", "sandbox")
ALIAS = "imt_spectrum_sandbox_testing"
GROWING = ("seed", "start", "billers", "open_invoices", "spectrum_deduplicates")
OPTIONS = (*GROWING, "audit")
FOLDER_NAME_LENGTH_MAX = 40

_EVIDENCE = pytest.StashKey[list[Any]]()
_FAILED = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("sandbox", "sandbox of Spectrum, IMT and Invoice Cloud")
    group.addoption(
        "--sandbox-url",
        metavar="URL",
        help="use the sandbox that answers there, instead of one of this process; its control "
        "token is read from SANDBOX_CONTROL_TOKEN",
    )
    group.addoption(
        "--sandbox-keep",
        choices=("failed", "all", "none"),
        default="failed",
        help="of which tests the worlds' journal, timeline, state and audit are kept as files "
        "(default: failed)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", f"world({', '.join(OPTIONS)}): what the fixture `world` is grown with"
    )


@pytest.fixture(scope="session")
def sandbox(pytestconfig: pytest.Config) -> Iterator[ServedSandbox]:
    """Serve a sandbox on a free port, or take the one that --sandbox-url names."""
    testing = _testing()
    url = pytestconfig.getoption("--sandbox-url")
    token = os.environ.get("SANDBOX_CONTROL_TOKEN") if url else None
    try:
        with testing.serve(url=url, control_token=token, isolated=bool(_hidden())) as served:
            yield served
    except testing.SandboxError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


@pytest.fixture
def sandbox_options() -> dict[str, Any]:
    """Return what every world is grown with; override it by a fixture of the same name."""
    return {}


@pytest.fixture
def make_world(
    request: pytest.FixtureRequest,
    sandbox: ServedSandbox,
    sandbox_options: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., World]]:
    """Return a maker of isolated worlds, in virtual time from 2026-01-05T08:00Z on.

    It takes the marker's options, and goes before the marker and `sandbox_options`. At the end of
    the test the auditor reads each world; a broken invariant is an error, but for audit=False.
    """
    testing, item = _testing(), request.node
    item.stash[_FAILED] = False  # it may run again
    evidence: list[Evidence] = []
    item.stash[_EVIDENCE] = evidence
    keep = request.config.getoption("--sandbox-keep")

    def new_folder() -> Path:
        return tmp_path_factory.mktemp(re.sub(r"\W", "_", item.name)[:FOLDER_NAME_LENGTH_MAX])

    def make(**options: Any) -> World:
        wanted = _merged(sandbox_options, _marked(item), options)
        audited = wanted.pop("audit", True)
        try:
            world: World = sandbox.create_world(**wanted)
        except (testing.SandboxError, ValueError) as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        evidence.append(
            testing.Evidence(world=world, audited=audited, keep=keep, new_folder=new_folder)
        )
        return world

    yield make
    for one in evidence:
        try:
            one.world.delete()
        except testing.SandboxError as error:
            one.verdict += f"\n{error}"  # deleted by the test, or with its sandbox
    broken = [one.story() for one in evidence if one.broken]
    if broken and not item.stash.get(_FAILED, False):
        pytest.fail("\n\n".join(["an invariant is broken", *broken]), pytrace=False)


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Grow an isolated world for one test, by @pytest.mark.world where it has options."""
    return make_world()


@pytest.fixture
def adapter(sandbox: ServedSandbox, world: World, tmp_path: Path) -> Iterator[JoinedAdapter]:
    """Join the adapter to the test's world: its doors at `url`, its jobs on the world's clock."""
    folder = tmp_path / "adapter"
    folder.mkdir()
    try:
        joined = sandbox.join_adapter(world, folder)
    except _testing().SandboxError as error:
        message = " ".join([str(error), *_hidden()])
        raise pytest.fail.Exception(message, pytrace=False) from None
    yield joined
    joined.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the report of a test that failed end with its worlds' timeline and verdict."""
    report = yield
    if call.when != "teardown" and report.failed:
        item.stash[_FAILED] = True
        for one in _gathered(item):
            title = f"world {one.world.name}"
            if add_section := getattr(report.longrepr, "addsection", None):
                add_section(title, one.story())
            else:
                report.sections.append((title, one.story()))
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Read the worlds before any fixture of the test has gone."""
    _gathered(item)


def _gathered(item: pytest.Item) -> list[Evidence]:
    evidence: list[Evidence] = item.stash.get(_EVIDENCE, [])
    for one in evidence:
        one.gather(failed=item.stash.get(_FAILED, False))
    return evidence


def _marked(item: pytest.Item) -> Mapping[str, Any]:
    marker = item.get_closest_marker("world")
    if marker is None:
        return {}
    if marker.args:
        pytest.fail(f"@pytest.mark.world takes names alone: {', '.join(OPTIONS)}", pytrace=False)
    return marker.kwargs


def _merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    merged = {name: value for layer in layers for name, value in layer.items()}
    if wrong := [repr(name) for name in merged if name not in OPTIONS]:
        message = f"a world has no option {', '.join(wrong)}; there are: {', '.join(OPTIONS)}"
        pytest.fail(message, pytrace=False)
    return merged


def _testing() -> Any:
    """Return `sandbox.testing`; under another name where the tester's own folders hide it."""
    if not _hidden():
        return import_module("sandbox.testing")
    if ALIAS not in sys.modules:
        spec = spec_from_file_location(ALIAS, HOME / "sandbox" / "testing" / "__init__.py")
        if spec is None or spec.loader is None:
            raise ImportError(f"{HOME} has no sandbox.testing")
        sys.modules[ALIAS] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[ALIAS])
    return sys.modules[ALIAS]


def _hidden() -> list[str]:
    """Say which of our packages are others' here."""
    return [
        f"Here, `{name}` is the package of {place}."
        for name in PACKAGES
        if (place := _place_of(name)) != HOME
    ]


def _place_of(name: str) -> Path | None:
    """Return the folder that a package is imported from."""
    try:
        spec = find_spec(name)
    except ValueError:  # a module that was made by hand
        return None
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]).resolve().parent if places else None
