"""Forms: what was typed is kept, but for secrets, and each problem is one sentence."""

from sandbox.fakes.chrome.form import VALUE_LENGTH_MAX, Form, read_form


def test_what_was_typed_is_kept_but_for_secrets():
    told = {"email": " pat@example.com ", "card_number": "4111", "other": "x"}
    form, typed = read_form(told, ("email", "phone"), name="pay", secret=("card_number",))
    assert form.values == {"email": "pat@example.com", "phone": ""}
    assert typed == {"email": "pat@example.com", "phone": "", "card_number": "4111"}
    assert form.id("email") == "pay-email"


def test_nothing_endless_is_kept():
    form, _ = read_form({"email": "x" * 1000}, ("email",))
    assert len(form.values["email"]) == VALUE_LENGTH_MAX


def test_a_problem_is_told_in_sentences_and_the_first_one_stands():
    form = Form()
    form.refuse("on", "this is no day", "give another")
    form.refuse("on", "something else")
    assert form.problems == {"on": "This is no day. Give another."}
