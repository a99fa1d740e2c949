import re
from datetime import timedelta

from portal.models import Link, utc_now
from portal.queries import problems
from tests.web import factory
from tests.web.conftest import first


def test_a_cause_is_retried_for_exactly_the_orders_on_its_button(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        held = [factory.order(session, company, state="stuck") for _ in range(3)]
        for link in held:
            factory.problem(session, link)
        other = factory.order(session, company, state="stuck")
        factory.problem(session, other, code="edited_late", cause="")
    page = f"/t/{company.slug}/problems"
    assert "Retry 3 orders" in admin.get(page).text
    admin.post(f"{page}/retry-cause", {"code": "sku_unknown", "cause": "BD-35-LMN"})
    assert "looking at 3 orders again" in admin.get(page).text
    with sessions.tenant(company.id) as session:
        assert [session.get_one(Link, link.id).dirty_seq for link in held] == [2, 2, 2]
        assert session.get_one(Link, other.id).dirty_seq == 1


def test_one_problem_is_retried(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company, state="stuck")
        problem = factory.problem(session, link)
    page = f"/t/{company.slug}/problems"
    admin.get(page)
    assert admin.post(f"{page}/{problem.id}/retry").status_code == 303
    with sessions.tenant(company.id) as session:
        assert session.get_one(Link, link.id).dirty_seq == 2


def test_retrying_too_often_is_refused(sessions, company, admin):
    page = f"/t/{company.slug}/problems"
    admin.get(page)
    answers = [admin.post(f"{page}/retry-cause", {"code": "x"}).status_code for _ in range(21)]
    assert answers == [303] * 20 + [429]


def test_a_closed_problem_says_what_closed_it(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        problem = factory.problem(session, factory.order(session, company), title="Rep unknown")
        problem.closed_at, problem.closed_because = utc_now(), "A later look found the rep."
    page = f"/t/{company.slug}/problems"
    assert "No open problems" in admin.get(page).text
    closed = admin.get(f"{page}?show=closed").text
    assert "Rep unknown" in closed
    assert "A later look found the rep." in closed


def test_a_cause_leads_to_its_orders(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        factory.problem(session, factory.order(session, company, label="ONE"))
        factory.problem(session, factory.order(session, company, label="TWO"), code="other", cause="a&b=c")
    page = admin.get(f"/t/{company.slug}/problems").text
    address = first(r'href="([^"]+code=other[^"]+)"', page).replace("&amp;", "&")
    text = admin.get(address).text
    assert "TWO" in text
    assert "ONE" not in text


def test_paging_skips_nothing_and_repeats_nothing(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company)
        for number in range(120):
            factory.problem(
                session,
                link,
                cause=f"cause {number:03}",
                title=f"[{number:03}]",
                opened_at=utc_now() - timedelta(seconds=number // 30),
            )
    seen, address = [], f"/t/{company.slug}/problems?code=sku_unknown"
    address = f"/t/{company.slug}/problems"
    while address:
        text = admin.get(address).text
        seen += re.findall(r"<b>\[(\d{3})\]</b>\s*<br>\s*<span class=\"small\">", text)
        older = re.search(r'href="([^"]+)"\s+rel="next"', text)
        address = older[1].replace("&amp;", "&") if older else ""
    assert sorted(seen) == [f"{number:03}" for number in range(120)]


def test_the_causes_that_hold_up_most_come_first_in_the_words_of_their_newest_problem(sessions, company):
    with sessions.tenant(company.id) as session:
        for place in range(3):
            link = factory.order(session, company, state="stuck")
            factory.problem(
                session, link, title=f"Unknown, {place}", opened_at=utc_now() - timedelta(hours=9 - place)
            )
            factory.problem(session, link, code="once", cause=str(place))
        found = problems.by_cause(session, company.id, size=2)
    assert [(row.code, row.number, row.orders) for row in found] == [("sku_unknown", 3, 3), ("once", 1, 1)]
    assert found[0].title == "Unknown, 2"
