"""A real Chromium: an installed one first, else the one that Playwright brought. REQUIRE_BROWSER=1 turns
"there is none" from a skip into a failure."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, sync_playwright

VIEWS = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}

_AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
# The shell first: the same engine without a window's own pages, at a sixth of the time (DECISIONS 96).
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for the whole test process."""
    installed = next(filter(None, map(shutil.which, _NAMES)), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=installed, args=list(_ARGUMENTS))
        except Error as error:
            if os.environ.get("REQUIRE_BROWSER") == "1":
                raise
            pytest.skip(f"no Chromium: {error.message.splitlines()[0]}")
        yield browser
        browser.close()


def violations(page: Page) -> list[str]:
    """What axe finds wrong with a page, each with its address."""
    page.evaluate(_AXE)
    found: list[str] = page.evaluate(
        # Every rule; only of those that are broken are all places written down.
        "axe.run({resultTypes: ['violations']}).then("
        "r => r.violations.map(v => `${v.id}: ${v.nodes.map(n => n.target).join(' ; ')}`))"
    )
    return [f"{page.url} {violation}" for violation in found]
