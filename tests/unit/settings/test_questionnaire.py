"""The BIF customizations that can be asked for, and those that cannot."""

import pytest

from adapter.settings.biller_tables import BifSettings
from adapter.settings.questionnaire import (
    CUSTOMIZED,
    IN_EVERY_FILE,
    NOT_AVAILABLE,
    refusal_of,
)
from contracts.loader import bif_fields

COLUMNS = {column.name: column for column in bif_fields()}


def test_every_feature_of_the_technical_design_is_one_of_three():
    """Nineteen, each once."""
    listed = [*CUSTOMIZED, *IN_EVERY_FILE, *NOT_AVAILABLE]
    assert len(set(listed)) == len(listed) == 19


def test_a_feature_is_in_the_field_table_unless_it_is_not_available():
    assert {*CUSTOMIZED, *IN_EVERY_FILE} <= COLUMNS.keys()
    assert not COLUMNS.keys() & set(NOT_AVAILABLE)
    customizations = {name for name, column in COLUMNS.items() if column.customization}
    assert customizations == set(CUSTOMIZED) - {"AllowPartialPayments"}


def test_every_setting_of_a_customization_exists():
    assert set(CUSTOMIZED.values()) <= BifSettings.model_fields.keys()


@pytest.mark.parametrize("feature", NOT_AVAILABLE)
def test_what_is_not_available_is_refused_by_its_name(feature):
    """However its words are joined."""
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in feature).strip("_")
    for key in (feature, feature.lower(), snake):
        assert refusal_of(key).startswith(f"{feature} is marked N/A in the technical design")


def test_what_is_in_every_file_and_what_has_another_name_is_told():
    assert refusal_of("invoice_due_date") == (
        "InvoiceDueDate is in every file and is no setting of it. Take it out"
    )
    assert refusal_of("AllowPartialPayments").endswith("Give allow_partial_payments")
    assert refusal_of("first_notify_requested_date").endswith("Give first_notify_days")


def test_what_the_questionnaire_does_not_know_is_nothing_of_its():
    assert refusal_of("dialekt") is None
