"""What stands in for old Pythons: headers split as cgi did it."""

import pytest

from sandbox.fakes.invoice_cloud.spyne_stand_ins import parse_header


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("text/xml", ("text/xml", {})),
        ("text/xml; charset=utf-8", ("text/xml", {"charset": "utf-8"})),
        ('text/xml; charset="utf-8"; a=b', ("text/xml", {"charset": "utf-8", "a": "b"})),
        ("", ("", {})),
    ],
)
def test_a_header_is_split_into_value_and_parameters(line, told):
    assert parse_header(line) == told
