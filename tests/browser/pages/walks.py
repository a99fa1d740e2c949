"""Everybody's pages in a browser, each loaded once in each look: each question is about that visit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Request

from tests.browser.conftest import VIEWS, violations
from tests.browser.links import Answer, pages_of
from tests.browser.pages.conftest import Site, signed_in


class Look(NamedTuple):
    """Who looks, and at what."""

    who: str
    theme: str
    view: str
    is_examined: bool = False


@dataclass(frozen=True)
class Visit:
    """One page, as it was found."""

    is_wide: bool
    complaints: list[str]
    asked: list[str]
    violations: list[str]


def watch(page: Page, site: Site) -> list[str]:
    """What a page asked for that it should not: anything elsewhere, and what only the corpus names."""
    asked: list[str] = []

    def on_request(request: Request) -> None:
        elsewhere = urlsplit(request.url).netloc != urlsplit(site.url).netloc
        if elsewhere and not request.url.startswith("data:"):
            asked.append(request.url)
        if request.url.endswith(("/sign-out", "/csp-report", "/x")):
            asked.append(request.url)

    page.on("request", on_request)
    return asked


class Walks:
    """Walks that were made, so that each is made once however many tests look at what it found."""

    def __init__(self, browser: Browser, site: Site) -> None:
        self._browser, self._site = browser, site
        self.links = cache(self._links)
        self.visits = cache(self._visits)

    def _links(self, who: str) -> dict[str, Answer]:
        """Where links lead somebody who starts at home."""
        page = signed_in(self._browser, self._site, getattr(self._site, who), [])
        found = pages_of(page, f"{self._site.url}/")
        page.context.close()
        return found

    def _visits(self, look: Look) -> dict[str, Visit]:
        """Every page of somebody, by its address."""
        complaints: list[str] = []
        options = {"color_scheme": look.theme, "viewport": VIEWS[look.view]}
        page = signed_in(self._browser, self._site, getattr(self._site, look.who), complaints, **options)
        asked = watch(page, self._site)
        found = {}
        for address, answer in self.links(look.who).items():
            if answer.is_html:
                page.goto(address)
                found[address] = _seen(page, look, complaints, asked)
                complaints.clear()
                asked.clear()
        page.context.close()
        return found


def _seen(page: Page, look: Look, complaints: list[str], asked: list[str]) -> Visit:
    """Look at the page that is open, with all that can be opened on it, and then as axe sees it."""
    page.wait_for_timeout(50)
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
    is_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    found = []
    if look.is_examined:
        # They lie over what is below them, whose contrast axe would then not know.
        page.evaluate(
            "document.querySelectorAll('.popover').forEach(part => part.parentElement.open = false)"
        )
        found = violations(page)
    return Visit(is_wide, list(complaints), list(asked), found)
