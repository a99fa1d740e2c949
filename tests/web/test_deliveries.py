"""Webhook deliveries: listed, shown without what is secret, and taken in again as often as somebody likes."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from portal.models import AuditEvent, Connection, Delivery, Link, utc_now
from tests.web import factory

BODY = {"type": "order", "action": "edit", "data": {"number": "n-77", "email": "buyer@shop.example"}}


@pytest.fixture
def delivery(sessions, company):
    """One of an order that Trellis did not know then."""
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company, due_at=None)
        return factory.delivery(
            session,
            link,
            topic="order/edit",
            body=json.dumps(BODY).encode(),
            outcome="ignored",
            outcome_text="Not ours.",
        )


def at(company, delivery=None, more=""):
    return f"/t/{company.slug}/deliveries{f'/{delivery.id}' if delivery else ''}{more}"


@pytest.mark.promise("MO-5")
def test_deliveries_are_listed_with_what_became_of_them(company, delivery, viewer):
    text = viewer.get(at(company)).text
    assert "order/edit" in text
    assert "Not ours." in text
    for query, there in (
        ("outcome=ignored", True),
        ("outcome=waiting", False),
        (f"source={company.connection_id}", True),
        (f"source={company.hub_id}", False),
        ("ref=n-0", False),
        ("topic=order/edit", True),
    ):
        assert ("Not ours." in viewer.get(at(company, more=f"?{query}")).text) is there, query


def test_pages_go_on_behind_the_last_row(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company)
        for number in range(60):
            when = utc_now() - timedelta(minutes=number)
            factory.delivery(session, link, topic=f"topic-{number:02}", received_at=when)
    text = admin.get(at(company)).text
    older = text.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    both = text + admin.get(older).text
    assert all(f">topic-{number:02}<" in both for number in range(60))
    assert ">topic-50<" not in text


@pytest.mark.promise("MO-5")
def test_a_body_is_shown_without_what_is_personal(company, delivery, admin):
    text = admin.get(at(company, delivery)).text
    assert "n-77" in text
    assert "buyer@shop.example" not in text


@pytest.mark.promise("MO-5")
def test_a_delivery_taken_in_again_marks_what_it_speaks_of_and_twice_is_harmless(
    sessions, company, delivery, admin
):
    with sessions.tenant(company.id) as session:
        session.execute(update(Connection).values(last_delivery_at=None))
    admin.get(at(company, delivery))
    for _ in range(2):
        assert admin.post(at(company, delivery, "/again")).status_code == 303

    with sessions.tenant(company.id) as session:
        link = session.scalars(select(Link).where(Link.foreign_id == "n-77")).one()
        assert link.due_at is not None
        assert session.scalars(select(Connection.last_delivery_at)).one() is None
        told = session.scalars(select(AuditEvent).where(AuditEvent.action == "delivery.taken_again")).all()
        assert len(told) == 2


def test_viewers_do_not_and_what_cannot_be_read_says_so(sessions, company, delivery, viewer, admin):
    assert viewer.post(at(company, delivery, "/again")).status_code == 403
    assert "Take this delivery" not in viewer.get(at(company, delivery)).text
    with sessions.tenant(company.id) as session:
        session.execute(update(Delivery).values(body=b"{"))
    admin.get(at(company, delivery))
    answer = admin.post(at(company, delivery, "/again"))
    assert (answer.status_code, "cannot be read" in answer.text) == (422, True)
    with sessions.tenant(company.id) as session:
        session.execute(update(Delivery).values(body=None))
    answer = admin.post(at(company, delivery, "/again"))
    assert (answer.status_code, "not kept any more" in answer.text) == (409, True)
