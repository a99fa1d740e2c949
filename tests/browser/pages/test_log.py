"""The live log in a real browser: it follows, waits for a reader, survives a lost connection, and is found
again by its address."""

import re

import pytest
from playwright.sync_api import Page, expect

from portal.extensions import new_redis
from portal.models import Connection
from portal.sync import journal
from tests.browser.conftest import VIEWS, violations

pytestmark = [pytest.mark.browser, pytest.mark.promise("MO-1")]


@pytest.fixture
def write(site, settings):
    """Write lines as the engine does."""
    redis = new_redis(settings.redis_url)

    def lines(*texts, level="info"):
        with site.sessions.tenant(site.company.id) as session:
            owner = session.get_one(Connection, site.company.connection_id)
            for text in texts:
                journal.log(session, owner, level, text)
        journal.announce(redis, session)

    yield lines
    redis.close()


@pytest.fixture
def address(site):
    return f"{site.url}/t/{site.company.slug}/connections/{site.company.connection_id}/log"


def texts(page: Page, beginning: str) -> list[str]:
    """What the lines say that begin so, in their order."""
    found: list[str] = page.eval_on_selector_all("#log .said", "all => all.map(one => one.innerText.trim())")
    return [text for text in found if text.startswith(beginning)]


def at_end(page: Page) -> bool:
    end: bool = page.evaluate("log.scrollHeight - log.scrollTop - log.clientHeight < 24")
    return end


def open_log(page: Page, address: str) -> None:
    """Open a log and wait until its stream flows."""
    with page.expect_response(re.compile("/events/")):
        page.goto(address)


def test_a_log_follows_waits_for_a_reader_and_survives_a_lost_connection(
    site, sign_in, write, address, complaints
):
    page = sign_in(site.admin)
    write(*(f"filler {number}" for number in range(60)))
    open_log(page, address)
    log, new = page.get_by_role("log"), page.locator("[data-follow-new]")
    write("newest line")
    expect(log).to_contain_text("newest line", timeout=3000)
    assert at_end(page)

    # A reader scrolls up, by the keyboard: lines are counted, and nothing moves.
    log.focus()
    page.keyboard.press("Home")
    expect(page.get_by_text("Paused")).to_be_visible()
    oldest = page.locator("#log .row").first
    expect(oldest).to_be_in_viewport(ratio=1)
    write("two", "three")
    expect(new).to_have_text("2 new lines ↓")
    expect(oldest).to_be_in_viewport(ratio=1)
    assert violations(page) == []
    new.press("Enter")
    expect(page.get_by_text("Following", exact=True)).to_be_visible()
    assert at_end(page)

    # Cut off, and back: what happened meanwhile is there, once. Chromium lets an open stream be, so the
    # server ends it, as it does before it stops.
    page.context.set_offline(True)
    page.evaluate("log._htmx.sse.reader.cancel()")
    write("meanwhile 1", "meanwhile 2")
    expect(page.get_by_text("The connection is lost.")).to_be_visible()
    page.context.set_offline(False)
    expect(log).to_contain_text("meanwhile 2", timeout=6000)
    write("meanwhile 3")
    expect(log).to_contain_text("meanwhile 3", timeout=3000)
    assert texts(page, "meanwhile") == ["meanwhile 1", "meanwhile 2", "meanwhile 3"]
    expect(page.locator("[data-live-state]")).to_have_text("")
    offline = ("ERR_INTERNET_DISCONNECTED", "Failed to fetch")
    assert [said for said in complaints if not any(word in said for word in offline)] == []


def test_a_log_is_filtered_by_its_address_and_gone_through_by_keys(site, sign_in, write, address, complaints):
    page = sign_in(site.admin, viewport=VIEWS["phone"])
    write("first error", level="stuck")
    write(*(f"quiet {number}" for number in range(30)))
    write("second error", level="bug")
    open_log(page, address)
    log = page.get_by_role("log")
    log.focus()
    for key, error in (("p", "second error"), ("p", "first error"), ("n", "second error")):
        page.keyboard.press(key)
        expect(page.locator("#log .row:focus")).to_contain_text(error)
    page.keyboard.press("n")
    expect(page.get_by_text("There is no later error.")).to_be_visible()

    page.get_by_label("bug").check()
    page.get_by_label("Words").fill("error")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url("**/log?level=bug&entity=&text=error")
    expect(log).not_to_contain_text("quiet")
    write("held back", level="info")
    write("third error", level="bug")
    expect(log).to_contain_text("third error", timeout=3000)
    assert "held back" not in log.inner_text()
    page.go_back()
    page.wait_for_url(address)
    expect(log).to_contain_text("held back")
    page.go_forward()
    expect(page.get_by_label("Words")).to_have_value("error")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert complaints == []
