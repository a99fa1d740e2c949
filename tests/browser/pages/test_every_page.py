"""What holds for every page that links lead to, whoever looks at it."""

import pytest

from tests.browser.conftest import violations
from tests.browser.pages.walks import Look, Walks

pytestmark = pytest.mark.browser

# Each scheme and each width once; tests/browser/test_story.py looks at its pages in all four.
EXAMINED = [
    Look("admin", "light", "phone", is_examined=True),
    Look("admin", "dark", "desktop", is_examined=True),
]
LOOKS = [*EXAMINED, Look("owner_of_nothing", "light", "desktop"), Look("support", "light", "desktop")]
FEWEST = {"admin": 20, "owner_of_nothing": 6, "support": 1}

in_looks = pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.who}-{look.theme}-{look.view}")


@pytest.fixture(scope="module")
def walks(browser, site):
    return Walks(browser, site)


@pytest.mark.parametrize("who", FEWEST)
def test_every_link_leads_somewhere(walks, who):
    found = walks.links(who)
    assert len(found) >= FEWEST[who]
    assert {address: answer.status for address, answer in found.items() if answer.status != 200} == {}


@in_looks
def test_no_page_breaks_the_policy_for_anybody(walks, look):
    visits = walks.visits(look)
    assert visits
    assert {address: visit.complaints for address, visit in visits.items() if visit.complaints} == {}
    assert {address: visit.asked for address, visit in visits.items() if visit.asked} == {}


@in_looks
def test_no_page_scrolls_sideways(walks, look):
    assert [address for address, visit in walks.visits(look).items() if visit.is_wide] == []


@pytest.mark.parametrize("look", EXAMINED, ids=lambda look: f"{look.theme}-{look.view}")
def test_no_page_has_an_accessibility_violation(walks, look):
    visits = walks.visits(look)
    assert {address: visit.violations for address, visit in visits.items() if visit.violations} == {}


def test_axe_names_every_place_that_is_wrong(site, sign_in):
    """So that the silence of the other tests means something."""
    page = sign_in(site.admin)
    page.evaluate("document.querySelector('main').append(new Image(), new Image())")
    [found] = [one for one in violations(page) if " image-alt: " in one]
    assert found.count(" ; ") == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_around_the_company_have_no_accessibility_violation(site, sign_in, browser, theme):
    context = browser.new_context(color_scheme=theme)
    page = context.new_page()
    for address in ("/sign-in", "/healthz-not-there"):
        page.goto(f"{site.url}{address}")
        assert violations(page) == []
    page.goto(f"{site.url}/sign-in")
    page.click("button:has-text('Sign in')")
    assert violations(page) == []
    context.close()
    for who in (site.support, site.operator, site.owner_of_nothing):
        page = sign_in(who, color_scheme=theme)
        assert violations(page) == []
