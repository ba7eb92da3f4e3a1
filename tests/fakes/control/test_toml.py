"""Settings written as TOML read back as they were."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.control.toml import toml_text

NAMES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1)
# Control characters need TOML's own escapes, and no setting has one.
TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc")))
FIGURES = st.integers(min_value=-(2**63), max_value=2**63 - 1) | st.floats(
    allow_nan=False, allow_infinity=False
)
VALUES = TEXTS | FIGURES | st.booleans()
TABLES = st.recursive(
    st.dictionaries(NAMES, VALUES, min_size=1),
    lambda inner: st.dictionaries(NAMES, VALUES | inner, min_size=1),
)


@given(TABLES)
def test_reads_back(table):
    assert tomllib.loads(toml_text(table)) == table


@pytest.mark.parametrize("value", [None, ["a"], b"a"])
def test_refuses_what_settings_never_hold(value):
    with pytest.raises(TypeError, match="texts, figures and booleans"):
        toml_text({"a": value})
