"""One search finds any order ever seen, and says why it is not in Flourish."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal.models import Connection, Stream, utc_now
from portal.sync import journal
from tests.web import admission, factory
from tests.web.acts import recorded

LABEL = re.compile(r'class="mono"\s+href="[^"]+">([^<]+)</a>')
NUMBER = "6f1c1d0a-2b3c-4d5e-8f90-a1b2c3d4e5f6"


def search(visitor, company, typed):
    return visitor.get(f"/t/{company.slug}/orders", query_string={"q": typed})


def listed(answer):
    return sorted(LABEL.findall(answer.text))


@pytest.fixture
def order(sessions, company):
    with sessions.tenant(company.id) as session:
        row = factory.order(session, company, label="4F2A-1187", foreign_id=NUMBER, flourish_id="00018842")
        journal.remember_terms(session, row, ["GG-1G-PR"], numbers=["PO-5512"])
        return row


@pytest.mark.promise("MO-3")
@pytest.mark.parametrize(
    "typed",
    [
        "4F2A-1187",
        "4f2a1187",
        " 4F2A 1187 ",
        "#4F2A-1187",
        NUMBER,
        NUMBER.replace("-", ""),
        "00018842",
        "po-5512",
        "PO 5512",
    ],
)
def test_a_whole_number_of_an_order_leads_straight_to_it(company, admin, order, typed):
    answer = search(admin, company, typed)
    assert (answer.status_code, answer.location) == (302, f"/t/{company.slug}/orders/{order.id}")


@pytest.mark.promise("MO-3")
@pytest.mark.parametrize(
    "typed",
    ["4F2", "6f1c1d0a", "000188", "PO-55", "Harbor", "harbor wellness", "C11-0000214-LIC", "c110000214",
     "BD-35-LMN", "bd35", "GG-1G"],
)  # fmt: skip
def test_what_is_no_whole_number_of_one_order_lists_what_it_finds(company, admin, order, typed):
    assert listed(search(admin, company, typed)) == ["4F2A-1187"]


def test_a_number_that_two_orders_have_lists_both_whatever_their_connections(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        other = factory.connection(session, company.id, company.hub_id, name="Second shop")
        for label, connection_id in (("ONE-1", company.connection_id), ("TWO-2", other)):
            row = factory.order(session, company, label=label, connection_id=connection_id)
            journal.remember_terms(session, row, numbers=["PO-7"])
    answer = search(admin, company, "PO-7")
    assert (answer.status_code, listed(answer)) == (200, ["ONE-1", "TWO-2"])


def test_a_filter_beside_a_number_keeps_the_list(company, admin, order):
    answer = admin.get(f"/t/{company.slug}/orders?q=4F2A-1187&place=in_flourish")
    assert (answer.status_code, listed(answer)) == (200, ["4F2A-1187"])


@pytest.mark.fault(74)
def test_no_number_leads_out_of_the_company(sessions, company, admin):
    other = factory.company(sessions)
    with sessions.tenant(other.id) as session:
        factory.order(session, other, label="THEIRS-1")
    answer = search(admin, company, "THEIRS-1")
    assert answer.status_code == 200
    assert "No order is found by" in answer.text


# How an order is that is not in Flourish, and what its row says of that.
NOT_THERE = {
    "not taken": (
        {"state": "skipped", "decision_text": "Not taken: its status is Draft.", "next_step": "Accept it."},
        ("Not taken: its status is Draft.", "Accept it."),
    ),
    "left alone": (
        {"state": "skipped", "decision_code": "left_alone", "decision_text": "Left alone by Ann."},
        ("Left alone by Ann.",),
    ),
    "stuck": (
        {"state": "stuck", "decision_text": "SKU X is unknown.", "next_step": "Correct the SKU."},
        ("SKU X is unknown.", "Correct the SKU."),
    ),
    "not looked at": ({"state": "new"}, ("Not looked at yet: it waits for its turn.",)),
}


@pytest.mark.promise("MO-3")
@pytest.mark.parametrize("how", NOT_THERE)
def test_the_row_says_why_an_order_is_not_in_flourish_and_what_comes_next(sessions, company, admin, how):
    values: dict[str, Any] = dict(NOT_THERE[how][0])
    with sessions.tenant(company.id) as session:
        factory.order(session, company, label="4F2A-1187", flourish_id=None, **values)
    answer = search(admin, company, "4F2A-11")
    assert listed(answer) == ["4F2A-1187"]
    text = " ".join(answer.text.split())
    assert [sentence for sentence in NOT_THERE[how][1] if sentence not in text] == []


def test_an_order_of_a_connection_that_is_not_live_says_what_that_means(sessions, admin, company):
    with sessions.tenant(company.id) as session:
        paused = factory.connection(session, company.id, company.hub_id, name="Shop", state="paused")
        factory.order(
            session, company, label="4F2A-1187", flourish_id=None, state="new", next_step=None,
            connection_id=paused,
        )  # fmt: skip
    text = " ".join(search(admin, company, "4F2A").text.split())
    assert "Not looked at yet. Shop is paused:" in text


@pytest.mark.promise("MO-3")
def test_an_unknown_number_says_what_was_searched_when_it_was_read_and_what_to_do(company, admin, order):
    answer = search(admin, company, "ZZ-<b>9")
    text = " ".join(answer.text.split())
    assert "No order is found by “ZZ-&lt;b&gt;9”" in text
    assert "Greenleaf Farms on LeafLink" in text
    assert re.search(r'data-label="Last read">\s*3 min', text)
    assert re.search(r'data-label="Last told">\s*4\d s ago', text)
    assert "Check the number on the platform" in text
    assert "Ask the platforms now" in text


def test_who_may_not_retry_is_told_what_to_do_without_the_button(company, viewer, order):
    text = search(viewer, company, "ZZ-9").text
    assert "Check the number on the platform" in text
    assert "Ask the platforms now</button>" not in text


def due_at(sessions, company):
    with sessions.tenant(company.id) as session:
        return session.scalar(select(Stream.due_at).where(Stream.name == "orders"))


def test_asking_has_the_lists_of_orders_read_now_and_is_recorded(sessions, company, admin, order):
    search(admin, company, "ZZ-9")
    answer = admin.post(f"/t/{company.slug}/orders/ask", {"q": "ZZ-9"})
    assert (answer.status_code, answer.location) == (303, f"/t/{company.slug}/orders?q=ZZ-9")
    assert due_at(sessions, company) <= utc_now()
    assert [act.subject for act in recorded(sessions, company.id, "order.asked_for")] == ["ZZ-9"]
    assert "asked for new and changed orders now" in admin.get(answer.location).text


@pytest.mark.parametrize("state", ["draft", "needs_credentials", "disconnected"])
def test_a_connection_that_may_not_be_read_is_not_asked(sessions, company, admin, state):
    with sessions.tenant(company.id) as session:
        session.get_one(Connection, company.connection_id).state = state
    admin.get(f"/t/{company.slug}/orders")
    answer = admin.post(f"/t/{company.slug}/orders/ask", {"q": "ZZ-9"}, follow_redirects=True)
    assert "Nothing was asked" in answer.text
    assert due_at(sessions, company) > utc_now() + timedelta(seconds=60)


def test_support_finds_an_order_and_no_personal_data_with_it(sessions, company, as_user):
    note = "Call Kim (510) 555-0142"
    agent = factory.user(sessions, staff_role="support")
    with sessions.tenant(company.id) as session:
        admission.grant(session, company, agent, given=True)
        factory.order(
            session, company, label="4F2A-1187", state="skipped", flourish_id=None, decision_text=note,
            next_step=note, snapshot=factory.snapshot(customer={"name": note, "license": note}),
        )  # fmt: skip
    answer = search(as_user(agent), company, "4F2A")
    assert listed(answer) == ["4F2A-1187"]
    assert "555-0142" not in answer.text
