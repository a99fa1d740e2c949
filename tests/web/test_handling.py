"""Handling problems on pages: one at once, several after a page that says exactly what is touched."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from portal.models import Link, Problem, ProblemAct, ProblemChoice, utc_now
from tests.web import factory
from tests.web.conftest import first


@pytest.fixture
def held(sessions, company):
    """Three orders that one cause holds up."""
    with sessions.tenant(company.id) as session:
        return [
            factory.problem(session, factory.order(session, company, label=f"H-{number}"), held="100.00")
            for number in range(3)
        ]


@pytest.fixture
def page(company):
    return f"/t/{company.slug}/problems"


def hidden(text):
    """What every form of a problem's page sends along."""
    return dict(re.findall(r'name="(revision|form_id)"\s+value="([^"]+)"', text))


def act(visitor, page, problem, kind, **fields):
    """Fill in a form of a problem's page, as it is now."""
    text = visitor.get(f"{page}/{problem.id}").text
    return visitor.post(f"{page}/{problem.id}/handle", {"act": kind, **hidden(text), **fields})


def one(sessions, company, problem):
    with sessions.tenant(company.id) as session:
        return session.get_one(Problem, problem.id)


def did(sessions, company, problem):
    with sessions.tenant(company.id) as session:
        query = select(ProblemAct).where(ProblemAct.problem_id == problem.id).order_by(ProblemAct.at)
        return [f"{row.actor} {row.did}" for row in session.scalars(query)]


def choose(visitor, page, kind, *problems, **fields):
    """Tick problems, or send a list's filters; the page that asks."""
    visitor.get(page)
    ids = [str(one.id) for one in problems]
    answer = visitor.post(f"{page}/choose", {"act": kind, "problem": ids, **fields})
    assert answer.status_code == 303
    return answer.location


@pytest.mark.promise("MO-4")
def test_what_is_done_about_a_problem_stands_on_its_page(sessions, company, as_user, held, page):
    me = factory.member(sessions, company, "admin", name="Dana Reyes")
    admin = as_user(me)
    day = (utc_now() + timedelta(days=5)).date()
    assert act(admin, page, held[0], "assign", assignee=str(me.id)).status_code == 303
    act(admin, page, held[0], "note", text="Rang the buyer <b>twice</b>.")
    act(admin, page, held[0], "ignore", text="Seasonal item", until=day.isoformat())

    text = admin.get(f"{page}/{held[0].id}").text
    for words in (
        "gave it to Dana Reyes",
        "Rang the buyer &lt;b&gt;twice&lt;/b&gt;.",
        "Seasonal item",
        f"ignored it until the end of {day:%b} {day.day}, {day.year}",
        '<span class="status idle">Ignored</span>',
    ):
        assert words in text
    problem = one(sessions, company, held[0])
    assert (problem.assignee_id, problem.assignee_name) == (me.id, "Dana Reyes")
    assert problem.ignored_until.astimezone(ZoneInfo("America/Los_Angeles")).date() == day
    act(admin, page, held[0], "reopen")
    assert one(sessions, company, held[0]).state == "open"


