"""IMT's sessions: who gets one, how long it holds, and whose it is."""

from datetime import timedelta

import pytest

from sandbox.fakes.imt.errors import RefusedError
from sandbox.fakes.imt.sessions import (
    COOKIE_NAME,
    CSRF_COOKIE_NAME,
    VISITOR_COOKIE_NAME,
    open_session,
    require_session,
)
from sandbox.world.clock import DEMO_START
from sandbox.world.world import World


@pytest.fixture
def world():
    return World(start=DEMO_START, billers=2)


def opened(world, index=0, **change):
    biller = world.billers[index]
    told = {"username": biller.imt.username, "password": biller.imt.password, **change}
    return open_session(world, biller, told)


def refusal(world, cookies, index=0):
    with pytest.raises(RefusedError) as refused:
        require_session(world, world.billers[index], cookies)
    assert refused.value.status == 401
    return refused.value.summary


def test_of_three_cookies_one_carries_the_session(world):
    session, cookies = opened(world)
    assert set(cookies) == {COOKIE_NAME, CSRF_COOKIE_NAME, VISITOR_COOKIE_NAME}
    assert require_session(world, world.billers[0], cookies) == session
    for name in (CSRF_COOKIE_NAME, VISITOR_COOKIE_NAME):
        assert "unknown" in refusal(world, {COOKIE_NAME: cookies[name]})
    assert "No authorization cookie" in refusal(world, {**cookies, COOKIE_NAME: ""})


@pytest.mark.parametrize(
    "change", [{"username": "nobody"}, {"password": "wrong"}, {"password": "wörng"}]
)
def test_wrong_credentials_open_nothing(world, change):
    with pytest.raises(RefusedError) as refused:
        opened(world, **change)
    assert refused.value.status == 401
    assert refused.value.document["errors"][0]["code"] == "authentication_failed"


def test_a_session_holds_to_its_last_second_and_a_new_one_leaves_it_be(world):
    _, first = opened(world)
    world.clock.advance(600)
    _, second = opened(world)
    assert first[COOKIE_NAME] != second[COOKIE_NAME]
    world.clock.advance(1199)
    require_session(world, world.billers[0], first)
    world.clock.advance(1)
    assert "expired" in refusal(world, first)
    require_session(world, world.billers[0], second)


def test_the_lifetime_is_a_behaviour(world):
    world.behaviours.change({"imt_session_lifetime_seconds": 60})
    session, _ = opened(world)
    assert session.expires_at == world.clock.now() + timedelta(seconds=60)


def test_a_session_is_its_own_companys(world):
    _, cookies = opened(world)
    assert "unknown" in refusal(world, cookies, index=1)


def test_the_same_seed_gives_the_same_cookies():
    first, again = (opened(World(seed=3, start=DEMO_START))[1] for _ in range(2))
    assert first == again
    assert first != opened(World(seed=4, start=DEMO_START))[1]
