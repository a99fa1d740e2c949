"""Pages that change while somebody looks, and those that work without anything that changes them."""

import pytest
from sqlalchemy import select

from portal.extensions import new_redis
from portal.models import Link
from portal.sync import journal
from tests.web import factory

pytestmark = pytest.mark.browser


@pytest.fixture
def tell(site, settings):
    redis = new_redis(settings.redis_url)

    def write(title, **changes):
        with site.sessions.tenant(site.company.id) as session:
            link = session.scalars(select(Link).where(Link.id == site.told_order).with_for_update()).one()
            for name, value in changes.items():
                setattr(link, name, value)
            journal.tell(session, link, journal.Entry("flourish", "Warehouse, Flourish", title))
            journal.log(session, link, "done", f"logged {title}")
        journal.announce(redis, session)

    yield write
    redis.close()


def test_an_order_changes_on_its_page_without_a_reload(site, sign_in, tell, complaints):
    page = sign_in(site.admin)
    page.goto(f"{site.url}/t/{site.company.slug}/orders/{site.told_order}")
    page.evaluate("window.reloaded = false")
    page.wait_for_timeout(400)
    before = page.locator("#story > li").count()
    tell(
        "Shipped by hand",
        flourish_status="Shipped",
        decision_text="LeafLink has to follow to Shipped.",
        state="waiting",
    )
    page.wait_for_selector("#story >> text=Shipped by hand", timeout=3000)
    page.wait_for_selector("#order-verdict >> text=LeafLink has to follow to Shipped.", timeout=3000)
    assert page.locator(".lane >> nth=1").locator(".here").inner_text() == "Shipped"
    assert page.locator("#story > li").count() == before + 1
    page.click("button:has-text('Look again')")
    page.wait_for_selector("#notices >> text=Trellis is looking at both sides again", timeout=3000)
    page.wait_for_selector("#story >> text=Asked for a new look", timeout=3000)
    assert page.evaluate("window.reloaded") is False
    assert complaints == []


def test_without_streams_the_page_asks_every_three_seconds(site, sign_in, tell):
    page = sign_in(site.admin)
    page.route("**/events/**", lambda route: route.fulfill(status=503, body=""))
    page.goto(f"{site.url}/t/{site.company.slug}/orders/{site.told_order}")
    page.wait_for_timeout(300)
    tell("found by asking")
    page.wait_for_selector("text=asking every 3 seconds instead", timeout=8000)
    page.wait_for_selector("#story >> text=found by asking", timeout=8000)
    page.wait_for_timeout(3500)
    assert page.locator("#story >> text=found by asking").count() == 1


def test_everything_works_without_scripts(site, sign_in, tell):
    page = sign_in(site.admin, java_script_enabled=False)
    page.goto(f"{site.url}/t/{site.company.slug}/orders")
    page.click("table a.mono")
    assert page.inner_text("h1").startswith("Order ")
    page.fill("input[name=q]", "4f2a1187")
    page.press("input[name=q]", "Enter")
    # A whole number leads straight there, however it is written.
    assert page.inner_text("h1") == "Order 4F2A-1187"
    page.click("button:has-text('Look again')")
    assert "Trellis is looking at both sides again" in page.inner_text("#notices")
    page.click("summary:has-text('Dana Reyes')")
    page.click("button:has-text('Dark')")
    assert page.get_attribute("html", "data-theme") == "dark"
    page.click("summary:has-text('Dana Reyes')")
    page.click("button:has-text('Sign out')")
    assert page.inner_text("h1") == "Sign in"


def test_foreign_text_runs_no_script(site, sign_in, complaints):
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    with site.sessions.tenant(site.company.id) as session:
        link = factory.order(session, site.company, label=evil, decision_text=evil, state="stuck")
        factory.event(session, link, evil, actor=evil, text=evil, detail={"changes": [[evil, evil, evil]]})
        factory.problem(session, link, title=evil, text=evil, next_step=evil)
        factory.line(session, site.company, evil, entity=evil, link_id=link.id)
    page = sign_in(site.admin)
    for address in (
        "orders",
        f"orders/{link.id}",
        "problems",
        f"connections/{site.company.connection_id}/log",
    ):
        page.goto(f"{site.url}/t/{site.company.slug}/{address}")
        page.wait_for_timeout(300)
    assert complaints == []


def test_the_policy_lets_no_text_become_code(site, sign_in):
    page = sign_in(site.admin)
    page.evaluate(
        """() => {
            setTimeout("window.evaluated = true", 0);
            document.body.setAttribute("onclick", "window.handled = true");
            document.body.click();
            const script = document.createElement("script");
            script.textContent = "window.inlined = true";
            document.body.append(script);
        }"""
    )
    page.wait_for_timeout(200)
    assert page.evaluate("[window.evaluated, window.handled, window.inlined]") == [None, None, None]
