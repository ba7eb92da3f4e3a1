"""The operations pages in a real browser, wide and narrow: read, followed, and never run."""

import json
import re

import httpx
import pytest

from adapter.bootstrap import build
from adapter.domain.ledger_life import MARGIN
from adapter.doors.http import create_app
from adapter.doors.server import DoorServer
from adapter.settings import StaticSettings
from sandbox.fakes.invoice_cloud.instruments import CARDS
from sandbox.faults import FAULTS
from sandbox.world.adapter_settings import adapter_settings

HOUR = 3600
WIDTHS = (1280, 390)
OWNER = "Wilhelmina Featherstonehaugh-Cholmondeley of the night shift"
EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def trouble(world, tmp_path):
    """Return the doors of an adapter with an applied payment, a dead one, and a poll behind."""
    settings = adapter_settings(
        world,
        ledger=f"sqlite:///{tmp_path / 'adapter.db'}",
        listen="127.0.0.1:0",
        request_timeout_seconds=5,
    )
    adapter = build(
        StaticSettings(settings),
        clock=world.clock,
        timer=world.clock,
        make_ledger=True,
        begun=world.born_at - 2 * MARGIN,
    )
    server = DoorServer(create_app(adapter))
    server.start()
    world.connectors[world.billers[0].slug].url = server.url
    adapter.start()
    with httpx.Client(base_url=f"{world.base_url}/_sandbox", timeout=600) as control:
        control.post("/clock/advance", json={"seconds": HOUR})
        bills = control.get("/state").json()["invoice_cloud"]["bills"]
        for bill in [b for b in bills if b["balance_due"] != "0.00"][:2]:
            order = {"invoice_number": bill["invoice_number"], "card_number": CARDS[0].number}
            control.post("/payers/payments", json=order).raise_for_status()
            control.post("/clock/advance", json={"seconds": 60})
            refuse(world, "spectrum", "OnlineReceipt")
        control.post("/clock/advance", json={"seconds": HOUR})
        world.faults.disarm()
        refuse(world, "invoice_cloud", "PaymentReportingDataSetFromGMT")
        control.post("/clock/advance", json={"seconds": 6 * HOUR})
    (item,) = adapter.ledger.exceptions.by_due_date()
    adapter.ledger.exceptions.assign(item.id, OWNER, now=world.clock.now())
    yield server.url
    server.stop()
    adapter.stop()


def refuse(world, partner, operation):
    told = json.dumps({"errors": [{"title": EVIL}]})
    parameters = {"status": 422, "body": told, "headers": {"Content-Type": "application/json"}}
    world.faults.arm(
        kind="status",
        effect=FAULTS["status"](parameters),
        partner=partner,
        operation=operation,
        moment="before",
        count=None,
        match={},
        parameters=parameters,
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_an_operator_reads_an_alarm_and_follows_it_to_the_payments_story(page, trouble, width):
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{trouble}/ops/")
    alarm = page.locator("section", has=page.get_by_text("payment_dead", exact=True))
    assert "adapter payments retry GUID" in alarm.locator("code").all_inner_texts()
    assert page.locator("section", has_text="poll_behind").count() == 1
    item = page.locator("tr", has_text=OWNER)
    assert item.get_by_text(EVIL).count() == 1  # as text, in the exceptions list
    assert re.search(r"2026-\d\d-\d\d.*\d h \d+ min.*\d\.\d\d", item.inner_text(), re.DOTALL)
    fits(page)
    follow(page, page.locator("a[href*='state=dead']"))
    fits(page)
    follow(page, page.locator("tbody a").first)
    fits(page)
    assert page.get_by_text("Nothing, until a person acts").is_visible()
    assert page.locator("tbody tr").filter(has_text="sending").first.is_visible()
    follow(page, page.get_by_role("link", name="Adapter operations"))
    assert page.url == f"{trouble}/ops/"
    follow(page, page.get_by_role("link", name="cash"))
    fits(page)
    assert page.locator("tr", has_text="taken at Invoice Cloud").get_by_text("not known").count()
    assert page.locator(".stack tbody tr").count() == 1
    follow(page, page.get_by_role("link", name="The day before"))
    assert page.get_by_text("Every payment of the day is applied.").is_visible()
    fits(page)
    assert dialogs == []


def follow(page, link):
    """Click, and come back when the next page is there: a click alone does not wait for it."""
    with page.expect_event("load"):
        link.click()


def fits(page):
    """Find nothing wider than the window, and a style that its policy lets in."""
    wide, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= window
    assert page.evaluate("getComputedStyle(document.querySelector('header')).display") == "flex"
