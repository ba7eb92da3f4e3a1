"""IMT's book: every policy of its companies, what was set, and nothing that opens a session."""

import json

import pytest

from sandbox.fakes.imt.book import ImtBook, SettingChanged
from sandbox.fakes.imt.sessions import COOKIE_NAME, open_session
from sandbox.world.carrier import make_policies
from sandbox.world.clock import DEMO_START
from sandbox.world.world import World


@pytest.fixture
def world():
    return World(start=DEMO_START, billers=2)


def test_every_policy_is_known_to_its_own_company_and_starts_with_paper(world):
    book = world.book(ImtBook)
    for biller in world.billers:
        for policy in make_policies(world, biller):
            settings = book.settings_of(biller, policy.policy_number)
            assert settings.attributes == {"paperless": False, "bill_mode": "direct"}
            assert settings.changed_at is None
            assert book.policy_of(biller, policy.policy_number) == policy
    ours, theirs = world.billers
    number = make_policies(world, ours)[0].policy_number
    assert book.settings_of(theirs, number) is None
    assert book.policy_of(theirs, number) is None


def test_a_change_sets_one_thing_and_its_moment(world):
    book, biller = world.book(ImtBook), world.billers[0]
    number = make_policies(world, biller)[0].policy_number
    for name, value in (("paperless", True), ("bill_mode", "autopay")):
        world.clock.advance(60)
        changed = SettingChanged(biller=biller.slug, account_number=number, name=name, value=value)
        book.record(changed)
    settings = book.settings_of(biller, number)
    assert settings.attributes == {"paperless": True, "bill_mode": "autopay"}
    assert settings.changed_at == world.clock.now()


def test_the_state_tells_settings_and_sessions_without_a_cookie(world):
    biller = world.billers[0]
    credentials = {"username": biller.imt.username, "password": biller.imt.password}
    _, cookies = open_session(world, biller, credentials)
    told = world.book(ImtBook).as_json()
    assert told["sessions"] == [
        {"biller": biller.slug, "session_id": "1", "expires_at": "2026-01-05T08:30:00Z"}
    ]
    assert len(told["settings"]) == 2 * len(make_policies(world, biller))
    assert not any(secret in json.dumps(told) for secret in cookies.values())
    assert cookies[COOKIE_NAME] not in repr(world.book(ImtBook).events)


def test_an_event_of_another_book_is_refused(world):
    with pytest.raises(TypeError, match="IMT's book knows no str"):
        world.book(ImtBook).record("something")
