"""A company with planted mismatches walks from sign-in to live: one journey, in Chromium (ON-1 to ON-10)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import Engine

from portal.cli.demo import PASSWORD
from tests.browser.conftest import VIEWS, violations
from tests.conftest import empty
from tests.processes.product import Product, product

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.xdist_group("onboarding")]

_PATIENCE_MS = 60_000
OPERATOR, OWNER = "operator@trellis.example", "olive@sunrise.example"
WORLD = "sunrise"


def sign_in(page: Page, shop: Product, email: str) -> None:
    page.goto(shop.url)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(r"/(t|support)/"))


def account(shop: Product, platform: str) -> dict:
    rows = shop.control("GET", "accounts")
    return next(row for row in rows if (row["platform"], row["world"]) == (platform, WORLD))


def make_the_company(page: Page, shop: Product) -> None:
    """As an operator."""
    sign_in(page, shop, OPERATOR)
    page.get_by_role("link", name="Make a company").first.click()
    page.get_by_label("Name", exact=True).fill("Sunrise Brands")
    page.locator("#slug").fill(WORLD)
    page.locator("#timezone").fill("America/Denver")
    page.locator("#owner").fill(OWNER)
    page.get_by_role("button", name="Make it, and invite the owner").click()
    expect(page.locator("main")).to_contain_text(f"{OWNER} is invited")


def join(page: Page, shop: Product) -> None:
    """As the owner, by the link that was mailed."""
    page.goto(f"{shop.url}/demo/mail")
    page.locator("article", has_text=OWNER).get_by_role("link").first.click()
    page.get_by_label("Name").fill("Olive Owner")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Join").click()
    page.wait_for_url(re.compile(r"/(t|sign-in)"))


def connect(page: Page, label: str, **typed: str) -> str:
    """Type the keys; returns the address for webhooks that is shown."""
    page.get_by_role("link", name=f"Connect {label}").first.click()
    for field, value in typed.items():
        page.locator(f"#{field}").fill(value)
    page.get_by_role("button", name="Try it, and connect").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{label} answered")
    return page.locator("#webhook-address").inner_text()
