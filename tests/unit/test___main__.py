"""`python -m adapter`: the same as the command `adapter`, under its own name."""

import re
import subprocess
import sys

import pytest


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "adapter", *arguments], check=False, capture_output=True, text=True
    )


def test_the_version_is_told():
    told = run("--version")
    assert re.fullmatch(r"adapter [0-9]+\.[0-9]+\.[0-9]+\n", told.stdout)
    assert told.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code"), [(["--help"], 0), (["no-such-command"], 2), ([], 2)]
)
def test_it_is_the_command(arguments, code):
    told = run(*arguments)
    assert told.returncode == code
    assert "python -m adapter [OPTIONS] COMMAND" in told.stdout + told.stderr
