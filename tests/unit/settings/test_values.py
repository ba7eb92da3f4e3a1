"""[adapter] and [billers.<name>]: their defaults are right, and no secret is shown."""

from adapter.settings import values


def test_every_secret_is_known_and_in_no_repr(settings):
    """Those of tables within too."""
    table = settings["billers"]["alpha-mutual"]
    table["imt"] = {
        "base_url": "https://auth.example",
        "company_id": "300",
        "username": "alpha-ic",
        "password": "p4ss!imt",
    }
    table["sign_on"] = {"key": "imts-sign-on-key", "password_seed": "seed" * 8}
    table["invoice_cloud"]["api_key"] = "alphas-api-key"
    biller = values.BillerSettings(slug="alpha-mutual", **table)
    assert biller.secrets == {
        "0A1B2C3D-0000-4000-8000-00000000000A",
        "0A1B2C3D-0000-4000-8000-00000000000B",
        "22222222-0000-4000-8000-000000000001",
        "alphas-api-key",
        "door-secret-1",
        "imts-sign-on-key",
        "p4ss!imt",
        "p4ss!pay-1",
        "p4ss!rtdr-1",
        "seed" * 8,
    }
    shown = f"{biller!r} {biller.rtdr!r} {biller.payments!r} {biller.rest!r}"
    assert not [secret for secret in biller.secrets if secret in shown]


def test_a_ledgers_password_is_a_secret():
    adapter = values.AdapterSettings(
        ledger="postgresql+psycopg://adapter:p4ss!db@db.example/ledger", ops_key="an-ops-key"
    )
    assert adapter.secrets == {"p4ss!db", "an-ops-key"}
    assert not [secret for secret in adapter.secrets if secret in repr(adapter)]
