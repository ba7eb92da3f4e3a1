"""One carrier's enrolments: payers at Invoice Cloud, policies at IMT, the adapter between them."""

import copy
import uuid
from datetime import timedelta

import httpx
import pytest

from adapter.domain.enrollment import EnrollmentKind
from sandbox.fakes.imt.book import ImtBook
from sandbox.fakes.invoice_cloud.book import InvoiceCloudBook
from sandbox.fakes.spectrum.book import SpectrumBook
from sandbox.faults import FAULTS

SWITCHES = {EnrollmentKind.PAPERLESS: "Paperless", EnrollmentKind.AUTOPAY: "AutoPay"}


class Carrier:
    """One carrier's payers at Invoice Cloud, IMT's policies, and the adapter between them."""

    def __init__(self, doors):
        self.doors = doors
        self.world = doors.world
        self.slug = doors.biller.slug
        self.imt = doors.world.book(ImtBook)
        invoices = doors.world.book(SpectrumBook).invoices.values()
        open_ones = [i.policy.policy_number for i in invoices if i.balance > 0]
        self.accounts = list(dict.fromkeys(open_ones))

    def settings(self, account):
        row = self.imt.settings[self.slug, account]
        return row.paperless, row.bill_mode

    def tell(self, kind, account, *, on=True, ago=0, guid=None):
        """Bring a notice to the adapter's door, as Invoice Cloud's pump does."""
        changed_at = self.world.clock.now() - timedelta(seconds=ago)
        notice = {
            "BillerGUID": self.doors.biller.biller_guid,
            "EventGUID": guid or str(uuid.uuid4()),
            "AccountNumber": account,
            SWITCHES[kind]: on,
            "ChangeDate": changed_at.isoformat(),
        }
        return self.doors.client.post(
            f"/billers/{self.slug}/{kind.value}", json=notice, auth=self.doors.credentials
        )

    def enroll(self, kind, account, *, on=True):
        """Let a payer enroll, or leave, at Invoice Cloud; the pump is not connected.

        Invoice Cloud knows an account once it has billed it.
        """
        if not self.world.book(InvoiceCloudBook).bills:
            self.run("send_invoices")
        told = {"biller": self.slug, "account_number": account, "kind": kind.value, "on": on}
        answer = httpx.post(f"{self.world.base_url}/_sandbox/payers/enrollments", json=told)
        assert answer.is_success, answer.text

    def connect(self):
        """Let Invoice Cloud's pump know the adapter's doors."""
        self.world.connectors[self.slug].url = self.doors.server.url

    def run(self, job):
        (report,) = self.doors.adapter.engine.run_job(job, self.slug)
        return report

    def poll(self):
        report = self.run("follow_change_log")
        self.world.clock.settle()
        return report

    def listed(self, query=""):
        answer = self.doors.client.get(f"/ops/enrollments?{query}")
        return answer.json()["enrollments"]

    def arm(self, kind, operation, moment, *, count=1, partner="imt", **parameters):
        self.world.faults.arm(
            kind=kind,
            effect=FAULTS[kind](parameters),
            partner=partner,
            operation=operation,
            moment=moment,
            count=count,
            match={},
            parameters=parameters,
        )

    def calls(self, operation):
        entries = self.world.journal.entries()
        return [e for e in entries if e.target == "imt" and e.operation == operation]

    def set_imt(self, **changes):
        settings = copy.deepcopy(self.doors.settings)
        table = settings["billers"][self.slug]
        table["imt"].update(changes)
        self.doors.write(settings)


@pytest.fixture
def carrier(doors):
    return Carrier(doors)
