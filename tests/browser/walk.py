"""Somebody's way through the pages, by keyboard, each page looked at on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import VIEWS, violations
from tests.processes.product import Product

# What is done by way of the sandbox's control API, where a person would use the other system's own pages: a
# path, and what is sent there.
Call = tuple[str, Mapping[str, Any]]


@dataclass
class Walk:
    """Somebody's way through the pages, and what was found wrong with them."""

    page: Page
    shop: Product
    wrong: list[str] = field(default_factory=list)
    looked: int = 0

    def look(self) -> None:
        """Look at the page as it is, at a desk in the light and on a phone in the dark; by axe, which takes
        seconds, in turns in one of them."""
        self.looked += 1
        for turn, (view, scheme) in enumerate((("desktop", "light"), ("phone", "dark"))):
            self.page.set_viewport_size(VIEWS[view])  # type: ignore[arg-type]
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            if turn == self.looked % 2:
                self.wrong += [f"{view}: {found}" for found in violations(self.page)]
            if self.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                self.wrong.append(f"{view}: {self.page.url} scrolls sideways")
        self.page.set_viewport_size(VIEWS["desktop"])  # type: ignore[arg-type]

    def says(self, text: str) -> None:
        """Wait for the page to say this."""
        expect(self.page.locator("main")).to_contain_text(text)

    def button(self, name: str) -> Locator:
        """A button by its whole name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def follow(self, name: str) -> None:
        """Follow a link by keyboard, and look where it leads."""
        self.press(self.page.get_by_role("link", name=name, exact=True).first)
        self.look()

    def press(self, target: Locator) -> None:
        """Do something by keyboard alone, and wait for the page that comes of it."""
        target.focus()
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def mend(self, *calls: Call) -> None:
        """Have something changed in the other systems themselves."""
        for path, body in calls:
            self.shop.control("POST", path, dict(body))

    def check(self, name: str) -> None:
        """Have the checks run, and wait until they are through."""
        self.press(self.button(name))
        self.page.wait_for_selector("#checklist:not([hx-get])")
