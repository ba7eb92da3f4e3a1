"""How a broken rule is told."""

from adapter.bif.problems import VALUE_LENGTH_MAX, Advice, Rule, excerpt, problem_at
from contracts.loader import toml


def problem(**changes):
    told = {"row": 3, "file_spec_id": 13, "value": "12.3.4", "rule": Rule.FORMAT} | changes
    return problem_at(
        told["row"],
        told["file_spec_id"],
        told["value"],
        told["rule"],
        explanation="money is digits with two decimals",
        remedy="write 12.34",
    )


def test_the_rules_are_those_of_the_contract():
    assert {rule.value for rule in Rule} == set(toml("bif/fields.toml")["rule"])


def test_a_problem_reads_like_a_compilers_message():
    assert problem().render("file.BIF") == (
        'file.BIF:3:1: error: 13 TotalAmountDue = "12.3.4": '
        "money is digits with two decimals; write 12.34 [format]"
    )


def test_a_problem_without_a_row_or_a_field_still_names_what_it_can():
    told = problem(row=None, file_spec_id=None, value="?").render("file.BIF")
    assert told.startswith('file.BIF: error: "?": ')


def test_advice_is_a_warning():
    told = problem(rule=Advice.DETAILS_DIFFER).render("file.BIF")
    assert told.startswith("file.BIF:3:1: warning: 13 TotalAmountDue")
    assert told.endswith("[details_differ]")


def test_an_unknown_field_has_no_name_in_a_row_that_it_does_not_belong_to():
    assert problem(file_spec_id=60, rule=Rule.UNKNOWN_FIELD).name == "60"


def test_an_excerpt_is_short_and_sends_nothing_to_the_terminal():
    assert excerpt("a\x1b[31m\u2028\ud800é") == "a\\x1b[31m\\u2028\\ud800é"
    assert excerpt("x" * 500) == "x" * VALUE_LENGTH_MAX + "..."


def test_json_holds_the_excerpt():
    assert problem(value="\x00").as_json() == {
        "row": 3,
        "column": 1,
        "severity": "error",
        "file_spec_id": 13,
        "field": "TotalAmountDue",
        "value": "\\x00",
        "rule": "format",
        "explanation": "money is digits with two decimals",
        "remedy": "write 12.34",
    }
