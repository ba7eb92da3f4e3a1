"""One carrier with a real adapter, seen from outside: its payers, its people and its outages."""

from datetime import timedelta
from http import HTTPStatus

import httpx
from lxml import html

from sandbox.audit import run_audit
from sandbox.composition import join_adapter
from sandbox.fakes.invoice_cloud.customers.book import CustomersBook
from sandbox.fakes.invoice_cloud.customers.due import today
from sandbox.fakes.invoice_cloud.customers.methods import store_method
from sandbox.fakes.invoice_cloud.customers.schedules import schedule_payment
from sandbox.fakes.invoice_cloud.customers.sessions import PortalSession
from sandbox.fakes.invoice_cloud.instruments import BANK_ACCOUNTS, CARDS

MINUTE, HOUR, DAY = 60, 3600, 86400
# By then the AutoPay dates of some bills are over, and those are drawn on the next day.
AGE_DAYS = 20
CARD = {"card_number": CARDS[0].number}
# Its bank returns nothing by itself: `give_back` does.
BANK_ACCOUNT = {
    "bank_account": {
        "routing_number": BANK_ACCOUNTS[0].routing_number,
        "account_number": BANK_ACCOUNTS[0].account_number,
    }
}
TOKEN_SECONDS = 40 * DAY
# So long somebody waits for a page that never comes.
SILENT_SECONDS = 2


class Carrier:
    """A world and its adapter; with `rtdr`, Invoice Cloud asks for the balance at every look.

    Without, it keeps its rules of 6 and 24 hours (decision 0007).
    """

    def __init__(self, world, *, receipts_feed, rtdr=True, **joining):
        world.clock.advance(AGE_DAYS * DAY)
        self.world = world
        self.receipts_feed = receipts_feed
        self.rtdr = rtdr
        self.control = httpx.Client(
            base_url=f"{world.base_url}/_sandbox", timeout=600, trust_env=False
        )
        self._joined = join_adapter(world, receipts_feed=receipts_feed, **joining)
        quick = {"spectrum_token_lifetime_seconds": TOKEN_SECONDS}
        self.call("PATCH", "/behaviours", {"rtdr_suppressed": not rtdr, **quick})
        self.advance(HOUR)

    def close(self):
        self.control.close()
        self._joined.stop()

    def call(self, method, resource, body=None):
        answer = self.control.request(method, resource, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def advance(self, seconds):
        self.call("POST", "/clock/advance", {"seconds": seconds})

    def break_down(self, partner, operation, fault="status", moment="before", **parameters):
        """Let every such call fail until `mend`: with status 503, unless said otherwise."""
        order = {"fault": fault, "partner": partner, "operation": operation, "moment": moment}
        self.call("POST", "/faults", {**order, "count": None, "parameters": parameters})

    def mend(self):
        self.call("DELETE", "/faults")

    def state(self):
        return self.call("GET", "/state")

    def pay(self, number, instrument=CARD):
        return self.call("POST", "/payers/payments", {"invoice_number": number, **instrument})

    def pay_if_due(self, number, instrument=CARD):
        """Pay whatever is shown as due; return whether there was anything."""
        order = {"invoice_number": number, **instrument}
        answer = self.control.post("/payers/payments", json=order)
        assert answer.is_success or "nothing is due" in answer.text, answer.text
        return answer.is_success

    def is_refused(self, number):
        """Tell whether a payer who comes again finds nothing to pay."""
        return not self.pay_if_due(number)

    def pay_by_agent(self, number):
        """Pay what an agent's page shows as due; return whether there was anything (D5)."""
        biller, base = self.world.billers[0], f"{self.world.base_url}/invoicecloud"
        customer = {"AccountNumber": self.account(number), "Invoices": [{"InvoiceNumber": number}]}
        try:
            asked = self.control.post(
                f"{base}/agentconnectapi/OneTimePayment/GenerateOneTimePaymentUrl",
                json={"UserLogName": "CSR 7", "Customers": [customer]},
                auth=(biller.api_key, ""),
                timeout=SILENT_SECONDS,
            )
            url = asked.raise_for_status().json()["Data"]["AgentConnectUrl"]
        except (httpx.HTTPError, KeyError, ValueError):  # Invoice Cloud's own services are out
            return False
        page = html.fromstring(self.control.get(url).text)
        form = {
            name: page.xpath(f"//input[@name='{name}']/@value")[:1] for name in ("once", "shown")
        }
        if not all(form.values()):
            return False
        paid = self.control.post(url, data={**form, "method": "card", **CARD})
        return paid.status_code == HTTPStatus.SEE_OTHER

    def enroll(self, number, kind="autopay", *, on=True):
        """Enroll the account of an invoice, or take it out."""
        order = {"account_number": self.account(number), "kind": kind, "on": on}
        self.call("POST", "/payers/enrollments", order)

    def schedule(self, number, days):
        """Plan a payment of what is due so many days from today, at 06:00 (decision 0023)."""
        self.enroll(number, "paperless")
        slug, account = self.world.billers[0].slug, self.account(number)
        session = PortalSession(
            biller=slug,
            login_guid=self.world.book(CustomersBook).logins_of(slug, account)[0].guid,
            account_number=account,
            expires_at=self.world.clock.now() + timedelta(minutes=1),
        )
        method = store_method(self.world, session, CARDS[1])
        schedule_payment(
            self.world,
            session,
            number,
            method_guid=method.method_guid,
            on=today(self.world) + timedelta(days=days),
        )

    def give_back(self, payment_guid):
        """Let the bank return an ACH payment now."""
        self.call("POST", "/payers/returns", {"payment_guid": payment_guid, "code": "R01"})

    def change(self, kind, **named):
        self.call("POST", "/spectrum/changes", {"kind": kind, **named})

    def bill(self, number):
        """Return what Invoice Cloud shows as due without asking anybody."""
        return self._bill(number)["balance_due"]

    def account(self, number):
        return self._bill(number)["account_number"]

    def _bill(self, number):
        bills = self.state()["invoice_cloud"]["bills"]
        return next(bill for bill in bills if bill["invoice_number"] == number)

    def owed(self, number):
        """Ask the balance door as Invoice Cloud does; None where it does not know."""
        biller = self.world.billers[0]
        answer = self.control.get(
            f"{self._joined.doors.url}/billers/{biller.slug}/balance",
            params={"invoiceNumber": number},
            auth=(biller.biller_guid, biller.door_key),
        )
        return answer.json()["balanceDue"] if answer.is_success else None

    def standing(self, number):
        """Return Spectrum's balance."""
        invoices = self.state()["spectrum"]["invoices"]
        return next(i["balance_due"] for i in invoices if i["invoice_number"] == number)

    def invoices(self):
        bills = self.state()["invoice_cloud"]["bills"]
        return [b["invoice_number"] for b in bills if b["balance_due"] != "0.00"]

    def taken(self, number):
        """Return the amounts that Invoice Cloud took on an invoice, in the order of payment."""
        payments = self.state()["invoice_cloud"]["payments"]
        return [p["amount"] for p in payments if p["invoice_number"] == number and p["approved"]]

    def ledger(self, table):
        """Return the rows of a table of the ops door."""
        url = f"{self._joined.doors.url}/ops/{table}"
        told = self.control.get(url, params={"limit": 500})
        return told.raise_for_status().json()[table]

    def wrongs(self):
        report = run_audit(self.world)
        return [
            f"{finding.invariant.number}: {violation.story}"
            for finding in report.findings
            for violation in finding.violations
        ]
