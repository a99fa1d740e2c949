"""The checklist in a browser: by keyboard, at both widths, and while checks run."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from portal.models import CheckResult, Connection, Run
from portal.sync.readiness import assessing
from tests.browser.conftest import VIEWS, violations

pytestmark = pytest.mark.browser


@pytest.fixture
def address(site):
    return f"{site.url}/t/{site.company.slug}/connections/{site.company.connection_id}/readiness"


@pytest.mark.promise("ON-2")
@pytest.mark.parametrize("view", VIEWS)
def test_every_state_is_told_in_words_at_both_widths(site, sign_in, address, complaints, view):
    page = sign_in(site.admin, viewport=VIEWS[view])
    for place in ("", "/sku", "/rep", "/lot", "/writers"):
        page.goto(f"{address}{place}")
        assert violations(page) == []
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.goto(address)
    said = set(page.locator(".check > .status").all_inner_texts())
    words = {
        "Ready",
        "Action needed",
        "Check advised",
        "Cannot start yet",
        "Waived",
        "For later",
        "Not checked",
    }
    assert {text.splitlines()[0] for text in said} == words
    assert complaints == []


@pytest.mark.promise("ON-2")
def test_a_row_is_opened_by_keyboard_and_keeps_the_focus_while_checks_run(site, sign_in, address):
    with site.sessions.tenant(site.company.id) as session:
        run_id = assessing.begin(session, session.get_one(Connection, site.company.connection_id))
    page = sign_in(site.admin)
    page.goto(address)
    page.locator("#check-terms").focus()
    with site.sessions.tenant(site.company.id) as session:
        row = session.scalars(select(CheckResult).where(CheckResult.name == "terms")).one()
        row.run_id, row.evidence = run_id, "Flourish has all of 7 terms."
    page.wait_for_selector("text=Flourish has all of 7 terms.")

    assert page.evaluate("document.activeElement.id") == "check-terms"
    with site.sessions.tenant(site.company.id) as session:
        ended = update(Run).where(Run.id == run_id).values(state="done", finished_at=func.now())
        session.execute(ended)
    page.wait_for_selector("#checklist:not([hx-get])")
    assert page.evaluate("document.activeElement.id") == "check-terms"
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/terms")
