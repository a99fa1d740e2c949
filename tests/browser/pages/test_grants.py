"""Support access and an invitation, walked in Chromium by everybody who takes part."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from portal.extensions import new_redis
from portal.live import stream
from portal.models import Link, Mail
from portal.sync import journal, mail
from tests.browser.conftest import VIEWS, violations
from tests.web import factory, phone
from tests.web.conftest import first

pytestmark = pytest.mark.browser


@pytest.fixture
def owner(site, sign_in):
    return sign_in(factory.member(site.sessions, site.company, "owner", name="Olivia Owner").email)


def test_support_signs_in_with_a_code_looks_and_is_out_at_once(
    site, sign_in, owner, settings, complaints, monkeypatch
):
    monkeypatch.setattr(stream, "BEAT_SECONDS", 0.5)
    sue = factory.user(site.sessions, name="Sue Port", staff_role="support")
    app = phone.enrolled(site.sessions, settings.master_keys, sue.id)
    agent = sign_in(sue.email)
    expect(agent.get_by_role("heading", name="Second factor")).to_be_visible()
    assert violations(agent) == []
    agent.get_by_label("Code").fill(app.code())
    agent.get_by_role("button", name="Sign in").click()
    row = agent.locator("tr", has_text=site.company.slug)
    row.get_by_role("link", name="Ask for access").click()
    agent.get_by_label("Reason").fill("Order 4F2A-1187 is stuck")
    agent.get_by_label("Ticket").fill("T-204")
    agent.get_by_role("button", name="Ask for access").click()
    expect(agent.locator("#notices")).to_contain_text("has been asked")

    owner.goto(f"{site.url}/t/{site.company.slug}/")
    owner.get_by_role("link", name="Support access").click()
    expect(owner.get_by_text("asks for 30 minutes, read-only")).to_be_visible()
    assert violations(owner) == []
    owner.get_by_label("Minutes").fill("10")
    owner.get_by_role("button", name="Give access").click()
    expect(owner.get_by_text("Sue Port of Trellis may be in")).to_be_visible()

    agent.goto(f"{site.url}/support/")
    assert violations(agent) == []
    agent.get_by_role("link", name=re.compile("^Open|Greenleaf")).first.click()
    order = f"{site.url}/t/{site.company.slug}/orders/{site.told_order}"
    agent.goto(order)
    banner = agent.locator("#grant-banner")
    expect(banner).to_contain_text("You are in Greenleaf Farms as support until")
    expect(banner).to_contain_text("read-only")
    expect(banner).to_contain_text("Order 4F2A-1187 is stuck")
    assert violations(agent) == []
    assert agent.get_by_role("button", name="Look again").count() == 0
    _tell(site, settings, "Seen by support")
    expect(agent.get_by_text("Seen by support")).to_be_visible(timeout=10_000)
    assert complaints == []

    owner.reload()
    owner.get_by_role("button", name="End now").first.click()
    _tell(site, settings, "Not for support")
    owner.get_by_role("link", name="Sue Port").first.click()
    expect(owner.get_by_text("order 4F2A-1187").first).to_be_visible()
    owner.goto(order)
    expect(owner.get_by_text("Not for support")).to_be_visible()
    assert agent.get_by_text("Not for support").count() == 0
    assert agent.request.get(order).status == 404  # asked beside the page, which leaves by itself


def test_an_invited_person_opens_the_mail_and_joins(site, browser, settings, owner, complaints):
    owner.goto(f"{site.url}/t/{site.company.slug}/people")
    assert violations(owner) == []
    owner.get_by_label("E-mail").fill("nora@example.com")
    owner.get_by_role("button", name="Invite").click()
    expect(owner.get_by_text("nora@example.com is invited")).to_be_visible()
    with site.sessions.system() as session:
        newest = session.scalars(select(Mail).order_by(Mail.id.desc())).first()
        path = first(r"(/invitations/\S+)", mail.opened(settings.master_keys, newest).text)
    context = browser.new_context(viewport=VIEWS["phone"])
    page = context.new_page()
    page.goto(f"{site.url}{path}")
    assert page.url == f"{site.url}/invitation"
    assert violations(page) == []
    page.get_by_label("Your name").fill("Nora New")
    page.get_by_label("Password").fill("a sentence of one's own")
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_text("Welcome to Greenleaf Farms.")).to_be_visible()
    context.close()
    assert complaints == []


@pytest.mark.parametrize("view", VIEWS)
def test_every_entry_of_the_navigation_is_in_sight(site, sign_in, view):
    page = sign_in(site.admin, viewport=VIEWS[view])
    page.goto(f"{site.url}/t/{site.company.slug}/")
    menu = page.get_by_role("button", name="Menu")
    if view == "phone":
        menu.press("Enter")
    else:
        expect(menu).to_be_hidden()
    entries = page.get_by_role("navigation", name="Main").get_by_role("link")
    assert entries.count() >= 8
    for entry in entries.all():
        expect(entry).to_be_in_viewport(ratio=1)


def test_on_a_phone_the_menu_leaves_the_page_to_its_content_until_it_is_asked_for(site, sign_in):
    page = sign_in(site.admin, viewport=VIEWS["phone"])
    page.goto(f"{site.url}/t/{site.company.slug}/")
    navigation = page.get_by_role("navigation", name="Main")
    expect(navigation).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport(ratio=1)

    page.get_by_role("button", name="Menu").click()
    expect(navigation).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(navigation).to_be_hidden()


def _tell(site, settings, title):
    """Write a row of the order's story, as the engine does."""
    redis = new_redis(settings.redis_url)
    with site.sessions.tenant(site.company.id) as session:
        link = session.scalars(select(Link).where(Link.id == site.told_order).with_for_update()).one()
        journal.tell(session, link, journal.Entry("trellis", "Trellis", title))
    journal.announce(redis, session)
    redis.close()
