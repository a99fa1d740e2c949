"""An order's page: what comes next and by when, tries as one row, and what can be done where one stands."""

import re
from datetime import timedelta

import pytest

from portal.models import Link, utc_now
from tests.web import factory
from tests.web.asked import statements


def page(visitor, company, link):
    return " ".join(visitor.get(f"/t/{company.slug}/orders/{link.id}").text.split())


@pytest.mark.promise("MO-2")
@pytest.mark.parametrize(
    ("minutes", "words", "late"),
    [(14, "normally within 2 min; ", True), (1, "normally within 2 min; ", False)],
)
def test_the_next_step_stands_with_its_age_and_what_is_normal(sessions, company, admin, minutes, words, late):
    with sessions.tenant(company.id) as session:
        since = utc_now() - timedelta(minutes=minutes)
        link = factory.order(
            session, company, state="waiting", decision_code="bring_in", state_since=since, flourish_id=None
        )
    text = page(admin, company, link)
    assert words in text
    assert f">{minutes} min" in text
    assert ('<span class="status warn">Late</span>' in text) is late


def test_what_staff_do_counts_from_when_flourish_came_into_its_status(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company, state_since=utc_now() - timedelta(days=9))
        factory.event(session, link, "Allocated", side="flourish", at=utc_now() - timedelta(hours=5))
    text = page(admin, company, link)
    assert "normally within 2 days; " in text
    assert ">5 h<" in text
    assert ">Late<" not in text


def test_where_nothing_is_owed_no_time_is_named(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company, flourish_status="Completed")
    assert "normally within" not in page(admin, company, link)


@pytest.mark.promise("MO-2")
def test_tries_of_a_write_are_one_row_that_opens(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company)
        for error in ("503 from Flourish", "No answer in 10 s"):
            factory.operation(session, link, status="abandoned", error=error)
        worked = factory.operation(session, link)
        factory.event(session, link, "Created 00018842", side="flourish", operation_id=worked.id)
    text = page(admin, company, link)
    assert "2 tries before this came to nothing" in text
    assert text.index("503 from Flourish") < text.index("No answer in 10 s")
    assert text.count('data-cursor="') == 1
    assert "2 tries before this" in admin.get(f"/t/{company.slug}/orders/{link.id}/story").text


def test_tries_that_go_on_stand_beside_what_comes_next(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company, state="waiting", decision_code="retry", flourish_id=None)
        factory.operation(session, link, status="abandoned", error="503 from Flourish", http_status=503)
    text = page(admin, company, link)
    assert "1 try so far came to nothing" in text
    assert "HTTP 503" in text


def test_an_order_that_moved_says_what_it_was(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company, flourish_id="00018842", former_ids=["00018001"])
    text = page(admin, company, link)
    assert "Moved to another facility; before that it was" in text
    assert "<code>00018001</code>" in text


def test_a_problem_on_the_page_leads_to_where_it_is_put_right(sessions, company, admin, viewer):
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company, state="stuck", flourish_id=None)
        problem = factory.problem(session, link, code="term_missing", cause="Net 15")
    text = page(admin, company, link)
    assert f"/connections/{company.connection_id}/rules#terms-label" in text
    assert f"/problems/{problem.id}" in text
    assert "Your data" in text
    assert "#terms-label" not in page(viewer, company, link)


@pytest.mark.promise("MO-2")
def test_an_order_is_put_on_hold_and_released_on_its_page(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company, state="waiting", flourish_id=None)
    address = f"/t/{company.slug}/orders/{link.id}"
    admin.get(address)
    assert admin.post(f"{address}/hold", {"reason": ""}).status_code == 303
    assert "Nothing was changed. Say why" in page(admin, company, link)
    admin.post(f"{address}/hold", {"reason": "The buyer rang"})
    text = page(admin, company, link)
    assert re.search(r"Dana Reyes put it on hold [^:]+: The buyer rang", text)
    assert "normally within" not in text
    admin.post(f"{address}/hold", {"reason": "Again"})
    assert "Dana Reyes has put it on hold already" in page(admin, company, link)
    admin.post(f"{address}/release")
    assert "Trellis goes on with it now" in page(admin, company, link)
    with sessions.tenant(company.id) as session:
        assert session.get_one(Link, link.id).on_hold_since is None


def test_whoever_may_only_look_holds_and_releases_nothing(sessions, company, viewer):
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company)
    assert "Put it on hold" not in page(viewer, company, link)
    for act in ("hold", "release"):
        assert viewer.post(f"/t/{company.slug}/orders/{link.id}/{act}", {"reason": "x"}).status_code == 403


def test_the_page_asks_for_as_much_however_long_its_story_is(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company, state="stuck")
        factory.event(session, link, "Seen")
    with statements() as few:
        page(admin, company, link)
    with sessions.tenant(company.id) as session:
        for number in range(40):
            worked = factory.operation(session, link, natural_key=f"k{number}")
            factory.event(session, link, f"Row {number}", operation_id=worked.id)
            factory.problem(session, link, cause=str(number), code="term_missing")
    with statements() as many:
        page(admin, company, link)
    assert len(many) == len(few)
