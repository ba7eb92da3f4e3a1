"""The house rules that no linter knows: sizes, names, mirrors, clocks, secrets."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("adapter", "contracts", "sandbox")
MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
BANNED_STEMS = {"utils", "util", "helpers", "helper", "common", "misc"}
# The machine's clock is read in one file of each package.
CLOCK_FILES = {"adapter/clock.py", "sandbox/world/clock.py"}
# Unit tests mirror the adapter's files; these hold nothing but names.
MIGRATIONS = "adapter/ledger/migrations/"  # one test for all of them
UNMIRRORED = {"adapter/ports.py", "adapter/engines/engine.py"}
DOCUMENTS = (".py", ".md", ".toml", ".yaml", ".json", ".wsdl", ".txt", ".cfg", ".BIF", "run")


@cache
def tracked(*suffixes: str) -> dict[str, str]:
    """Return the text of every file that is, or is about to be, committed, by its name."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    wanted = (name for name in listed if name.endswith(suffixes) and (ROOT / name).is_file())
    return {name: (ROOT / name).read_text("utf-8", "replace") for name in wanted}


def sources() -> dict[str, str]:
    return {n: text for n, text in tracked(".py").items() if n.split("/")[0] in PACKAGES}


def found(pattern: str, texts: dict[str, str]) -> list[str]:
    """Return each place where a pattern stands, but for this file, which has to spell it."""
    here = Path(__file__).relative_to(ROOT).as_posix()
    return [
        f"{name}: {match.group()[:60]}"
        for name, text in texts.items()
        if name != here
        for match in re.finditer(pattern, text)
    ]


def test_modules_are_small_and_say_what_lives_in_them():
    wrong = []
    for name, text in tracked(".py").items():
        if text.count("\n") > MODULE_LINES_MAX:
            wrong.append(f"{name} has {text.count(chr(10))} lines")
        if not ast.get_docstring(ast.parse(text)):
            wrong.append(f"{name} does not say what lives in it")
        if Path(name).stem in BANNED_STEMS:
            wrong.append(f"{name} has a name that says nothing")
    assert not wrong


def test_functions_are_small():
    wrong = [
        f"{name}: {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for name, text in tracked(".py").items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
        and node.end_lineno - node.lineno >= FUNCTION_LINES_MAX
    ]
    assert not wrong


def test_time_is_read_and_spent_in_one_file_of_each_package():
    texts = {name: text for name, text in sources().items() if name not in CLOCK_FILES}
    assert not found(r"datetime\.now|datetime\.utcnow|time\.sleep|time\.time\(", texts)


def test_money_never_passes_through_a_float():
    """`float(` stands only where seconds are meant, and the line says so."""
    lines = found(r".*\bfloat\(.*", sources())
    assert not [line for line in lines if not re.search(r"second|retry|timeout|wait", line)]


def test_unit_tests_mirror_the_adapter():
    missing = [
        mirror
        for name in sources()
        if name.startswith("adapter/")
        and not name.endswith("__init__.py")
        and name not in UNMIRRORED
        and not name.startswith(MIGRATIONS)
        and not (ROOT / (mirror := mirror_of(name))).is_file()
    ]
    assert not missing


def mirror_of(name: str) -> str:
    inside = Path(name).relative_to("adapter")
    return (Path("tests/unit") / inside.parent / f"test_{inside.name}").as_posix()


def test_every_module_is_reached():
    """A module that nothing imports and no command starts is dead."""
    everything = sources()
    dead = [
        name
        for name in everything
        if Path(name).name not in {"__init__.py", "__main__.py", "cli.py"}
        and not name.startswith(MIGRATIONS)  # alembic reaches them
        and not any(
            is_reached(name, text)
            or (Path(other).parent == Path(name).parent and is_near(name, text))
            for other, text in everything.items()
            if other != name
        )
    ]
    assert not dead


def is_reached(name: str, text: str) -> bool:
    dotted = name.removesuffix(".py").replace("/", ".")
    package, _, stem = dotted.rpartition(".")
    if dotted in text:
        return bool(re.search(rf"(from|import|[\"']) ?{re.escape(dotted)}\b", text))
    return bool(re.search(rf"from {re.escape(package)} import [^\n]*\b{stem}\b", text)) or bool(
        re.search(rf"from {re.escape(package)} import \([^)]*\b{stem}\b", text)
    )


def is_near(name: str, text: str) -> bool:
    """Tell whether a neighbour imports it by its relative name."""
    return bool(re.search(rf"from \.{Path(name).stem} import", text))


def test_no_secret_path_or_registry_is_committed():
    """Nothing like a private key, a real token, a home folder or a package registry."""
    assert not found(
        r"BEGIN [A-Z ]*PRIVATE KEY|/home/[a-z]+/|--extra-index-url|--index-url"
        r"|eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{60,}\.[A-Za-z0-9_-]{20,}",
        tracked(*DOCUMENTS),
    )


def test_no_stub_and_no_skip():
    """Nothing is called done that is not: no stub, no skipped or expected-to-fail test."""
    pattern = (
        r"\b(TO(?:DO)|FIX(?:ME))\b|NotImplemented(?:Error)|mark\.(?:skip|xfail)\b|pytest\.skip\("
    )
    assert not found(pattern, tracked(".py"))
