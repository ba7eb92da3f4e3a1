"""The settings of the sign-on: IMT's key, the passwords' seed, and Invoice Cloud's API key."""

import copy
from pathlib import Path

import pytest

from adapter.settings.reading import read_settings

BILLER = "billers.alpha-mutual"


def read(settings):
    return read_settings(settings, environ={}, folder=Path("/etc/adapter"))


def changed(settings, path, value):
    """Return a copy with the setting at a dotted path replaced."""
    settings = copy.deepcopy(settings)
    *tables, key = path.split(".")
    table = settings
    for name in tables:
        table = table.setdefault(name, {})
    table[key] = value
    return settings


SIGN_ON = {"key": "imts-sign-on-key", "password_seed": "a seed of thirty-two characters or more"}
API_KEY = "alphas-api-key"


def test_a_biller_may_let_payers_sign_on(settings):
    tree = changed(settings, f"{BILLER}.sign_on", SIGN_ON)
    tree = changed(tree, f"{BILLER}.invoice_cloud.api_key", API_KEY)
    reading = read(
        changed(tree, f"{BILLER}.invoice_cloud.rest_base_url", "https://ic.example/v1/")
    )
    biller = reading.billers["alpha-mutual"]
    assert biller.rest.base_url == "https://ic.example/v1"
    assert biller.rest.cloud_sso_url == "https://www.invoicecloud.com/portal/cloudsso.aspx"
    assert reading.doors["alpha-mutual"].sign_on_key == biller.sign_on.key == SIGN_ON["key"]


def test_a_biller_without_sign_on_is_right_as_it_is(settings):
    reading = read(settings)
    biller = reading.billers["alpha-mutual"]
    assert (biller.rest, biller.sign_on) == (None, None)
    assert reading.doors["alpha-mutual"].sign_on_key is None


def test_imts_key_is_known_while_other_settings_are_wrong(settings):
    tree = changed(settings, f"{BILLER}.sign_on", SIGN_ON)
    reading = read(changed(tree, f"{BILLER}.time_zone", "Mars/Olympus"))
    assert "alpha-mutual" not in reading.billers
    assert reading.doors["alpha-mutual"].sign_on_key == SIGN_ON["key"]


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("key", "short", "at least 8"),
        ("key", None, "is missing"),
        ("password_seed", "x" * 31, "at least 32"),
        ("password_seed", None, "is missing"),
        ("seed", "x" * 32, "is not a setting"),
    ],
)
def test_a_wrong_key_of_the_sign_on_is_named(settings, key, value, rule):
    table = {name: v for name, v in {**SIGN_ON, key: value}.items() if v is not None}
    reading = read(changed(settings, f"{BILLER}.sign_on", table))
    (problem,) = reading.biller_problems["alpha-mutual"]
    assert problem.startswith(f"{BILLER}.sign_on.{key}: ")
    assert rule in problem
    assert reading.doors["alpha-mutual"].door_key


def test_two_billers_have_not_one_api_key(settings):
    """It would register one carrier's payers at the other."""
    both = changed(settings, f"{BILLER}.invoice_cloud.api_key", API_KEY)
    both = changed(both, "billers.beta-mutual.invoice_cloud.api_key", API_KEY)
    problems = read(both).biller_problems
    assert f"the same API key as {BILLER}.invoice_cloud.api_key" in problems["beta-mutual"][0]
    assert not [line for lines in problems.values() for line in lines if API_KEY in line]
