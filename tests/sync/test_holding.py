"""An order on hold is read and decided on, and nothing is written for it until it is released."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.models import AuditEvent, Link
from portal.sync import holding
from portal.sync.audit import Actor
from portal.sync.engine import crash
from tests.sync.engine.shop import Shop, open_shop

ANN, BO = Actor("Ann"), Actor("Bo")


@pytest.fixture
def shop(desk, tenant_id) -> Shop:
    return open_shop(desk, tenant_id)


def hold(shop, link_id, reason="The buyer rang", who=ANN):
    with shop.desk.tenant(shop.tenant_id) as session:
        link = session.get_one(Link, link_id, with_for_update={"key_share": True})
        return holding.hold(session, shop.desk.settings.master_keys, link, reason, actor=who)


def release(shop, link_id):
    with shop.desk.tenant(shop.tenant_id) as session:
        link = session.get_one(Link, link_id, with_for_update={"key_share": True})
        return holding.release(session, shop.desk.settings.master_keys, link, actor=BO)


@pytest.mark.promise("MO-2")
def test_nothing_is_written_for_an_order_on_hold_and_its_page_says_what_would_be(shop):
    link_id = shop.arrive()
    assert hold(shop, link_id)
    shop.look()
    link = shop.link(link_id)
    assert (link.state, link.decision_code) == ("waiting", "bring_in")
    assert "Ann has put it on hold (The buyer rang)" in (link.decision_text or "")
    assert shop.writes() == 0

    assert release(shop, link_id)
    shop.look_until_quiet()
    assert shop.link(link_id).state == "settled"
    assert shop.writes() > 0


def test_other_orders_go_on_beside_it(shop):
    held, other = shop.arrive(number="1"), shop.arrive(number="2")
    hold(shop, held)
    shop.look_until_quiet()
    assert (shop.link(held).state, shop.link(other).state) == ("waiting", "settled")


def test_it_is_in_force_from_the_next_write_on(shop, monkeypatch):
    link_id = shop.arrive()
    done: list[bool] = []

    def hold_now(name):
        if name == "decided" and not done:
            done.append(hold(shop, link_id))

    monkeypatch.setattr(crash, "point", hold_now)
    shop.look()
    assert done == [True]
    assert shop.writes() == 0


def test_the_first_of_two_who_hold_it_stays(shop):
    link_id = shop.arrive()
    assert hold(shop, link_id, who=ANN)
    assert not hold(shop, link_id, "Another reason", who=BO)
    assert shop.link(link_id).on_hold_by == "Ann"


def test_what_is_not_on_hold_is_not_released(shop):
    link_id = shop.arrive()
    before = shop.link(link_id).dirty_seq
    assert not release(shop, link_id)
    assert shop.link(link_id).dirty_seq == before


@pytest.mark.parametrize("reason", ["", "  \n ", "x" * 301])
def test_a_hold_says_why(shop, reason):
    link_id = shop.arrive()
    with pytest.raises(holding.NoReason):
        hold(shop, link_id, reason)
    assert shop.link(link_id).on_hold_since is None


def test_both_are_in_the_audit_and_in_the_story(shop):
    link_id = shop.arrive()
    hold(shop, link_id)
    release(shop, link_id)
    with shop.desk.tenant(shop.tenant_id) as session:
        query = select(AuditEvent).where(AuditEvent.action.startswith("order.")).order_by(AuditEvent.seq)
        rows = session.scalars(query).all()
    assert [(row.actor, row.action) for row in rows] == [("Ann", "order.held"), ("Bo", "order.released")]
    assert shop.story(link_id)[-2:] == ["Put on hold", "Released"]
