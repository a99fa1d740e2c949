"""A ticket tells an order's story, and nobody's name."""

from typing import Any

import pytest

from portal.models import Link, utc_now
from tests.web import factory

BUYER, REP, STAFF = "Harbor Wellness", "Sam Ortiz", "Dana Reyes"
NOTE = "Ask Kim at (510) 555-0142 or kim.doe@mail.example"


@pytest.fixture
def link(sessions, company):
    with sessions.tenant(company.id) as session:
        link = factory.order(
            session,
            company,
            label="4F2A-1187",
            state="stuck",
            former_ids=["00018001"],
            flourish_id="00018842",
        )
        actor = f"{BUYER}, LeafLink"
        factory.event(session, link, f"Order submitted by {BUYER}", side="platform", actor=actor, text=NOTE)
        factory.event(session, link, "Asked for a new look", actor=STAFF)
        factory.event(session, link, "Put on hold", actor="Sam Port (support)", text=f"{STAFF} asked for it")
        tried = factory.operation(
            session, link, status="abandoned", error="503 from Flourish", natural_key="k"
        )
        worked = factory.operation(session, link, natural_key="k")
        factory.event(session, link, "Created 00018842", side="flourish", operation_id=worked.id)
        title = f"Customer {BUYER} has no license number"
        factory.problem(
            session, link, code="no_license", cause="7", title=title, text=f"{REP} sells to them."
        )
        link.on_hold_since, link.on_hold_by, link.on_hold_because = utc_now(), STAFF, f"{REP} rang"
        assert tried.intent_at <= worked.intent_at
    return link


@pytest.fixture
def text(company, admin, link):
    answer = admin.get(f"/t/{company.slug}/orders/{link.id}/ticket")
    assert answer.mimetype == "text/plain"
    return answer.text


@pytest.mark.promise("MO-2")
def test_it_says_what_support_needs(text, link):
    for words in (
        "Order 4F2A-1187",
        "LeafLink: Accepted 4F2A-1187",
        "Flourish: Allocated 00018842",
        "Moved; in Flourish it was before: 00018001",
        "Problem no_license (the data) since",
        "somebody, LeafLink: Order submitted by the customer",
        "tried create_order: abandoned, 503 from Flourish",
        "On hold since",
        "the sales rep rang",
        str(link.id),
    ):
        assert words in text, words


@pytest.mark.promise("MO-2")
@pytest.mark.parametrize("name", [BUYER, REP, STAFF, "Sam Port", "555-0142", "kim.doe"])
def test_it_names_nobody(text, name):
    assert name not in text


def test_the_company_itself_gets_the_same_as_support(sessions, company, viewer, link, text):
    assert viewer.get(f"/t/{company.slug}/orders/{link.id}/ticket").text == text


def test_an_order_that_was_never_read_has_one_too(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        values: dict[str, Any] = {
            "state": "new",
            "flourish_id": None,
            "snapshot": {},
            "foreign_status": None,
            "next_step": None,
        }
        link = factory.order(session, company, label="NEW", **values)
        assert session.get_one(Link, link.id).decision_code is None
    assert "Order NEW" in admin.get(f"/t/{company.slug}/orders/{link.id}/ticket").text
