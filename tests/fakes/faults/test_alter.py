"""The fault `alter`: which values and headers it takes, and where they end up."""

import pytest

from sandbox.faults import AnswerAltered, FaultParameterError
from sandbox.faults.alter import Alter


def struck(parameters):
    with pytest.raises(AnswerAltered) as caught:
        Alter.from_parameters(parameters).strike()
    return caught.value


def test_a_value_takes_its_place_beside_the_others_and_inside_objects():
    altered = struck({"set": {"receiptID": None, "data.attributes.balanceDue": "1.0000"}})
    before = {"amount": "5.00", "data": {"id": "7", "attributes": {"balanceDue": "9.0000"}}}
    assert altered.applied_to(before) == {
        "amount": "5.00",
        "receiptID": None,
        "data": {"id": "7", "attributes": {"balanceDue": "1.0000"}},
    }
    assert before["data"]["attributes"] == {"balanceDue": "9.0000"}


def test_an_object_that_is_not_there_is_made():
    assert struck({"set": {"a.b": 1}}).applied_to({"a": "text"}) == {"a": {"b": 1}}


def test_headers_are_told():
    assert struck({"headers": {"Age": "290"}}).headers == {"Age": "290"}


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"amount": "1.00"}, "amount"),
        ({"set": ["receiptID"]}, "set"),
        ({"set": {f"f{n}": 1 for n in range(21)}}, "set"),
        ({"set": {"": 1}}, "set"),
        ({"set": {"a..b": 1}}, "a..b"),
        ({"set": {"a": {"b": 1}}}, "set a"),
        ({"set": {"a": "x" * 1001}}, "set a"),
        ({"headers": {"Content-Length": "1"}}, "Content-Length"),
    ],
)
def test_what_it_does_not_take_is_named(parameters, named):
    with pytest.raises(FaultParameterError, match=named):
        Alter.from_parameters(parameters)