def test_a_problem_is_given_to_somebody_of_the_company_and_to_no_stranger(
    sessions, company, admin, held, page
):
    stranger = factory.user(sessions)
    answer = act(admin, page, held[0], "assign", assignee=str(stranger.id))
    assert answer.status_code == 422
    assert "Choose somebody of the list." in answer.text
    assert one(sessions, company, held[0]).assignee_id is None


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("note", {"text": " "}, "Write something."),
        ("ignore", {"text": "Why", "until": "2099-01-01"}, "Give a reason of 5"),
        ("ignore", {"text": "It is fine", "until": ""}, "Choose a day."),
        ("ignore", {"text": "It is fine", "until": "2001-01-01"}, "Choose a day that is not over yet."),
        ("ignore", {"text": "It is fine", "until": "2099-01-01"}, "Choose a day within a year."),
        ("sing", {}, "Choose what is to be done."),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    sessions, company, admin, held, page, kind, fields, words
):
    answer = act(admin, page, held[0], kind, **fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert did(sessions, company, held[0]) == []


@pytest.mark.promise("MO-4")
def test_a_double_click_is_one_act(sessions, company, admin, held, page):
    text = admin.get(f"{page}/{held[0].id}").text
    for _ in range(2):
        admin.post(f"{page}/{held[0].id}/handle", {"act": "retry", **hidden(text)})
    assert "It was done already: Dana Reyes had it looked at again at" in admin.get(page).text
    with sessions.tenant(company.id) as session:
        assert session.get_one(Link, held[0].link_id).dirty_seq == 2


@pytest.mark.promise("MO-4")
def test_the_slower_of_two_agents_is_told_who_did_what(sessions, company, as_user, held, page):
    ann, bo = (as_user(factory.member(sessions, company, "admin", name=name)) for name in ("Ann", "Bo"))
    pages = [hidden(who.get(f"{page}/{held[0].id}").text) for who in (ann, bo)]
    for who, fields in zip((ann, bo), pages, strict=True):
        who.post(f"{page}/{held[0].id}/handle", {"act": "retry", **fields})
    assert re.search(
        r"Nothing was changed\. Ann had it looked at again at \d\d:\d\d:\d\d UTC", bo.get(page).text
    )
    assert did(sessions, company, held[0]) == ["Ann had it looked at again"]


@pytest.mark.promise("MO-4")
def test_a_whole_cause_is_retried_after_a_page_that_says_how_many(sessions, company, admin, held, page):
    with sessions.tenant(company.id) as session:
        other = factory.problem(session, factory.order(session, company), code="no_rep", cause="")
    text = admin.get(f"{page}?code=sku_unknown&cause=BD-35-LMN").text
    assert "Retry all 3…" in text
    address = choose(admin, page, "retry", code="sku_unknown", cause="BD-35-LMN", all="yes")
    asked = " ".join(admin.get(address).text.split())
    assert "Have 3 problems looked at again?" in asked
    assert "3 orders and products, $300.00 held up" in asked
    with sessions.tenant(company.id) as session:
        factory.problem(session, factory.order(session, company))  # after it was shown

    assert admin.post(address).status_code == 303

    text = " ".join(admin.get(address).text.split())
    assert "3 of 3 were touched" in text
    assert "0 closed by now, 3 still open" in text
    with sessions.tenant(company.id) as session:
        touched = session.scalars(select(Link.id).where(Link.tenant_id == company.id, Link.dirty_seq == 2))
        assert set(touched) == {problem.link_id for problem in held}
        assert session.get_one(Problem, other.id).revision == 0


def test_how_far_a_retry_is_can_be_read_afterwards(sessions, company, admin, held, page):
    address = choose(admin, page, "retry", *held)
    admin.post(address)
    with sessions.tenant(company.id) as session:
        for problem in held[:2]:
            row = session.get_one(Problem, problem.id)
            row.closed_at, row.closed_because = utc_now(), "The SKU is known now."
    text = " ".join(admin.get(address).text.split())
    assert "2 closed by now, 1 still open" in text


@pytest.mark.promise("MO-4")
def test_the_ticked_ones_are_touched_and_what_changed_meanwhile_is_named(
    sessions, company, admin, held, page
):
    address = choose(admin, page, "ignore", held[0], held[1])
    act(admin, page, held[1], "retry")
    day = (utc_now() + timedelta(days=2)).date().isoformat()
    admin.post(address, {"text": "The buyer knows", "until": day})
    assert [one(sessions, company, problem).state for problem in held] == ["ignored", "open", "open"]
    text = admin.get(address).text
    assert "1 of 2 was touched" in " ".join(text.split())
    assert "SKU BD-35-LMN is unknown in Flourish: Dana Reyes had it looked at again at" in text


def test_what_is_carried_out_twice_is_done_once_and_says_by_whom(sessions, company, admin, held, page):
    address = choose(admin, page, "note", *held)
    for _ in range(2):
        admin.post(address, {"text": "Known"})
    assert "Nothing was done now: Dana Reyes has done it already." in admin.get(address).text
    assert [len(did(sessions, company, problem)) for problem in held] == [1, 1, 1]


def test_a_form_that_is_not_filled_in_asks_again_and_does_nothing(sessions, company, admin, held, page):
    address = choose(admin, page, "note", *held)
    assert admin.post(address, {"text": ""}).status_code == 422
    with sessions.tenant(company.id) as session:
        chosen = session.scalars(select(ProblemChoice).where(ProblemChoice.tenant_id == company.id)).one()
        assert chosen.done_at is None


def test_more_than_are_taken_at_once_are_said(sessions, company, admin, held, page, monkeypatch):
    monkeypatch.setattr("portal.blueprints.handling.MOST_AT_ONCE", 2)
    text = admin.get(choose(admin, page, "retry", all="yes")).text
    assert "Have 2 problems looked at again?" in text
    assert "The list shows 3; as many as 2 are taken at once" in " ".join(text.split())


@pytest.mark.parametrize("fields", [{}, {"act": "retry"}, {"act": "sing", "all": "yes"}, {"problem": "x"}])
def test_nothing_ticked_is_nothing_done(company, admin, held, page, fields):
    admin.get(page)
    answer = admin.post(f"{page}/choose", {"show": "open", "who": "tenant", **fields})
    assert answer.location == f"{page}?show=open&who=tenant"
    assert "tick problems first" in admin.get(page).text


def test_only_what_the_list_shows_can_be_chosen(sessions, company, admin, held, page):
    other = factory.company(sessions)
    with sessions.tenant(other.id) as session:
        theirs = factory.problem(session, factory.order(session, other))
    address = choose(admin, page, "retry", held[0], theirs)
    assert "Have 1 problem looked at again?" in admin.get(address).text


def test_a_near_sku_is_said_to_be_the_same_where_its_orders_are_counted(sessions, company, admin, page):
    with sessions.tenant(company.id) as session:
        for _ in range(2):
            link = factory.order(
                session, company, state="stuck", flourish_id=None, decision_code="sku_unknown"
            )
            factory.problem(session, link, evidence={"near": ["BD-3.5-LMN"]})
    text = admin.get(f"{page}?code=sku_unknown&cause=BD-35-LMN").text
    assert "They are the same, release 2 orders" in " ".join(text.split())
    address = first(r'action="([^"]+/matches/sku/link)"', text)
    answer = admin.post(address, {"left": "BD-35-LMN", "right": "BD-3.5-LMN"}, follow_redirects=True)
    assert "2 orders are looked at again." in answer.text


def test_a_viewer_may_do_none_of_it(sessions, company, viewer, held, page):
    viewer.get(page)
    for address in (f"{page}/{held[0].id}/handle", f"{page}/choose"):
        assert viewer.post(address, {"act": "retry", "all": "yes"}).status_code == 403
