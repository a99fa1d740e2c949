"""Pages of orders from before go-live: a list of their own, several decided at once, by who may."""

from __future__ import annotations

import re

import pytest

from portal.models import Link
from tests.web import factory
from tests.web.acts import recorded


@pytest.fixture
def early(sessions, company):
    """Two orders that wait for an answer, one that was left alone, and one that came in."""
    with sessions.tenant(company.id) as session:
        rows = [
            factory.order(
                session, company, label=label, state="skipped", flourish_id=None, decision_code=code
            )
            for label, code in (("ONE", "before_go_live"), ("TWO", "before_go_live"), ("LEFT", "left_alone"))
        ]
        rows.append(factory.order(session, company, label="IN"))
        return {row.label: row.id for row in rows}


def choices(sessions, company, ids):
    with sessions.tenant(company.id) as session:
        return {label: session.get_one(Link, one).choices for label, one in ids.items()}


def listed(visitor, company):
    text = visitor.get(f"/t/{company.slug}/orders?place=earlier").text
    return re.findall(r'name="order"\s+value="([^"]+)"', text), text


@pytest.mark.promise("LL-29")
def test_those_that_wait_for_an_answer_are_listed_and_several_are_decided_at_once(
    sessions, company, admin, early
):
    ids, text = listed(admin, company)
    assert set(ids) == {str(early["ONE"]), str(early["TWO"])}
    assert "From before go-live" in text

    answer = admin.post(f"/t/{company.slug}/orders/earlier", {"order": ids, "act": "bring_in"})

    assert answer.status_code == 303
    assert "Trellis brings 2 orders in now." in admin.get(answer.location).text
    chosen = choices(sessions, company, early)
    assert chosen == {"ONE": {"intake": "bring_in"}, "TWO": {"intake": "bring_in"}, "LEFT": {}, "IN": {}}
    assert len(recorded(sessions, company.id, "order.brought_in")) == 1


@pytest.mark.parametrize("order", [[], ["no-id"], ["IN"]])
def test_what_does_not_wait_is_left_as_it_is(sessions, company, admin, early, order):
    ids = [str(early.get(one, one)) for one in order]

    answer = admin.post(f"/t/{company.slug}/orders/earlier", {"order": ids, "act": "leave_alone"})

    assert "Nothing was changed" in admin.get(answer.location).text
    assert not any(choices(sessions, company, early).values())


def test_an_act_that_nobody_knows_is_refused(company, admin, early):
    data = {"order": [str(early["ONE"])], "act": "delete"}

    assert admin.post(f"/t/{company.slug}/orders/earlier", data).status_code == 303
    assert "Nothing was changed: choose whether" in admin.get(f"/t/{company.slug}/orders").text


def test_an_orders_own_page_offers_the_three_answers(sessions, company, admin, early):
    page = f"/t/{company.slug}/orders/{early['ONE']}"
    text = admin.get(page).text
    for words in ("Bring it in", "Leave it alone", "It is in Flourish already"):
        assert words in text
    assert "Which Flourish order is it?" in admin.get(f"{page}/matches").text

    data = {"order": str(early["ONE"]), "act": "leave_alone", "back": "order"}
    answer = admin.post(f"/t/{company.slug}/orders/earlier", data)

    assert answer.location.endswith(page)
    assert choices(sessions, company, early)["ONE"] == {"intake": "leave_alone"}


def test_an_order_is_not_joined_with_nothing(company, admin, early):
    answer = admin.post(f"/t/{company.slug}/orders/{early['ONE']}/join", {"flourish_id": " "})

    assert answer.status_code == 422
    assert "Enter the id" in answer.text


@pytest.mark.parametrize("path", ["matches", "join"])
def test_an_order_that_came_in_is_joined_with_nothing_else(company, admin, early, path):
    answer = admin.post(f"/t/{company.slug}/orders/{early['IN']}/{path}", {"flourish_id": "1"})

    assert answer.status_code == 404


def test_a_viewer_reads_the_list_and_decides_nothing(company, viewer, early):
    ids, text = listed(viewer, company)
    assert ids == []
    assert "ONE" in text
    assert "Bring it in" not in viewer.get(f"/t/{company.slug}/orders/{early['ONE']}").text
    data = {"order": [str(early["ONE"])], "act": "bring_in"}
    assert viewer.post(f"/t/{company.slug}/orders/earlier", data).status_code == 403


@pytest.mark.promise("ON-9")
def test_any_order_that_is_not_in_flourish_is_left_alone_and_brought_in_again(
    sessions, company, admin, viewer
):
    with sessions.tenant(company.id) as session:
        held = factory.order(
            session, company, label="HELD", state="stuck", flourish_id=None, decision_code="x"
        )
        there = factory.order(session, company, label="THERE")
        addresses = {one.label: f"/t/{company.slug}/orders/{one.id}" for one in (held, there)}
        link_id = held.id
    assert "Leave it alone" in admin.get(addresses["HELD"]).text
    assert "Leave it alone" not in admin.get(addresses["THERE"]).text
    assert "Leave it alone" not in viewer.get(addresses["HELD"]).text

    data = {"order": [str(link_id)], "act": "leave_alone", "back": "order"}
    admin.post(f"/t/{company.slug}/orders/earlier", data)

    with sessions.tenant(company.id) as session:
        link = session.get_one(Link, link_id)
        assert (link.choices, link.due_at is not None) == ({"intake": "leave_alone"}, True)
        link.decision_code, link.state = "left_alone", "skipped"
    assert len(recorded(sessions, company.id, "order.left_alone")) == 1
    assert "Bring it in" in admin.get(addresses["HELD"]).text
