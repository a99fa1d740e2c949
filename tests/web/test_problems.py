import re
from datetime import timedelta
from typing import Any

import pytest

from portal.models import Problem, utc_now
from portal.queries import bounded, problems
from tests.web import factory
from tests.web.asked import statements
from tests.web.conftest import first

TITLE = re.compile(r'<a href="[^"]+/problems/[0-9a-f-]{36}"><b>([^<]+)</b>')


def listed(visitor, company, query=""):
    return TITLE.findall(visitor.get(f"/t/{company.slug}/problems{query}").text)


def test_a_closed_problem_says_what_closed_it(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        problem = factory.problem(session, factory.order(session, company), title="Rep unknown")
        problem.closed_at, problem.closed_because = utc_now(), "A later look found the rep."
    page = f"/t/{company.slug}/problems"
    assert "No open problems" in admin.get(page).text
    for address in (f"{page}?show=closed", f"{page}/{problem.id}"):
        text = admin.get(address).text
        assert "Rep unknown" in text
        assert "A later look found the rep." in text


def test_a_cause_leads_to_its_problems(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        factory.problem(session, factory.order(session, company, label="ONE"))
        factory.problem(session, factory.order(session, company, label="TWO"), code="no_rep", cause="a&b=c")
    page = admin.get(f"/t/{company.slug}/problems").text
    address = first(r'href="([^"]+code=no_rep[^"]+)"', page).replace("&amp;", "&")
    text = admin.get(address).text
    assert "TWO" in text
    assert "ONE" not in text


def test_a_cause_says_how_many_problems_it_is_how_old_and_how_much_money_it_holds_up(
    sessions, company, admin
):
    with sessions.tenant(company.id) as session:
        for hours, held in ((5, "1842.00"), (1, "58.00")):
            opened = utc_now() - timedelta(hours=hours)
            factory.problem(session, factory.order(session, company), held=held, opened_at=opened)
    table = admin.get(f"/t/{company.slug}/problems").text
    text = admin.get(f"/t/{company.slug}/problems?code=sku_unknown&cause=BD-35-LMN").text
    assert re.search(r'data-label="Problems" class="num">2<', table)
    assert "$1,900.00" in table
    assert "5 h ago" in table
    assert "<b>$1,900.00</b> of 2 orders held up" in " ".join(text.split())
    assert "Retry all 2…" in text


def test_the_same_cause_on_two_connections_is_two_causes(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        second = factory.connection(session, company.id, company.hub_id, name="Sunrise")
        for connection_id in (company.connection_id, second):
            factory.problem(session, factory.order(session, company, connection_id=connection_id))
    text = admin.get(f"/t/{company.slug}/problems").text
    assert text.count('data-label="Held up"') == 2
    assert "Sunrise" in text


@pytest.mark.promise("MO-4")
def test_each_filter_narrows_the_list_is_in_the_address_and_can_be_removed(sessions, company, as_user):
    me = factory.member(sessions, company, "admin")
    visitor = as_user(me)
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company)
        second = factory.connection(session, company.id, company.hub_id, name="Sunrise")
        there = factory.order(session, company, connection_id=second)
        factory.problem(session, link, title="Mine", cause="1", assignee_id=me.id, assignee_name=me.name)
        factory.problem(session, there, title="Theirs", cause="2")
        factory.problem(session, link, title="A bug", code="bug", who="operator")
        tomorrow = utc_now() + timedelta(days=1)
        factory.problem(
            session, link, title="Left", cause="3", ignored_until=tomorrow, ignored_because="Later"
        )
        over = factory.problem(session, link, title="Over", cause="4")
        over.closed_at, over.closed_because = utc_now(), "It is gone."
    for query, expected in {
        "": ["A bug", "Mine", "Theirs"],
        "?assigned=me": ["Mine"],
        f"?assigned={me.id}": ["Mine"],
        "?assigned=nobody": ["A bug", "Theirs"],
        f"?connection={second}": ["Theirs"],
        "?who=operator": ["A bug"],
        "?blame=trellis": ["A bug"],
        "?blame=data": ["Mine", "Theirs"],
        "?blame=refused": [],
        "?code=sku_unknown": ["Mine", "Theirs"],
        "?code=sku_unknown&cause=2": ["Theirs"],
        "?show=ignored": ["Left"],
        "?show=closed": ["Over"],
        "?show=closed&who=operator": [],
    }.items():
        assert sorted(listed(visitor, company, query)) == expected, query
    page = " ".join(visitor.get(f"/t/{company.slug}/problems?assigned=me&who=tenant").text.split())
    assert f'href="/t/{company.slug}/problems?show=open&amp;who=tenant" aria-label="Remove Given to: me"' in (
        page.replace("who=tenant&amp;show=open", "show=open&amp;who=tenant")
    )


@pytest.mark.parametrize(
    "query",
    [
        "?show=mars",
        "?connection=x",
        "?who=god",
        "?blame=x",
        "?assigned=%00",
        "?cause=only",
        "?after=nonsense",
        "?after=9.x",
    ],
)
def test_filters_that_make_no_sense_are_left_out(sessions, company, admin, query):
    with sessions.tenant(company.id) as session:
        factory.problem(session, factory.order(session, company), title="Only")
    assert listed(admin, company, query) == ["Only"]


@pytest.mark.parametrize("show", ["open", "ignored", "closed"])
def test_paging_skips_nothing_and_repeats_nothing(sessions, company, admin, show):
    states: dict[str, dict[str, Any]] = {
        "open": {},
        "ignored": {"ignored_until": utc_now() + timedelta(days=2), "ignored_because": "Known"},
        "closed": {"closed_because": "gone"},
    }
    state = states[show]
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company)
        for number in range(120):
            at = utc_now() - timedelta(seconds=number // 30)
            closed = {"closed_at": at} if show == "closed" else {}
            title, cause = f"[{number:03}]", f"cause {number:03}"
            factory.problem(session, link, cause=cause, title=title, opened_at=at, **state, **closed)
    seen, address = [], f"?show={show}"
    while address:
        text = admin.get(f"/t/{company.slug}/problems{address}").text
        seen += TITLE.findall(text)
        older = re.search(r'href="[^"]+/problems(\?[^"]+)"\s+rel="next"', text)
        address = older[1].replace("&amp;", "&") if older else ""
    assert sorted(seen) == [f"[{number:03}]" for number in range(120)]


def test_counts_end_where_they_would_get_slow_and_say_so(sessions, company, admin, monkeypatch):
    monkeypatch.setattr(bounded, "FEW", 3)
    monkeypatch.setattr(problems, "MOST_GROUPED", 4)
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company)
        for number in range(6):
            factory.problem(session, link, cause=str(number))
    text = admin.get(f"/t/{company.slug}/problems").text
    assert 'Open <span class="num">3+</span>' in " ".join(text.split())
    assert "counted among the newest 4" in text


def test_the_page_asks_for_as_much_however_many_there_are(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        factory.problem(session, factory.order(session, company))
    with statements() as few:
        admin.get(f"/t/{company.slug}/problems")
    with sessions.tenant(company.id) as session:
        for number in range(60):
            factory.problem(session, factory.order(session, company), cause=str(number % 20))
    with statements() as many:
        admin.get(f"/t/{company.slug}/problems")
    assert len(many) == len(few)


BLAMED = {
    "worker_died": "Trellis failed",
    "refused": "Refused",
    "needs_credentials": "Connection",
    "sku_unknown": "Your data",
    "edited_after_allocation": "Your decision",
}


@pytest.mark.parametrize("code", BLAMED)
def test_a_page_tells_our_failure_from_a_refusal_and_from_wrong_data(sessions, company, admin, code):
    with sessions.tenant(company.id) as session:
        problem = factory.problem(session, factory.order(session, company), code=code)
    for address in ("", f"/{problem.id}", f"?code={code}&cause=BD-35-LMN"):
        text = admin.get(f"/t/{company.slug}/problems{address}").text
        assert re.search(rf'<span class="status \w+">{BLAMED[code]}</span>', text), address


PLACES = {
    ("sku_unknown", "BD-35"): "/matches/sku?state=missing_right&amp;q=BD-35",
    ("rep_unknown", "a@x"): "/matches/rep?state=missing_right&amp;q=a@x",
    ("category_unknown", "Flower"): "/matches/category?state=missing_left&amp;q=Flower",
    ("term_missing", "Net 15"): "/rules#terms-label",
    ("rounding_too_large", ""): "/rules#price_places-label",
    ("samples_held", ""): "/rules#samples-label",
    ("check_regressed", "sku"): "/readiness/sku",
    ("mass_drop", ""): "/connections/",
    ("originals_unknown", ""): "#originals-title",
    ("many_items", ""): "/products?connection=",
}


@pytest.mark.parametrize(("code", "cause"), PLACES)
def test_a_problem_leads_to_the_very_place_where_it_is_put_right(sessions, company, admin, code, cause):
    with sessions.tenant(company.id) as session:
        problem = factory.problem(session, factory.order(session, company), code=code, cause=cause)
    text = admin.get(f"/t/{company.slug}/problems/{problem.id}").text
    found = re.findall(r'class="button primary"\s+href="([^"]+)"', text)
    assert len(found) == 1
    assert PLACES[code, cause] in found[0]
    assert admin.get(found[0].replace("&amp;", "&").partition("#")[0]).status_code == 200


def test_a_viewer_sees_all_and_is_offered_no_act(sessions, company, viewer):
    with sessions.tenant(company.id) as session:
        problem = factory.problem(session, factory.order(session, company), code="term_missing")
    for address in ("", "?code=term_missing&cause=BD-35-LMN", f"/{problem.id}"):
        text = viewer.get(f"/t/{company.slug}/problems{address}").text
        assert 'method="post" action="/t/' not in text.partition('<main id="main"')[2]
        assert "Open the rule" not in text


def test_another_companys_problem_is_not_there(sessions, company, admin):
    other = factory.company(sessions)
    with sessions.tenant(other.id) as session:
        problem = factory.problem(session, factory.order(session, other))
    page = f"/t/{company.slug}/problems/{problem.id}"
    admin.get(f"/t/{company.slug}/problems")
    assert admin.get(page).status_code == 404
    assert admin.post(f"{page}/handle", {"act": "retry"}).status_code == 404
    with sessions.tenant(other.id) as session:
        assert session.get_one(Problem, problem.id).revision == 0
