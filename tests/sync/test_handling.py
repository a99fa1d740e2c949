"""What people do about problems: each act once, to what was shown, and told when somebody was faster."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.identity import accounts
from portal.models import AuditEvent, Connection, Link, Problem, ProblemAct, ProblemChoice, new_id, utc_now
from portal.sync import handling, journal
from portal.sync.audit import Actor
from portal.sync.decisions import Finding
from portal.sync.handling import Assign, CannotHandle, Ignore, Note, Reopen, Retry
from tests.sync.engine.shop import Shop, open_shop

ANN, BO = Actor("Ann"), Actor("Bo")
SKU = Finding("sku_unknown", "SKU A is unknown", "Give the item this SKU.", cause="A")


@pytest.fixture
def shop(desk, tenant_id) -> Shop:
    return open_shop(desk, tenant_id)


@pytest.fixture
def people(desk):
    with desk.sessions.identity() as session:
        user = accounts.create_user(session, "cy@example.com", "Cy", "correct horse battery")
    return {"Cy": user.id}


def hold_up(shop, *findings):
    """An order with these problems; its link."""
    link_id = shop.mark(new_id().hex)
    say(shop, link_id, *findings or (SKU,))
    return link_id


def say(shop, link_id, *findings):
    with shop.desk.tenant(shop.tenant_id) as session:
        journal.report(session, session.get_one(Link, link_id), findings)


def shown(shop):
    """All problems, as a page shows them now."""
    with shop.desk.tenant(shop.tenant_id) as session:
        return {one.id: one.revision for one in session.scalars(select(Problem).order_by(Problem.id))}


def do(shop, act, these=None, *, who=ANN, form=None):
    with shop.desk.tenant(shop.tenant_id) as session:
        keys, ids = shop.desk.settings.master_keys, shown(shop) if these is None else these
        return handling.handle(session, keys, shop.tenant_id, act, ids, form or new_id(), actor=who)


def only(shop):
    with shop.desk.tenant(shop.tenant_id) as session:
        return session.scalars(select(Problem)).one()


def told(shop):
    with shop.desk.tenant(shop.tenant_id) as session:
        rows = session.scalars(select(ProblemAct).order_by(ProblemAct.at))
        return [(row.actor, row.did, row.text) for row in rows]


def until(**ahead):
    return Ignore(text="It is seasonal", until=utc_now() + timedelta(**ahead), day="Dec 1")


@pytest.mark.promise("MO-4")
def test_each_act_changes_the_problem_and_is_told(shop, people):
    hold_up(shop)
    do(shop, Assign(to_id=people["Cy"], to_name="Cy"))
    do(shop, Note(text="Rang the buyer.\nShe calls back."))
    do(shop, until(days=3))
    problem = only(shop)
    assert (problem.assignee_id, problem.assignee_name, problem.state) == (people["Cy"], "Cy", "ignored")
    do(shop, Reopen(), who=BO)
    do(shop, Assign())
    problem = only(shop)
    assert (problem.assignee_name, problem.ignored_because, problem.state) == (None, None, "open")
    assert told(shop) == [
        ("Ann", "gave it to Cy", ""),
        ("Ann", "wrote", "Rang the buyer.\nShe calls back."),
        ("Ann", "ignored it until the end of Dec 1", "It is seasonal"),
        ("Bo", "took it up again", ""),
        ("Ann", "gave it to nobody", ""),
    ]


def test_a_retry_marks_the_order_for_a_look(shop):
    link_id = hold_up(shop)
    before = shop.link(link_id).dirty_seq
    assert do(shop, Retry()).links == 1
    assert shop.link(link_id).dirty_seq == before + 1


def test_a_problem_of_no_order_cannot_be_retried_and_the_page_is_told_why(shop):
    with shop.desk.tenant(shop.tenant_id) as session:
        connection = session.get_one(Connection, shop.connection_id)
        journal.report(session, connection, (Finding("not_answering", "It is away", "Wait."),))
    [passed] = do(shop, Retry()).passed
    assert "about no order or product" in passed.why


@pytest.mark.promise("MO-4")
def test_the_second_of_two_people_is_told_who_was_faster_and_when(shop):
    link_id = hold_up(shop)
    page = shown(shop)
    do(shop, Retry(), page, who=ANN)
    late = do(shop, Retry(), page, who=BO)
    assert late.done == []
    assert late.passed[0].why.startswith("Ann had it looked at again at ")
    assert shop.link(link_id).dirty_seq == 2


def test_the_same_form_sent_twice_is_one_act(shop):
    hold_up(shop)
    page, form = shown(shop), new_id()
    for act in (Note(text="Once"), Note(text="Once")):
        again = do(shop, act, page, form=form)
    assert again.passed[0].why.startswith("it was done already: Ann wrote at ")
    assert len(told(shop)) == 1


def test_two_notes_at_the_same_time_are_both_kept(shop):
    hold_up(shop)
    page = shown(shop)
    do(shop, Note(text="Mine"), page, who=ANN)
    do(shop, Note(text="Yours"), page, who=BO)
    assert [text for *_, text in told(shop)] == ["Mine", "Yours"]


def test_a_note_overtakes_nobody(shop):
    hold_up(shop)
    page = shown(shop)
    do(shop, Note(text="Rang them"), page, who=BO)
    assert len(do(shop, Retry(), page).done) == 1


@pytest.mark.promise("MO-4")
def test_twenty_clicks_at_once_are_one_retry(shop):
    link_id = hold_up(shop)
    page = shown(shop)
    with ThreadPoolExecutor(10) as pool:
        done = list(
            pool.map(lambda number: len(do(shop, Retry(), page, who=(ANN, BO)[number % 2]).done), range(20))
        )
    assert sum(done) == 1
    assert shop.link(link_id).dirty_seq == 2


def test_a_problem_that_closed_meanwhile_is_left_and_its_reason_said(shop):
    link_id = hold_up(shop)
    page = shown(shop)
    say(shop, link_id)
    for act in (Retry(), until(days=1)):
        [passed] = do(shop, act, page).passed
        assert passed.why == "it is closed (It was looked at again and the cause is gone.)"


def test_an_ignored_problem_comes_back_when_its_day_is_over(shop):
    hold_up(shop)
    do(shop, until(days=1))
    assert handling.wake(shop.desk) == 0
    with shop.desk.tenant(shop.tenant_id) as session:
        session.get_one(Problem, only(shop).id).ignored_until = utc_now() - timedelta(seconds=1)
    assert handling.wake(shop.desk) == 1
    assert only(shop).state == "open"
    assert told(shop)[-1] == ("Trellis", "took it up again", "The day until which it was ignored is over.")
    assert handling.wake(shop.desk) == 0


def test_an_ignored_problem_comes_back_when_it_gets_worse_and_not_when_it_is_the_same(shop):
    link_id = hold_up(shop, SKU)
    do(shop, until(days=1))
    say(shop, link_id, SKU)
    assert only(shop).state == "ignored"
    say(
        shop, link_id, Finding(SKU.code, SKU.title, SKU.next_step, cause="A", evidence={"near": ["A1", "A2"]})
    )
    assert only(shop).state == "open"
    assert told(shop)[-1][:2] == ("Trellis", "took it up again")


def test_an_ignored_problem_closes_by_itself_like_any_other(shop):
    link_id = hold_up(shop)
    do(shop, until(days=1))
    say(shop, link_id)
    assert only(shop).state == "closed"
    assert handling.wake(shop.desk) == 0


def test_a_problem_keeps_what_its_order_comes_to(shop):
    link_id = hold_up(shop)
    with shop.desk.tenant(shop.tenant_id) as session:
        session.get_one(Link, link_id).snapshot = {"total": "342.50"}
    say(shop, link_id, SKU)
    assert str(only(shop).held) == "342.5000"


WRONG = {
    "no reason": ("text", lambda: Ignore(text=" ", until=utc_now() + timedelta(days=1), day="")),
    "a day that is over": ("until", lambda: Ignore(text="It is fine", until=utc_now(), day="")),
    "a day in two years": ("until", lambda: until(days=700)),
    "an empty note": ("text", lambda: Note(text="\n ")),
    "a book": ("text", lambda: Note(text="x" * 2001)),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_is_refused_in_words(wrong):
    field, make = WRONG[wrong]
    with pytest.raises(CannotHandle) as refusal:
        make()
    assert refusal.value.field == field


def choose(shop, ids=None, act="retry"):
    with shop.desk.tenant(shop.tenant_id) as session:
        rows = [[str(one), revision] for one, revision in (ids or shown(shop)).items()]
        row = ProblemChoice(
            id=new_id(), tenant_id=shop.tenant_id, act=act, made_by="Ann", shown=rows, matched=len(rows)
        )
        session.add(row)
    return row.id


def carry_out(shop, choice_id, act, who=ANN):
    with shop.desk.tenant(shop.tenant_id) as session:
        choice = session.get_one(ProblemChoice, choice_id)
        return handling.carry_out(session, shop.desk.settings.master_keys, choice, act, actor=who)


@pytest.mark.promise("MO-4")
def test_many_are_touched_exactly_as_they_were_shown(shop):
    links = [hold_up(shop) for _ in range(4)]
    choice_id = choose(shop)
    by_link = {one.link_id: one for one in problems(shop)}
    do(shop, until(days=1), {by_link[links[0]].id: 0}, who=BO)
    say(shop, links[1])
    hold_up(shop)  # one that was not shown

    came_of_it = carry_out(shop, choice_id, Retry())

    assert {one.link_id for one in came_of_it.done} == set(links[2:])
    why = sorted(one.why for one in came_of_it.passed)
    assert why[0].startswith("Bo ignored it until the end of Dec 1 at ")
    assert why[1:] == ["it is closed (It was looked at again and the cause is gone.)"]
    assert [shop.link(one).dirty_seq for one in links] == [1, 1, 2, 2]
    assert carry_out(shop, choice_id, Retry(), BO) is None
    with shop.desk.tenant(shop.tenant_id) as session:
        choice = session.get_one(ProblemChoice, choice_id)
        assert (choice.done_by, choice.done, len(choice.passed)) == ("Ann", 2, 2)


def test_what_two_people_carry_out_at_once_is_done_once(shop):
    for _ in range(10):
        hold_up(shop)
    ids = [choose(shop), choose(shop)] * 4
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda choice_id: carry_out(shop, choice_id, Retry()), ids))
    assert sum(len(one.done) for one in done if one) == 10


def test_one_act_on_many_is_one_row_of_the_audit(shop):
    for _ in range(3):
        hold_up(shop)
    do(shop, Note(text="The buyer knows"))
    with shop.desk.tenant(shop.tenant_id) as session:
        rows = session.scalars(select(AuditEvent).where(AuditEvent.action == "problem.noted")).all()
        assert [row.detail for row in rows] == [
            {"problems": 3, "causes": ["sku_unknown A"], "text": "The buyer knows"}
        ]


def problems(shop):
    with shop.desk.tenant(shop.tenant_id) as session:
        return session.scalars(select(Problem)).all()
