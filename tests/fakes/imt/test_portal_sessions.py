"""The portal's sessions: one company's, for half an hour, ended by signing out."""

import pytest

from sandbox.fakes.imt.portal_sessions import (
    LIFETIME,
    PortalBook,
    close_session,
    open_session,
    session_of,
)
from sandbox.world.world import World


@pytest.fixture
def world():
    return World(billers=2)


def opened(world, slug, number="7"):
    return open_session(
        world,
        slug,
        policy_number=number,
        email="pat@example.com",
        branch="created",
        password_updated=False,
    )


def test_a_session_is_its_companys_for_half_an_hour(world):
    slug, other = (biller.slug for biller in world.billers)
    cookie = opened(world, slug)
    assert session_of(world, slug, cookie).policy_number == "7"
    assert session_of(world, other, cookie) is None
    assert session_of(world, slug, None) is None
    world.clock.advance(LIFETIME.total_seconds() - 1)
    assert session_of(world, slug, cookie) is not None
    world.clock.advance(1)
    assert session_of(world, slug, cookie) is None


def test_signing_out_ends_one_session_and_no_other(world):
    slug = world.billers[0].slug
    first, second = opened(world, slug), opened(world, slug, "8")
    assert first != second
    close_session(world, first)
    close_session(world, None)
    close_session(world, "unknown")
    assert session_of(world, slug, first) is None
    assert session_of(world, slug, second).policy_number == "8"


def test_the_book_keeps_no_cookie_and_tells_nothing(world):
    cookie = opened(world, world.billers[0].slug)
    book = world.book(PortalBook)
    assert cookie not in repr(book.events)
    assert book.as_json() == {}
    with pytest.raises(TypeError):
        book.record("something else")
