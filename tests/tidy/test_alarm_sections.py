"""Every alarm has its section in the operations document, and every section its alarm."""

import re
from pathlib import Path

from adapter.domain.alarms import ALARMS, DOCS

TEXT = (Path(__file__).parents[2] / DOCS).read_text()


def sections():
    """Return what stands below each alarm's heading, by its name."""
    parts = re.split(r"^### (.+)$", TEXT.partition("## The alarms")[2], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_alarms_and_sections_are_the_same_in_the_same_order():
    assert list(sections()) == [alarm.name for alarm in ALARMS]


def test_each_section_says_how_urgent_it_is_and_names_the_commands_of_the_advice():
    for alarm in ALARMS:
        section = " ".join(sections()[alarm.name].split())
        assert section.startswith(f"{alarm.severity.value.title()}. ")
        for command in re.findall(r"`(adapter [a-z_]+(?: [a-z_]+)?)", alarm.advice):
            assert command in section, f"{alarm.name}: {command}"
