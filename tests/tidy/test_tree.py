"""The house rules that no linter knows: sizes, names, mirrors, clocks, secrets."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("adapter", "contracts", "sandbox")
MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
BANNED_STEMS = {"utils", "util", "helpers", "helper", "common", "misc"}
# The machine's clock is read in one file of each package.
CLOCK_FILES = {"adapter/clock.py", "sandbox/world/clock.py"}
# Unit tests mirror the adapter's files; these hold nothing but names.
UNMIRRORED = {"adapter/ports.py"}


def tracked(*suffixes: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    paths = (ROOT / line for line in listed if not suffixes or line.endswith(suffixes))
    return [path for path in paths if path.is_file()]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


SOURCES = [path for path in tracked(".py") if name_of(path).split("/")[0] in PACKAGES]
PYTHON = tracked(".py")


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_module_is_small_and_says_what_lives_in_it(path):
    text = path.read_text()
    tree = ast.parse(text)
    assert text.count("\n") <= MODULE_LINES_MAX
    assert ast.get_docstring(tree), "the first line says what lives here"
    assert path.stem not in BANNED_STEMS
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            length = node.end_lineno - node.lineno + 1
            assert length <= FUNCTION_LINES_MAX, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_time_is_read_and_spent_in_one_file_of_each_package(path):
    spent = re.findall(
        r"datetime\.now|datetime\.utcnow|time\.sleep|time\.time\(", path.read_text()
    )
    assert not spent or name_of(path) in CLOCK_FILES


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_money_never_passes_through_a_float(path):
    """`float(` stands only where seconds or megabytes are meant, and the line says so."""
    for line in path.read_text().splitlines():
        if "float(" in line:
            assert re.search(r"second|retry_after|timeout|exp\b|megabyte", line), line


def adapter_modules() -> list[Path]:
    return [
        path
        for path in SOURCES
        if name_of(path).startswith("adapter/")
        and path.name != "__init__.py"
        and name_of(path) not in UNMIRRORED
    ]


@pytest.mark.parametrize("path", adapter_modules(), ids=name_of)
def test_unit_tests_mirror_the_adapter(path):
    inside = path.relative_to(ROOT / "adapter")
    mirror = ROOT / "tests" / "unit" / inside.parent / f"test_{inside.name}"
    assert mirror.is_file(), f"{name_of(path)} wants {name_of(mirror)}"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_every_module_is_reached(path):
    """A module that nothing imports and no command starts is dead."""
    if path.name in {"__init__.py", "cli.py"}:
        return
    dotted = name_of(path).removesuffix(".py").replace("/", ".")
    package, _, stem = dotted.rpartition(".")
    spellings = (
        rf"from {re.escape(dotted)} import",
        rf"import {re.escape(dotted)}\b",
        rf"from {re.escape(package)} import [^\n]*\b{stem}\b",
        rf"from {re.escape(package)} import \([^)]*\b{stem}\b",
        rf"[\"']{re.escape(dotted)}\b",
    )
    pattern = re.compile("|".join(spellings))
    assert any(pattern.search(other.read_text()) for other in SOURCES if other != path)


def test_no_secret_path_or_registry_is_committed():
    """Nothing of the technical design's UAT values, of a machine, or of a package registry."""
    forbidden = re.compile(
        r"BEGIN [A-Z ]*PRIVATE KEY|/home/[a-z]+/|--extra-index-url|--index-url"
        r"|eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{60,}\.[A-Za-z0-9_-]{20,}"
    )
    found = []
    for path in tracked(".py", ".md", ".toml", ".yaml", ".json", ".wsdl", ".txt", ".cfg", ".BIF"):
        if path == Path(__file__):
            continue
        found += [
            f"{name_of(path)}: {m.group()[:40]}"
            for m in forbidden.finditer(path.read_text(errors="replace"))
        ]
    assert not found


def test_no_stub_and_no_skip():
    """Nothing is called done that is not: no stub, no skipped or expected-to-fail test."""
    pattern = re.compile(
        r"\b(TO(?:DO)|FIX(?:ME))\b|NotImplemented(?:Error)|mark\.(?:skip|xfail)\b|pytest\.skip\("
    )
    found = [
        f"{name_of(path)}: {match.group()}"
        for path in PYTHON
        for match in pattern.finditer(path.read_text())
    ]
    assert not found
