"""Settings 8 to 13 and their change under a running adapter, over real sockets (F1, F2)."""

import pytest

from sandbox.fakes.spectrum.book import SpectrumBook
from sandbox.world.adapter_settings import adapter_settings

# While a setting is wrong, a payment is looked at again after five minutes.
SETTINGS_RETRY_SECONDS = 330


@pytest.mark.requirement("F1")
@pytest.mark.parametrize("key_first", [True, False])
def test_key_is_found_on_either_side_of_the_pipe(doors, key_first):
    """The technical design's text and its example disagree about the order."""

    def joined(credentials):
        parts = (credentials.token, credentials.password)
        return "|".join(parts if key_first else parts[::-1])

    biller = doors.biller
    doors.change(_10=joined(biller.rtdr_credentials), _13=joined(biller.payment_credentials))
    assert doors.balance(doors.invoice()[0]).status_code == 200
    assert doors.pay().status_code == 202
    doors.world.clock.settle()
    assert len(doors.receipts()) == 1


@pytest.mark.requirement("F1")
@pytest.mark.parametrize(
    "value",
    [
        "9w!tbbKa!xxx",
        "9w!tbbKa!xxx|9w!tbbKa!yyy",
        "99A9999F-DCBC-9F9A-B999-999AD99999F9|99A9999F-DCBC-9F9A-B999-999AD99999F8",
    ],
)
def test_wrong_key_and_password_is_named_and_its_value_hidden(doors, value):
    doors.change(_13=value)
    answer = doors.client.get("/ops/configuration")
    (biller,) = answer.json()["billers"]
    (problem,) = biller["problems"]
    assert problem.startswith(f"billers.{doors.biller.slug}.advanced_settings.13: must")
    for part in value.split("|"):
        assert part not in answer.text


@pytest.mark.requirement("F1")
def test_two_purposes_are_two_credential_sets(doors):
    """Settings 8 to 10 answer the payer's balance, 11 to 13 bring the payment."""
    number = doors.invoice()[0]
    wrong = f"wrong-password|{doors.biller.payment_credentials.token}"
    doors.change(_13=wrong)
    assert doors.balance(number).status_code == 200
    assert doors.pay().status_code == 202
    doors.world.clock.settle()
    assert doors.receipts() == []
    assert "advanced_settings.11 to 13" in doors.story()["delivery"]["last_error"]


@pytest.mark.requirement("F1", "F2")
def test_wrong_setting_delays_payments_and_loses_none(doors):
    """Taken over while the setting is wrong, posted once it is right, without a restart."""
    doors.change(_13="no pipe at all")
    number = doors.invoice()[0]
    refused = doors.balance(number)
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert doors.pay().status_code == 202
    doors.world.clock.settle()
    assert doors.receipts() == []
    delivery = doors.story()["delivery"]
    assert delivery["attempts"] == 0
    doors.write(doors.settings)
    doors.world.clock.advance(SETTINGS_RETRY_SECONDS)
    assert len(doors.receipts()) == 1
    assert doors.story()["delivery"]["state"] == "applied"
    assert doors.balance(number).status_code == 200


@pytest.mark.requirement("F2")
def test_another_system_is_reached_by_configuration_alone(doors, sandbox_server, world_names):
    """UAT and production differ in the settings file, and in nothing else."""
    production = sandbox_server.create_world(next(world_names), seed=2)
    try:
        elsewhere = adapter_settings(
            production, ledger="sqlite:///adapter.db", request_timeout_seconds=5
        )
        doors.write(elsewhere)
        book = production.book(SpectrumBook)
        invoice = next(i for i in book.invoices.values() if i.balance > 0)
        slug = production.billers[0].slug
        table = elsewhere["billers"][slug]
        answer = doors.client.get(
            f"/billers/{slug}/balance",
            params={"invoiceNumber": invoice.number},
            auth=(table["biller_guid"], table["door_key"]),
        )
        assert answer.json()["balanceDue"] == str(invoice.balance)
    finally:
        sandbox_server.delete_world(production.name)


@pytest.mark.requirement("F2")
def test_broken_settings_file_keeps_the_doors_open(doors):
    doors.path.write_text("[adapter")
    assert doors.balance(doors.invoice()[0]).status_code == 200
    answer = doors.client.get("/ops/ready")
    assert "must be TOML" in answer.json()["problems"][0]


@pytest.mark.requirement("F2")
def test_changed_door_key_counts_at_once(doors):
    slug = doors.biller.slug
    former = doors.credentials
    doors.settings["billers"][slug]["door_key"] = "a-key-of-today"
    doors.write(doors.settings)
    number = doors.invoice()[0]
    assert doors.balance(number).status_code == 200
    answer = doors.client.get(
        f"/billers/{slug}/balance", params={"invoiceNumber": number}, auth=former
    )
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
