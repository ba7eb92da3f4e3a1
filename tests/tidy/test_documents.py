"""The documents against the code: what can be said, set or armed stands in the documents."""

import re
from pathlib import Path

import typer.main

from adapter.doors.cli import app as adapter_commands
from adapter.jobs.schedule import JOBS
from sandbox.cli import app as sandbox_commands
from sandbox.faults import FAULTS
from sandbox.world.behaviours import Behaviours

ROOT = Path(__file__).parents[2]
DOCUMENTS = "\n".join(
    path.read_text() for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
)


def spoken(program: str, app: typer.Typer) -> set[str]:
    """Return every command line that a program takes, such as `adapter bif check`."""
    root = typer.main.get_command(app)
    found: set[str] = set()

    def walk(prefix: str, command: object) -> None:
        children = getattr(command, "commands", None)
        if not children:
            found.add(prefix)
            return
        for name, child in children.items():
            walk(f"{prefix} {name}", child)

    walk(program, root)
    return found


def missing(names: set[str]) -> list[str]:
    return sorted(name for name in names if name not in DOCUMENTS)


def test_every_command_is_documented():
    said = spoken("adapter", adapter_commands) | spoken("sandbox", sandbox_commands)
    assert not missing(said)


def test_every_job_fault_and_behaviour_is_documented():
    assert not missing(set(JOBS) | {f"`{name}`" for name in FAULTS} | set(Behaviours().as_json()))


def test_every_make_target_is_documented():
    targets = re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert not missing({f"make {name}" for name in targets if name != "help"})


def test_every_decision_is_listed_and_says_what_to_ask():
    listing = (ROOT / "contracts" / "decisions" / "README.md").read_text()
    for path in sorted((ROOT / "contracts" / "decisions").glob("[0-9]*.md")):
        assert path.name in listing, f"{path.name} is missing in the list"
        text = path.read_text()
        for section in ("Context", "Options", "Decision", "Consequences"):
            assert re.search(rf"^#+ .*{section}", text, re.MULTILINE), f"{path.name}: {section}"


def test_changelog_keeps_a_changelog():
    text = (ROOT / "CHANGELOG.md").read_text()
    assert text.startswith("# Changelog")
    assert "## Unreleased" in text
