"""Pages of a company in which every text is hostile, as a browser takes them."""

import pytest
from sqlalchemy import select

from portal.extensions import new_redis
from portal.models import Link
from portal.sync import journal
from tests.browser.links import pages_of
from tests.browser.pages import hostile
from tests.browser.pages.walks import watch
from tests.web import factory

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def besieged(site):
    """A company full of the corpus, its longest story, and an owner whose name is hostile too."""
    company = factory.company(site.sessions)
    told = hostile.fill(site.sessions, company)
    return company, told, factory.member(site.sessions, company, "owner", name=hostile.CORPUS[0])


def rest(page):
    """Let everything that could start by itself start."""
    page.wait_for_timeout(150)
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true })")
    page.evaluate("document.querySelectorAll('main [hx-get], main [hx-trigger]').length")


@pytest.mark.fault(64)
def test_no_text_of_others_runs_asks_or_changes_a_page(site, sign_in, complaints, besieged):
    company, _, user = besieged
    page = sign_in(user.email)
    asked = watch(page, site)
    seen = pages_of(page, f"{site.url}/t/{company.slug}/")
    assert len(seen) > 15
    for address, answer in seen.items():
        assert answer.status == 200, address
        if not answer.is_html:
            continue
        page.goto(address)
        rest(page)
        # Both lead on by themselves: to the company, and to the line of the error.
        leads_on = address == f"{site.url}/" or "/log/error?" in address
        assert page.url == address or leads_on
        planted = page.evaluate(
            "[...document.querySelectorAll('[onerror],[onload],[onfocus],iframe,base,script:not([src]),style,"
            "hx-partial,template,[hx-on\\\\:click],[src^=x],[href^=javascript]')].map(e => e.outerHTML)"
        )
        assert planted == [], address
    assert complaints == []
    assert asked == []


@pytest.mark.fault(64)
def test_no_text_that_arrives_live_runs_either(site, sign_in, settings, complaints, besieged):
    company, told, user = besieged
    page = sign_in(user.email)
    asked = watch(page, site)
    redis = new_redis(settings.redis_url)
    for address in (f"orders/{told}", f"connections/{company.connection_id}/log"):
        page.goto(f"{site.url}/t/{company.slug}/{address}")
        page.wait_for_timeout(300)
        with site.sessions.tenant(company.id) as session:
            link = session.scalars(select(Link).where(Link.id == told).with_for_update()).one()
            for text in hostile.CORPUS:
                link.decision_text = text
                journal.tell(session, link, journal.Entry("flourish", text, text, text=text))
                journal.log(session, link, "done", f"arrived {text}")
        journal.announce(redis, session)
        page.wait_for_function(
            "document.querySelectorAll('main').length && document.body.innerText.includes('W'.repeat(300))",
            timeout=8000,
        )
        rest(page)
    redis.close()
    assert complaints == []
    assert asked == []


def test_a_broken_rule_is_reported_to_us(site, sign_in):
    """So that the silence of the other tests means something."""
    page = sign_in(site.admin)
    with page.expect_response("**/csp-report") as answered:
        page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'x'}))")
    assert answered.value.status == 204


def test_htmx_evaluates_nothing(site, sign_in):
    """Even where an attribute asks it to: the policy refuses eval, and no other way is configured."""
    page = sign_in(site.admin)
    page.goto(f"{site.url}/t/{site.company.slug}/")
    page.evaluate(
        """() => {
            window.evaluated = false;
            const planted = document.createElement("div");
            planted.innerHTML = `<p id="planted" hx-get="/healthz" hx-trigger="click[window.evaluated=true]"
                hx-vals="js:{a: window.evaluated = true}" hx-on:click="window.evaluated = true">x</p>`;
            document.body.append(planted);
            // Later, by itself: what the test evaluates itself is let past the policy.
            setTimeout(() => { htmx.process(planted); planted.firstChild.click(); }, 0);
        }"""
    )
    page.wait_for_timeout(200)
    assert page.evaluate("window.evaluated") is False


def test_going_back_after_signing_out_shows_nothing(site, sign_in):
    page = sign_in(site.admin)
    page.goto(f"{site.url}/t/{site.company.slug}/orders/{site.told_order}")
    page.goto(f"{site.url}/t/{site.company.slug}/orders")
    page.click("summary:has-text('Dana Reyes')")
    page.click("button:has-text('Sign out')")
    page.wait_for_url("**/sign-in")
    for _ in range(2):
        page.go_back()
        page.wait_for_load_state()
        assert page.inner_text("h1") == "Sign in"
        assert "4F2A-1187" not in page.content()
