"""A real browser for the pages: the system's Chromium, one a module, with a fresh page a test."""

import ctypes
import os
from pathlib import Path

import pytest

CHROMIUM = Path("/usr/bin/chromium")
# Chromium's own sandbox wants privileges that a container lacks; only our own pages are opened.
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
PATIENCE_MS = 15_000


def missing_package():
    """Name what Debian would have to install: Playwright's Node does not bring libatomic along."""
    if not CHROMIUM.exists():
        return "chromium"
    try:
        ctypes.CDLL("libatomic.so.1")
    except OSError:
        return "libatomic1"
    return None


@pytest.fixture(scope="module")
def browser():
    """Start Chromium; where it is missing, only a machine that is not CI goes without."""
    if package := missing_package():
        reason = f"no browser here: apt-get install {package}"
        raise (pytest.fail if "CI" in os.environ else pytest.skip).Exception(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """Open a page with cookies of its own; whatever it logs as an error fails the test."""
    context = browser.new_context(viewport={"width": 1100, "height": 900}, locale="en-US")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    errors = []

    def note(error):
        """Playwright marks its handlers, which a method of a list does not allow."""
        errors.append(error)

    page.on("pageerror", note)
    yield page
    context.close()
    assert not errors
