"""Confirming a policy's owner against IMT's own record, before anything else happens."""

import pytest

from sandbox.fakes.imt.book import ImtBook
from sandbox.fakes.imt.owners import NO_MATCH, customer_of, owner_name, read_registration
from sandbox.world.world import World


@pytest.fixture(scope="module")
def imt():
    return World(billers=2)


def policies(imt, index=0):
    slug = imt.billers[index].slug
    return [p for (owner, _), p in imt.book(ImtBook).policies.items() if owner == slug]


def form(policy, **changes):
    return {
        "policy_number": policy.policy_number,
        "owner": owner_name(policy),
        "zip_code": policy.zip_code,
        "email": "pat@example.com",
        **changes,
    }


def read(imt, told):
    return read_registration(imt, imt.billers[0], told)


def test_owners_are_confirmed_by_last_name_or_organization(imt):
    """In any case and spacing; the ZIP code's first five digits count."""
    people = [p for p in policies(imt) if p.last_name]
    firms = [p for p in policies(imt) if p.organization_name]
    assert people
    assert firms
    for policy in (people[0], firms[0]):
        name = f"  {owner_name(policy).upper().replace(' ', '   ')} "
        told = read(imt, form(policy, owner=name, zip_code=f" {policy.zip_code[:5]}-1234 "))
        assert (told.policy, told.problems) == (policy, {})


@pytest.mark.parametrize(
    "changes",
    [{"policy_number": "999"}, {"owner": "Somebody"}, {"zip_code": "00000"}],
    ids=["policy", "owner", "zip"],
)
def test_a_mismatch_does_not_tell_which_field_it_is(imt, changes):
    told = read(imt, form(policies(imt)[0], **changes))
    assert told.policy is None
    assert told.problems == {"policy_number": NO_MATCH}


def test_another_companys_policy_is_nobodys(imt):
    told = read(imt, form(policies(imt, 1)[0]))
    assert (told.policy, told.problems) == (None, {"policy_number": NO_MATCH})


def test_a_first_name_alone_confirms_nobody(imt):
    policy = next(p for p in policies(imt) if p.first_name)
    assert read(imt, form(policy, owner=policy.first_name)).policy is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("policy_number", ""),
        ("policy_number", "12x"),
        ("owner", "   "),
        ("zip_code", "6232"),
        ("zip_code", "٦٢٣٢٠"),
        ("email", "pat"),
        ("email", "pat@example"),
        ("email", "pat@example.com, kim@example.com"),
        ("email", f"{'p' * 300}@example.com"),
    ],
)
def test_each_wrong_field_gets_its_own_sentence(imt, field, value):
    told = read(imt, form(policies(imt)[0], **{field: value}))
    assert told.policy is None
    assert list(told.problems) == [field]


def test_an_empty_form_names_every_field_and_keeps_what_was_typed(imt):
    assert list(read(imt, {}).problems) == ["policy_number", "owner", "zip_code", "email"]
    assert read(imt, {"owner": " Reeve ", "x": "y"}).values["owner"] == "Reeve"


def test_the_customer_is_the_record_and_not_the_form(imt):
    policy = policies(imt)[0]
    customer = customer_of(policy)
    assert customer["name"] == policy.customer_name
    assert (customer["state"], customer["zip"]) == (policy.state, policy.zip_code)
