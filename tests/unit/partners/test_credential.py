"""A credential: how long it is kept, when it is renewed, and one renewal for all threads."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from adapter.errors import RetryableError
from adapter.partners.credential import CachedCredential

LIFETIME = timedelta(minutes=20)


class Partner:
    """Issues numbered credentials, or none while it is down."""

    def __init__(self, clock):
        self.clock = clock
        self.lifetime = None
        self.is_down = False
        self.issued = []

    def fetch(self):
        if self.is_down:
            raise RetryableError("down", partner="spectrum", operation="Token")
        self.issued.append(f"c-{len(self.issued) + 1}")
        return self.issued[-1], self.lifetime and self.clock.now() + self.lifetime


@pytest.fixture
def partner(clock):
    return Partner(clock)


@pytest.fixture
def credential(partner, clock):
    return CachedCredential(partner.fetch, clock)


def test_kept_until_its_moment_has_come(partner, credential, clock):
    partner.lifetime = LIFETIME
    assert credential.usable() == credential.usable() == "c-1"
    clock.advance(seconds=LIFETIME.total_seconds() - 1)
    assert credential.usable() == "c-1"
    clock.advance(seconds=1)
    assert credential.usable() == "c-2"
    assert len(partner.issued) == 2


def test_without_a_moment_it_is_kept_until_it_is_refused(credential, clock):
    assert credential.usable() == "c-1"
    clock.advance(days=400)
    assert credential.usable() == "c-1"


def test_a_failed_renewal_leaves_nothing_behind(partner, credential):
    credential.usable()
    partner.is_down = True
    with pytest.raises(RetryableError):
        credential.usable(refused="c-1")
    partner.is_down = False
    assert credential.usable() == "c-2"


def test_a_dropped_one_is_renewed_at_its_next_use(partner, credential):
    """After a 401 to a receipt: what is tried next must not bear the refused one again."""
    credential.usable()
    credential.drop("another")
    assert credential.usable() == "c-1"
    credential.drop("c-1")
    assert len(partner.issued) == 1
    assert credential.usable() == "c-2"


@pytest.mark.parametrize("refused", [None, "c-1"])
def test_one_renewal_serves_every_thread(partner, credential, refused):
    expected = "c-1"
    if refused:
        assert credential.usable() == refused
        expected = "c-2"
    together = threading.Barrier(8)

    def use(_):
        together.wait()
        return credential.usable(refused=refused)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(use, range(8))) == {expected}
    assert partner.issued[-1] == expected
