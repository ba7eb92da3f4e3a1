"""A world grows from its seed: the same seed the same world, another seed another one."""

import pytest

from sandbox.world.billers import CARRIERS, make_billers
from sandbox.world.carrier import make_policies
from sandbox.world.clock import DEMO_START
from sandbox.world.world import World


def secrets_of(billers):
    for biller in billers:
        yield from (biller.web_service_key, biller.door_key, biller.biller_guid)
        for credentials in (biller.rtdr_credentials, biller.payment_credentials):
            yield from (credentials.token, credentials.username, credentials.password)


def test_same_seed_grows_the_same_world():
    one, two = (World(seed=7, start=DEMO_START, billers=2) for _ in range(2))
    assert one.billers == two.billers
    assert one.chance("payments").random() == two.chance("payments").random()
    for mine, theirs in zip(one.billers, two.billers, strict=True):
        assert make_policies(one, mine) == make_policies(two, theirs)


def test_another_seed_grows_another_world():
    one, two = (World(seed=seed, start=DEMO_START) for seed in (7, 8))
    assert set(secrets_of(one.billers)).isdisjoint(
        secret for secret in secrets_of(two.billers) if not secret.startswith("camp-point")
    )
    assert make_policies(one, one.billers[0]) != make_policies(two, two.billers[0])


def test_no_two_billers_share_a_secret():
    """Every secret is per biller and purpose (A1, F1)."""
    told = list(secrets_of(make_billers(1, len(CARRIERS))))
    assert len(told) == len(set(told))


@pytest.mark.parametrize("count", [0, len(CARRIERS) + 1])
def test_number_of_billers_is_bounded(count):
    with pytest.raises(ValueError, match="1 to 4"):
        make_billers(1, count)


def test_secrets_do_not_show_in_a_biller():
    biller = make_billers(1, 1)[0]
    shown = repr(biller)
    for credentials in (biller.rtdr_credentials, biller.payment_credentials):
        assert credentials.password not in shown
        assert credentials.token not in shown
    assert biller.web_service_key not in shown
    assert biller.door_key not in shown


def test_random_streams_of_two_purposes_are_apart():
    """Drawing from one changes nothing in the other."""
    world = World(seed=1, start=DEMO_START)
    first = world.chance("a").random()
    world.chance("b").random()
    assert world.chance("a").random() == first


def test_connector_bears_the_billers_own_door_credentials():
    """An adapter with the ready-made settings is reached without a further step."""
    world = World(seed=1, start=DEMO_START)
    biller = world.billers[0]
    connector = world.connectors[biller.slug]
    assert (connector.username, connector.password) == (biller.biller_guid, biller.door_key)
    assert connector.url is None
    assert biller.door_key not in repr(connector)
