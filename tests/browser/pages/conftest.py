"""A real server, and a company with one of everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page

from portal.config import Settings
from portal.extensions import Sessions, new_engine
from portal.models import INSTALLATION_CHAIN
from portal.sync import audit
from tests.browser.conftest import VIEWS
from tests.conftest import empty as clear
from tests.web import demo, factory
from tests.web.conftest import first
from tests.web.serving import served


@dataclass(frozen=True)
class Site:
    """What is served: addresses, and who may sign in."""

    url: str
    company: factory.Company
    told_order: UUID
    empty: factory.Company
    admin: str
    owner_of_nothing: str
    support: str
    operator: str
    sessions: Sessions


@pytest.fixture(scope="module")
def site(settings: Settings) -> Iterator[Site]:
    engine = new_engine(settings.database_url)
    sessions = Sessions(engine)
    # What other modules left may be sealed with keys of theirs.
    clear(engine, settings.redis_url)
    company, empty = factory.company(sessions), factory.company(sessions, name="Empty Company", state="draft")
    told = demo.fill(sessions, company)
    admin = factory.member(sessions, company, "admin")
    owner = factory.member(sessions, empty, "owner", name="Olive Owner")
    support = factory.user(sessions, name="Sue Port", staff_role="support")
    operator = factory.user(sessions, name="Opal Operator", staff_role="operator")
    _acts(sessions, settings, company.id)
    with served(settings) as (_, port):
        yield Site(
            url=f"http://127.0.0.1:{port}",
            company=company,
            told_order=told,
            empty=empty,
            admin=admin.email,
            owner_of_nothing=owner.email,
            support=support.email,
            operator=operator.email,
            sessions=sessions,
        )
    engine.dispose()


def _acts(sessions: Sessions, settings: Settings, company_id: UUID) -> None:
    """More acts than one page of the audit shows, of a company and of the installation."""
    subject = audit.Subject("connection", "7", "LeafLink of " + "a company with a long name " * 3)
    detail = {"reason": "stock count", "filters": {"person": "x" * 200}}
    keys, dana = settings.master_keys, audit.Actor("Dana Reyes", role="owner", address="203.0.113.7")
    with sessions.system() as session:
        for chain in (company_id, INSTALLATION_CHAIN):
            for _ in range(52):
                audit.record(
                    session, keys, chain, "connection.paused", actor=dana, subject=subject, detail=detail
                )


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console said that it should not."""
    return []


@pytest.fixture
def sign_in(browser: Browser, site: Site, complaints: list[str]) -> Iterator[Callable[..., Page]]:
    """Open a browser of somebody's own and sign them in."""
    contexts: list[BrowserContext] = []

    def enter(email: str, **options: Any) -> Page:
        page = signed_in(browser, site, email, complaints, **options)
        contexts.append(page.context)
        return page

    yield enter
    for context in contexts:
        context.close()


def signed_in(browser: Browser, site: Site, email: str, complaints: list[str], **options: Any) -> Page:
    """A browser of somebody's own, its complaints written down; whoever asks for it closes its context."""
    context = browser.new_context(**{"viewport": VIEWS["desktop"], **options})
    # As the form does, but without a page of its own: tests/browser/test_story.py fills the form in.
    address = f"{site.url}/sign-in"
    token = first(r'name="csrf_token"[^>]*value="([^"]+)"', context.request.get(address).text())
    form: dict[str, str | float | bool] = {"email": email, "password": factory.PASSWORD, "csrf_token": token}
    answer = context.request.post(address, form=form, headers={"Referer": address})
    assert answer.ok, f"{email}: {answer.status}"
    page = context.new_page()
    listen(page, complaints)
    page.goto(answer.url)
    return page


def listen(page: Page, complaints: list[str]) -> None:
    """Write down what a page says that it should not, and every dialog that it opens."""

    def on_console(said: ConsoleMessage) -> None:
        if said.type in ("error", "warning"):
            complaints.append(said.text)

    def on_dialog(dialog: Dialog) -> None:
        complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", on_console)
    page.on("dialog", on_dialog)
