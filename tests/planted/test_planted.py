"""The auditor notices what is planted, by the number of its invariant, and raises nothing else."""

from sandbox.audit import INVARIANTS
from tests.planted.list import WRONGS

WRONGS_MIN = 80
SAMPLE = range(20, 26)


def test_every_planted_wrong_is_noticed(days, wrongs):
    """The world that they are planted in is clean, and stays so: each wrong has its own copy."""
    assert days.raised == {}
    assert days.copy().audit() == {}
    missed = {}
    for each in wrongs:
        scene = days.copy()
        each.plant(scene)
        found = scene.audit()
        if each.number not in found:
            missed[each.name] = found
    assert missed == {}
    assert days.audit() == {}


def test_every_invariant_has_its_wrongs():
    assert len(WRONGS) >= WRONGS_MIN
    assert len({each.name for each in WRONGS}) == len(WRONGS)
    sample = [each for each in WRONGS if each.in_sample]
    assert len(sample) in SAMPLE
    numbers = {invariant.number for invariant in INVARIANTS}
    assert {each.number for each in sample} == numbers == {each.number for each in WRONGS}
