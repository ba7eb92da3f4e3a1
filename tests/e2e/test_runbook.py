"""The runbook of the ledger's life, line by line as docs/operations.md has it."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.control.toml import toml_text
from sandbox.world.adapter_settings import adapter_settings

TEXT = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
COMMAND = [sys.executable, "-c", "from adapter.doors.cli import main; main()"]
POSTGRESQL = "postgresql+psycopg://adapter@/adapter?host=/var/run/postgresql"
SECTIONS = (
    "Going live",
    "Backup",
    "Restore",
    "When the ledger has a gap",
    "Moving to another database",
    "Upgrade",
)


def lines_of(section):
    """Return the command lines below a heading, in their order."""
    part = re.split(r"^### ", TEXT.partition("## The ledger's life")[2], flags=re.MULTILINE)
    (found,) = [text for text in part if text.startswith(f"{section}\n")]
    return re.findall(r"^ {4}(\S.*)$", found.partition("\n## ")[0], flags=re.MULTILINE)


class Operator:
    """Somebody at a machine of one adapter, who types what the runbook says."""

    def __init__(self, folder, world, target):
        self.folder, self.target, self.serving = folder, target, None
        self.biller = world.billers[0].slug
        (folder / "backups").mkdir()
        self.config = folder / "adapter.toml"
        self.settings = adapter_settings(
            world, ledger="sqlite:///adapter.db", listen="127.0.0.1:0", request_timeout_seconds=5
        )
        self.settings["billers"][self.biller]["posting"] = False
        self.config.write_text(toml_text(self.settings))

    def type(self, line):
        line = line.replace("NAME", self.biller).replace(POSTGRESQL, self.target)
        program, *arguments = shlex.split(line)
        if program == "pip":
            return ""
        if (program, *arguments) == ("systemctl", "stop", "adapter"):
            return self.stop()
        if (program, *arguments) == ("systemctl", "start", "adapter"):
            arguments = ["serve", "--config", "adapter.toml"]
        else:
            assert program == "adapter", line
        if arguments[0] == "serve":
            return self.serve(arguments)
        done = subprocess.run(
            [*COMMAND, *arguments], cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        if arguments[:2] == ["ledger", "copy"]:
            self.settings["adapter"]["ledger"] = self.target
            self.config.write_text(toml_text(self.settings))
        return done.stdout

    def serve(self, arguments):
        assert self.serving is None
        self.serving = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        said = self.serving.stdout.readline()
        assert said.startswith("The doors are open at"), arguments
        return said

    def stop(self):
        self.serving.terminate()
        self.serving.communicate(timeout=300)
        self.serving = None
        return ""

    def follow(self, section):
        lines = lines_of(section)
        assert lines, section
        return [self.type(line) for line in lines]

    def gaps(self):
        told = json.loads(self.type("adapter ledger status --json --config adapter.toml"))
        return [gap["why"] for gap in told["gaps"]]


@pytest.fixture
def operator(tmp_path, sandbox_server, world_names, postgres):
    world = sandbox_server.create_world(next(world_names))
    operator = Operator(tmp_path, world, postgres.new_database())
    yield operator
    if operator.serving is not None:
        operator.stop()
    sandbox_server.delete_world(world.name)


def test_every_section_of_the_runbook_is_followed():
    part = TEXT.partition("## The ledger's life")[2].partition("\n## ")[0]
    assert tuple(re.findall(r"^### (.+)$", part, re.MULTILINE)) == SECTIONS


def test_the_runbook_works_line_by_line(operator):
    """Only what is put back forgets anything; going live, moving and upgrading do not."""
    live = operator.follow("Going live")
    assert any("Nothing was written" in said for said in live)
    operator.follow("Backup")
    assert operator.gaps() == ["it was made"]
    operator.follow("Restore")
    restored = operator.gaps()
    assert len(restored) == 2
    for section in SECTIONS[3:]:
        operator.follow(section)
    assert operator.gaps() == restored
