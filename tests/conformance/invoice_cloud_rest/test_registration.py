"""The three branches of registration over REST (D3), with multiuser on and off."""

import pytest

from sandbox.fakes.invoice_cloud.customers.book import CustomersBook, EnrollmentKind
from sandbox.fakes.invoice_cloud.customers.enrollments import enroll, setting_of

PAT, SAM = "pat@example.com", "sam@example.com"
TOKEN, OTHER_TOKEN = "tokenized-one", "tokenized-two"
AUTHENTICATION = "remoteauthentication"
CUSTOMER = {
    "AccountNumber": "7001",
    "CustomerName": "Ann New",
    "Address1": "1 Main St",
    "Address2": "",
    "City": "Camp Point",
    "State": "IL",
    "Zip": "62320",
    "EmailAddress": "ann@example.com",
}


@pytest.fixture(params=[True, False], ids=["multiuser", "single user"])
def multiuser(rest, request):
    rest.world.behaviours.change({"multiuser": request.param})
    return request.param


@pytest.mark.requirement("D1", "D2", "D3")
@pytest.mark.usefixtures("multiuser")
def test_without_an_account_customer_then_login_then_sign_on(rest):
    """D3's first branch."""
    assert not rest.users("7001")["AccountExists"]
    rest.call("customer/CreateCustomerRecord", CUSTOMER)
    assert rest.register(accounts=["7001"])["NewLogin"]
    answer = rest.sign_on(rest.authenticate(PAT, TOKEN, "7001"))
    assert rest.session(answer).account_number == "7001"


@pytest.mark.requirement("D1", "D2", "D3")
@pytest.mark.usefixtures("multiuser")
def test_an_account_that_nobody_is_registered_for_is_registered_and_signed_on(rest):
    """D3's second branch."""
    told = rest.users()
    assert (told["AccountExists"], told["Registered"], told["Users"]) == (True, False, [])
    made = rest.register()
    told = rest.users()
    assert told["Registered"]
    assert told["Users"] == [
        {
            "UserGuid": made["UserGuid"],
            "EmailAddress": PAT,
            "LoginTypeID": 1,
            "RegistrationDate": "2026-01-05T08:00:00Z",
        }
    ]
    session = rest.session(rest.sign_on(rest.authenticate()))
    assert (session.biller, session.login_guid) == (rest.slug, made["UserGuid"])
    for kind in EnrollmentKind:
        assert setting_of(rest.world, session, kind) is None


@pytest.mark.requirement("D1", "D2", "D3")
@pytest.mark.usefixtures("multiuser")
def test_a_registered_account_is_signed_on_and_keeps_its_settings(rest):
    """D3's third branch: the e-mail address finds the login in any case of its letters."""
    rest.register()
    session = rest.session(rest.sign_on(rest.authenticate()))
    enroll(rest.world, session, EnrollmentKind.PAPERLESS)
    again = rest.register(PAT.upper(), OTHER_TOKEN)
    assert (again["NewLogin"], again["EmailAddress"]) == (False, PAT)
    session = rest.session(rest.sign_on(rest.authenticate(PAT.title(), TOKEN)))
    assert setting_of(rest.world, session, EnrollmentKind.PAPERLESS) is not None


@pytest.mark.requirement("D3")
def test_another_e_mail_address_is_a_new_login_with_empty_settings(rest, multiuser):
    """With multiuser beside the first; without, in its place, whose settings end."""
    rest.register()
    first = rest.session(rest.sign_on(rest.authenticate()))
    enroll(rest.world, first, EnrollmentKind.PAPERLESS)
    assert rest.register(SAM, OTHER_TOKEN)["NewLogin"]
    session = rest.session(rest.sign_on(rest.authenticate(SAM, OTHER_TOKEN)))
    assert setting_of(rest.world, session, EnrollmentKind.PAPERLESS) is None
    kept = [PAT, SAM] if multiuser else [SAM]
    assert [user["EmailAddress"] for user in rest.users()["Users"]] == kept
    stands = bool(
        rest.world.book(CustomersBook).standing(rest.slug, "1001", EnrollmentKind.PAPERLESS)
    )
    assert stands is multiuser
    answer = rest.post(f"{AUTHENTICATION}/RemoteAuthentication", rest.authentication())
    if multiuser:
        assert answer.status_code == 200
    else:
        rest.refuses(answer, 404, "LoginNotFound", "EmailAddress")


@pytest.mark.requirement("D1", "D3")
def test_the_first_sign_on_updates_the_password_found_by_e_mail(rest):
    """A payer who registered at Invoice Cloud has a password that IMT does not know."""
    rest.register(PAT, "her own password")
    path = f"{AUTHENTICATION}/RemoteAuthentication"
    rest.refuses(rest.post(path, rest.authentication()), 401, "PasswordMismatch", "PasswordToken")
    update = {"EmailAddress": PAT.upper(), "PasswordToken": TOKEN}
    told = rest.call(f"{AUTHENTICATION}/UpdatePassword", update)
    assert told["UserGuid"] == rest.users()["Users"][0]["UserGuid"]
    assert rest.authenticate()
    former = rest.authentication(PAT, "her own password")
    rest.refuses(rest.post(path, former), 401, "PasswordMismatch", "PasswordToken")


@pytest.mark.requirement("D3")
def test_a_login_of_another_account_is_linked_and_keeps_its_password(rest):
    rest.bill("102", "1002")
    first = rest.register()
    second = rest.register(PAT, OTHER_TOKEN, ("1001", "1002"))
    assert (second["UserGuid"], second["NewLogin"]) == (first["UserGuid"], False)
    assert rest.session(rest.sign_on(rest.authenticate(PAT, TOKEN, "1002")))


@pytest.mark.requirement("D1", "D3")
def test_one_unknown_account_registers_none(rest):
    accounts = [{"AccountNumber": "1001"}, {"AccountNumber": "9"}]
    wanted = {"LoginTypeID": 1, "EmailAddress": PAT, "PasswordToken": TOKEN, "Accounts": accounts}
    answer = rest.post(f"{AUTHENTICATION}/RegisterAccounts", wanted)
    rest.refuses(answer, 404, "AccountNotFound", "Accounts.1.AccountNumber")
    assert not rest.users()["Registered"]
    update = {"EmailAddress": PAT, "PasswordToken": TOKEN}
    answer = rest.post(f"{AUTHENTICATION}/UpdatePassword", update)
    rest.refuses(answer, 404, "LoginNotFound", "EmailAddress")
