"""A sandbox that is installed without its extra says so at its start."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sandbox.cli import app
from sandbox.extras import PACKAGES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("command", [["up"], ["demo"], ["assumptions"]])
def test_a_missing_package_is_one_line_that_names_the_extra(command, monkeypatch):
    monkeypatch.setitem(sys.modules, "spyne", None)
    monkeypatch.setitem(sys.modules, "yaml", None)
    told = CliRunner().invoke(app, command)
    assert told.exit_code == 2
    assert told.output == (
        "not installed: pyyaml, spyne. "
        "Install them by: pip install 'imt-spectrum-adapter[sandbox]'\n"
    )


def test_the_commands_start_without_the_extra():
    """Even where none of its packages is there: the line has to be said by somebody."""
    hide = f"import sys; sys.modules.update(dict.fromkeys({list(PACKAGES.values())}))"
    told = subprocess.run(
        [sys.executable, "-c", f"{hide}; from sandbox.cli import main; main()", "up"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (told.returncode, told.stdout, told.stderr.count("\n")) == (2, "", 1)


def test_every_package_of_the_extra_is_looked_for():
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]["sandbox"]
    assert {re.match(r"[a-z-]+", wanted).group() for wanted in extra} == set(PACKAGES)
