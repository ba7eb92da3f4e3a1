"""Who owns a policy: IMT's own record is asked before anybody is registered (D3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.fakes.chrome.form import VALUE_LENGTH_MAX, Form
from sandbox.fakes.imt.book import ImtBook
from sandbox.world.billers import Biller
from sandbox.world.carrier import Policy
from sandbox.world.world import World

FIELDS = ("policy_number", "owner", "zip_code", "email")
_POLICY_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_ZIP_CODE = re.compile(r"([0-9]{5})(-[0-9]{4})?")
_EMAIL = re.compile(r"[^@\s<>\"(),:;\\\[\]]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]{2,}")
# One sentence for every mismatch: it must not tell strangers which policies exist.
NO_MATCH = "Policy number, name and ZIP code do not belong together. Take them from your bill."


@dataclass(kw_only=True)
class Registration(Form):
    """A filled-in form; `policy` is set once its owner is confirmed."""

    name: str = "owner"
    policy: Policy | None = None

    @property
    def email(self) -> str:
        return self.values["email"]


def read_registration(world: World, biller: Biller, form: Mapping[str, str]) -> Registration:
    """Check a form against IMT's record."""
    values = {name: form.get(name, "").strip()[:VALUE_LENGTH_MAX] for name in FIELDS}
    told = Registration(values=values)
    for name, (pattern, sentence) in _RULES.items():
        if not pattern.fullmatch(values[name]):
            told.problems[name] = sentence
    if told.problems:
        return told
    policy = world.book(ImtBook).policy_of(biller, values["policy_number"])
    if policy is None or not _is_owner(policy, values["owner"], values["zip_code"]):
        told.problems["policy_number"] = NO_MATCH
    else:
        told.policy = policy
    return told


def customer_of(policy: Policy) -> dict[str, str]:
    """Write the owner as the adapter's sign-on door takes a customer (decision 0022)."""
    return {
        "name": policy.customer_name,
        "address1": policy.address1,
        "address2": policy.address2,
        "city": policy.city,
        "state": policy.state,
        "zip": policy.zip_code,
    }


def owner_name(policy: Policy) -> str:
    """Return the name that confirms an owner."""
    return policy.organization_name or policy.last_name


def _is_owner(policy: Policy, name: str, zip_code: str) -> bool:
    same_name = _matching_form(name) == _matching_form(owner_name(policy))
    return same_name and zip_code[:5] == policy.zip_code[:5]


def _matching_form(name: str) -> str:
    return " ".join(name.casefold().split())


_RULES = {
    "policy_number": (_POLICY_NUMBER, "Enter the policy number: digits only, as on your bill."),
    "owner": (re.compile(r".*\S.*"), "Enter the last name, or the organization, on the policy."),
    "zip_code": (_ZIP_CODE, "Enter the ZIP code of the policy: five digits."),
    "email": (_EMAIL, "Enter your e-mail address, such as pat@example.com."),
}
