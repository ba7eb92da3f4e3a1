"""The lines that tell of a wrong setting."""

import pytest
from pydantic import ValidationError

from adapter.settings.problems import problem_of, spelled, unknown_key
from adapter.settings.values import AdapterSettings, BillerTable


def lines(model, raw, path=("table",)):
    with pytest.raises(ValidationError) as refusal:
        model.model_validate(raw)
    return [problem_of(model, path, detail) for detail in refusal.value.errors()]


def test_a_long_or_unprintable_key_is_not_repeated():
    assert spelled(("billers", "x" * 41, "a\nb", "name")) == (
        "billers.(a longer key).(a longer key).name"
    )


def test_an_unknown_key_is_told_with_the_one_meant_or_with_all():
    assert unknown_key(("billres",), ["adapter", "billers"]) == (
        "billres: is not a setting. Did you mean 'billers'?"
    )
    assert unknown_key(("zzz",), ["adapter", "billers"]) == (
        "zzz: is not a setting. Known here are adapter, billers"
    )


def test_each_missing_key_says_what_it_is():
    told = lines(BillerTable, {})
    assert (
        "table.web_service_key: is missing. Give the biller's web service key at Invoice Cloud"
        in told
    )
    assert len(told) == 8


def test_a_wrong_type_is_told_in_plain_words():
    (line,) = lines(AdapterSettings, {"poll_overlap_minutes": []})
    assert line == (
        "table.poll_overlap_minutes: must be a number. "
        "Give the minutes a poll looks back beyond its mark"
    )
