"""Wrongs in texts: numbers, tokens and credentials in journal, ledger, logs and reports."""

import base64
import sqlite3

from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS, CARDS
from tests.planted.wrongs import wrong


def journal(scene, text):
    """Let the journal tell a text that was not hidden in it."""
    scene.world.journal._entries[-1].outcome = f"somebody wrote {text} here"


def ledger(scene, text):
    scene.ledger.exceptions[0]["detail"] = f"Invoice Cloud said {text}"


def log(scene, content, name="adapter.log"):
    """Let a file lie beside the ledger, such as a log."""
    path = scene.new_file(name)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def carried(word):
    """Return a token's shape that no scanner of this repository takes for a real one."""
    return base64.urlsafe_b64encode(f'{{"sub": "{word}"}}'.encode()).decode().rstrip("=")


@wrong(10)
def a_test_card_in_the_journal(scene):
    journal(scene, CARDS[0].number)


@wrong(10)
def an_unknown_visa_card_in_the_journal(scene):
    journal(scene, "4012888888881881")


@wrong(10)
def a_visa_card_of_13_digits_in_the_journal(scene):
    journal(scene, "4222222222222")


@wrong(10)
def a_mastercard_of_the_second_series_in_the_journal(scene):
    journal(scene, "2223003122003222")


@wrong(10)
def a_discover_card_in_the_ledger(scene):
    ledger(scene, "6011000990139424")


@wrong(10)
def a_diners_card_in_the_ledger(scene):
    ledger(scene, "30569309025904")


@wrong(10)
def a_jcb_card_in_the_ledger(scene):
    ledger(scene, "3530111333300000")


@wrong(10)
def a_card_in_groups_of_four_in_the_journal(scene):
    journal(scene, "4012 8888 8888 1881")


@wrong(10)
def an_amex_card_with_dashes_in_the_ledger(scene):
    ledger(scene, "3714-496353-98431")


@wrong(10)
def a_card_glued_to_a_word_in_the_journal(scene):
    journal(scene, "card4012888888881881")


@wrong(10)
def a_card_between_decimal_points_in_the_ledger(scene):
    ledger(scene, "1.4012888888881881.00")


@wrong(10)
def a_bank_account_in_the_ledger(scene):
    ledger(scene, BANK_ACCOUNTS[0].account_number)


@wrong(10)
def a_routing_number_beside_an_account_in_the_journal(scene):
    journal(scene, "122105155 / 98765432")


@wrong(10)
def a_routing_number_under_its_name_in_the_ledger(scene):
    ledger(scene, '"routing_number": "122105155"')


@wrong(10, sample=True)
def a_bearer_token_in_the_journal(scene):
    journal(scene, "Authorization: Bearer 9f8e7d6c5b4a39281706f5e4d3c2b1a0")


@wrong(10)
def basic_credentials_in_the_journal(scene):
    told = base64.b64encode(b"operator:correct horse").decode()
    journal(scene, f"authorization: basic {told}")


@wrong(10)
def a_signed_token_in_the_ledger(scene):
    ledger(scene, f"{carried('payer one')}.{carried('who')}.c2lnbmF0dXJl")


@wrong(10)
def a_web_service_key_in_the_ledger(scene):
    ledger(scene, scene.world.billers[0].web_service_key.upper())


@wrong(10)
def a_password_in_the_journal(scene):
    journal(scene, scene.world.billers[0].imt.password)


@wrong(10, sample=True)
def an_unknown_card_in_a_log(scene):
    log(scene, "paid by 4012888888881881 today\n")


@wrong(10)
def an_unknown_card_across_the_pieces_of_a_log(scene):
    log(scene, b"x " * (512 * 1024 - 4) + b"4012888888881881 today\n")


@wrong(10)
def a_bearer_token_in_a_log(scene):
    log(scene, "sent Bearer 9f8e7d6c5b4a39281706f5e4d3c2b1a0 to Spectrum\n")


@wrong(10)
def basic_credentials_in_a_log(scene):
    told = base64.b64encode(b"operator:correct horse").decode()
    log(scene, f'{{"authorization": "Basic {told}"}}\n')


@wrong(10)
def an_api_key_in_a_report(scene):
    log(scene, f"key {scene.world.billers[0].api_key}\n", name="report.txt")


@wrong(10)
def an_unknown_card_in_a_database(scene):
    path = scene.new_file("other.db")
    database = sqlite3.connect(path)
    database.execute("create table notes (id integer, told text)")
    database.execute("insert into notes values (1, 'card 4012888888881881')")
    database.commit()
    database.close()


@wrong(10)
def an_unknown_card_as_a_number_in_a_database(scene):
    path = scene.new_file("other.db")
    database = sqlite3.connect(path)
    database.execute("create table notes (id integer, told integer)")
    database.execute("insert into notes values (1, 4012888888881881)")
    database.commit()
    database.close()
