"""The settings file's form: every default is right by its own rules, every key says what it is."""

import pytest
from pydantic import BaseModel

from adapter.settings import form

TABLES = [
    value
    for value in vars(form).values()
    if isinstance(value, type)
    and issubclass(value, BaseModel)
    and value.__module__ == form.__name__
]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_every_key_says_what_it_is(table):
    """The message about a wrong setting ends with it."""
    for name, field in table.model_fields.items():
        assert field.description, name


def test_defaults_pass_their_own_rules():
    """Defaults are not validated by pydantic; read back, they must be."""
    for table in (form.AdapterTable, form.RetryTable, form.InvoiceCloudTable, form.BifTable):
        assert table.model_validate(table().model_dump()) == table()


@pytest.mark.parametrize("host", ["[::1]:8200", "localhost:0", "0.0.0.0:65535"])
def test_listen_takes_names_and_both_kinds_of_address(host):
    assert form.AdapterTable(listen=host).listen == host


def test_a_replacement_character_may_be_any_printable_one_but_the_separators():
    assert form.BifTable(reserved_characters=" ").reserved_characters == " "
    assert form.BifTable(reserved_characters="refuse").reserved_characters == "refuse"
