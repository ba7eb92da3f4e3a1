"""Wrongs in IMT's book and in the customers': settings that nobody chose, or that are lost."""

from dataclasses import replace
from datetime import timedelta

from sandbox.fakes.imt.book import ImtBook, SettingChanged
from sandbox.fakes.invoice_cloud.customers.book import (
    CustomersBook,
    EnrollmentChanged,
    EnrollmentKind,
    EnrollmentPumped,
    SettingChosen,
)
from tests.planted.wrongs import number_of, wrong

NEW_GUID = "1c3e1d0e-6d5c-4a2b-9f0a-5b7f6c2d9e10"


def set_at_imt(scene, account_number, name, value):
    changed = SettingChanged(
        biller=scene.slug, account_number=account_number, name=name, value=value
    )
    scene.put_in(ImtBook, changed, at=scene.world.clock.now())


def account_of(scene, place):
    from sandbox.fakes.spectrum.book import SpectrumBook

    return scene.book(SpectrumBook).invoices[number_of(scene, place)].policy.policy_number


def enroll_unseen(scene, *, hours):
    """Enroll an account so many hours ago; IMT does not hear of it."""
    change = EnrollmentChanged(
        event_guid=NEW_GUID,
        biller=scene.slug,
        account_number=account_of(scene, 20),
        kind=EnrollmentKind.PAPERLESS,
        enrolled=True,
    )
    at = scene.world.clock.now() - timedelta(hours=hours)
    chosen = SettingChosen(
        biller=scene.slug,
        login_guid="a login",
        account_number=change.account_number,
        kind=change.kind,
        enrolled=True,
    )
    scene.put_in(CustomersBook, chosen, at=at)
    scene.put_in(CustomersBook, change, at=at)


@wrong(7, sample=True)
def a_policy_made_paperless_that_nobody_enrolled(scene):
    set_at_imt(scene, account_of(scene, 20), "paperless", value=True)


@wrong(7)
def an_enrolment_that_imt_has_lost(scene):
    set_at_imt(scene, account_of(scene, 11), "paperless", value=False)


@wrong(7)
def an_enrolment_on_another_policy(scene):
    book = scene.book(ImtBook)
    changed = scene.event(ImtBook, SettingChanged, name="bill_mode")
    assert changed.account_number != account_of(scene, 20), book
    scene.rewrite(ImtBook, changed, account_number=account_of(scene, 20))


@wrong(7)
def an_enrolment_that_nobody_pumped_for_hours(scene):
    enroll_unseen(scene, hours=6)


@wrong(7)
def a_choice_that_invoice_cloud_itself_forgot_to_tell(scene):
    change = scene.event(CustomersBook, EnrollmentChanged)
    pumped = [
        each.event
        for each in scene.book(CustomersBook).events
        if isinstance(each.event, EnrollmentPumped) and each.event.event_guid == change.event_guid
    ]
    scene.take_out(CustomersBook, change, *pumped)


@wrong(17, sample=True)
def a_bill_mode_that_nobody_knows(scene):
    changed = scene.event(ImtBook, SettingChanged, name="bill_mode")
    scene.rewrite(ImtBook, changed, value="Autopay")


@wrong(17)
def a_paperless_setting_that_is_a_word(scene):
    changed = scene.event(ImtBook, SettingChanged, name="paperless")
    scene.rewrite(ImtBook, changed, value="true")


@wrong(3)
def a_setting_changed_without_an_event(scene):
    settings = scene.book(ImtBook).settings
    key = (scene.slug, account_of(scene, 20))
    settings[key] = replace(settings[key], changed_at=scene.world.clock.now())


@wrong(15)
def an_enrolment_taken_over_that_the_ledger_lacks(scene):
    enroll_unseen(scene, hours=1)
    pumped = EnrollmentPumped(event_guid=NEW_GUID, attempt=1, state="delivered", outcome="taken")
    scene.put_in(CustomersBook, pumped, at=scene.world.clock.now())
