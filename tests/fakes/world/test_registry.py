"""The registry of worlds: names, URLs, bounds and ends."""

import pytest

from sandbox.world.clock import DEMO_START
from sandbox.world.registry import BadWorldError, UnknownWorldError, WorldExistsError, Worlds


@pytest.fixture
def worlds():
    worlds = Worlds("http://sandbox.test")
    yield worlds
    worlds.delete_all()


def test_only_the_default_world_has_no_prefix(worlds):
    assert worlds.create("default", start=DEMO_START).base_url == "http://sandbox.test"
    assert worlds.create("mine", start=DEMO_START).base_url == "http://sandbox.test/w/mine"
    assert worlds.names() == ["default", "mine"]


@pytest.mark.parametrize("name", ["", "Mine", "-mine", "a/b", "ä", "a" * 64, "mine\n"])
def test_wrong_name_is_refused(worlds, name):
    with pytest.raises(BadWorldError, match="small letters"):
        worlds.create(name, start=DEMO_START)


def test_taken_name_is_refused(worlds):
    first = worlds.create("mine", start=DEMO_START)
    with pytest.raises(WorldExistsError):
        worlds.create("mine", start=DEMO_START)
    assert worlds.get("mine") is first


@pytest.mark.parametrize("open_invoices", [-1, 100_001])
def test_number_of_invoices_is_bounded(worlds, open_invoices):
    with pytest.raises(BadWorldError, match="open_invoices"):
        worlds.create("mine", start=DEMO_START, open_invoices=open_invoices)
    assert worlds.names() == []


def test_unknown_world_lists_the_known_ones(worlds):
    worlds.create("mine", start=DEMO_START)
    for look in (worlds.get, worlds.delete):
        with pytest.raises(UnknownWorldError, match="there are: mine"):
            look("yours")


def test_moved_worlds_tell_their_new_address(worlds):
    world = worlds.create("mine", start=DEMO_START)
    worlds.move("http://127.0.0.1:9000")
    assert world.base_url == "http://127.0.0.1:9000/w/mine"


def test_ended_world_in_real_time_ends_its_clock(worlds):
    world = worlds.create("mine")
    worlds.delete("mine")
    world.clock.call_in(0, "never", lambda: None)
    assert len(world.clock.pending()) == 1
