"""What looks like a card, a bank account, a token or a credential, and what does not."""

import base64
import sqlite3

import pytest

from sandbox.audit.shapes import is_card, is_routing_number, secrets_shaped
from sandbox.audit.watched_files import texts_of

BASIC = base64.b64encode(b"operator:correct horse").decode()


def found(text, known=frozenset()):
    return set(secrets_shaped(text, known))


@pytest.mark.parametrize(
    "number",
    [
        "4111111111111111",
        "4222222222222",
        "5555555555554444",
        "2223003122003222",
        "378282246310005",
        "6011000990139424",
        "30569309025904",
        "3530111333300000",
        "6200000000000005",
        "6759649826438453",
    ],
)
def test_a_card_of_every_scheme_is_known(number):
    assert is_card(number)
    assert found(f"paid by {number}.") == {"a number that passes a card's check"}
    assert not is_card(number[:-1] + str((int(number[-1]) + 1) % 10))
    assert found(f"policy {number}", known={number}) == set()


@pytest.mark.parametrize(
    "text",
    [
        "at 20260105090000 sharp",  # a moment, which passes Luhn's check now and then
        "1767600000000000",  # microseconds
        "9999999999999995",  # Luhn's check alone, and nobody's prefix
        "411111111111111",  # a Visa card has no 15 digits
        "41111111111111111111111",  # longer than any
        "4111-1111-1111-1111-1111",
        "5f2115be-d0b2-4042-adb5-b65eed437841",
        "fingerprint 4012888888881881abcdef0123456789",
        "aGVsbG8gd29ybGQ4111111111111111Zm9v",
        "Basic coverage and bearer bonds",
        "Authorization: Bearer [redacted]",
        f"Basic {base64.b64encode(b'no colon').decode()}",
        "invoices 30254 30261",
        "reference 122105156 / 98765432",  # fails the ABA check
        "IC122105155 / 98765432",
    ],
)
def test_what_only_looks_like_one_is_not_told(text):
    assert found(text) == set()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("4012 8888 8888 1881", "a number that passes a card's check"),
        ("3714-496353-98431", "a number that passes a card's check"),
        ("card:4012888888881881", "a number that passes a card's check"),
        ("122105155 / 98765432", "a routing number beside an account"),
        ("account 98765432, 122105155", "a routing number beside an account"),
        ('{"routing": "122105155"}', "a routing number"),
        ("Authorization: bearer 9f8e7d6c5b4a39281706", "a bearer token"),
        (f"BASIC {BASIC}", "basic credentials"),
    ],
)
def test_whatever_its_spelling_it_is_told(text, what):
    assert found(text) == {what}


def test_a_routing_number_alone_is_a_number_like_any_other():
    assert is_routing_number("122105155")
    assert found("order 122105155") == set()
    assert found("122105155 / 98765432", known={"98765432", "122105155"}) == set()


def test_a_database_is_read_row_by_row(tmp_path):
    path = tmp_path / "some.db"
    database = sqlite3.connect(path)
    database.execute('create table "odd ""name" (id integer, told text, raw blob)')
    database.execute('insert into "odd ""name" values (1, ?, ?)', ("a text", b"some bytes"))
    database.commit()
    database.close()
    assert list(texts_of(path)) == ["1 | a text | some bytes"]


def test_what_is_no_database_is_read_as_a_text(tmp_path):
    path = tmp_path / "some.log"
    path.write_bytes(b"a \xff text")
    assert list(texts_of(path)) == ["a � text"]
    assert list(texts_of(tmp_path / "missing.log")) == []
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"SQLite format 3\x00 and no more")
    assert list(texts_of(broken)) == []
