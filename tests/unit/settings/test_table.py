"""Every table: each key says what it is, and each default passes its own rules."""

import pytest
from pydantic import BaseModel

from adapter.settings import biller_tables, values

TABLES = [
    value
    for module in (biller_tables, values)
    for value in vars(module).values()
    if isinstance(value, type)
    and issubclass(value, BaseModel)
    and value.__module__ == module.__name__
]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_every_key_says_what_it_is(table):
    """The message about a wrong setting ends with it."""
    for name, field in table.model_fields.items():
        assert field.description, name


@pytest.mark.parametrize(
    "table",
    [
        values.AdapterSettings,
        values.RetrySettings,
        biller_tables.InvoiceCloudSettings,
        biller_tables.BifSettings,
        biller_tables.GuardSettings,
    ],
)
def test_defaults_pass_their_own_rules(table):
    """Defaults are not validated by pydantic; read back, they must be."""
    assert table.model_validate(table().model_dump()) == table()
