"""Claims: one winner each, by the database's clock, and a fence that keeps late writers out."""

from __future__ import annotations

import threading
from collections import Counter
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from portal.models import Connection, Link, new_id
from portal.sync.audit import Actor
from portal.sync.domain import Hint
from portal.sync.engine import marks
from portal.sync.engine.claim import LostLease, claim_due, hand_back, hold, renew
from tests.sync.mapping.examples import order

ORDERS = 200


def make_links(shop, count):
    with shop.desk.tenant(shop.tenant_id) as session:
        connection = session.get_one(Connection, shop.connection_id)
        session.add_all(
            Link(
                id=new_id(),
                tenant_id=shop.tenant_id,
                connection_id=connection.id,
                hub_id=connection.hub_id,
                kind="order",
                foreign_id=str(number),
            )
            for number in range(count)
        )


@pytest.mark.fault(12)
def test_four_workers_at_once_claim_each_link_once(shop):
    make_links(shop, ORDERS)
    won: list[list[UUID]] = [[] for _ in range(4)]
    start = threading.Barrier(4)

    def work(mine):
        start.wait()
        while claims := shop.claims(most=3):
            assert len(claims) <= 3
            mine += [claim.link_id for claim in claims]

    threads = [threading.Thread(target=work, args=(mine,)) for mine in won]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    counts = Counter(link_id for mine in won for link_id in mine)
    assert len(counts) == ORDERS
    assert set(counts.values()) == {1}


def test_a_claimed_link_is_nobody_elses_until_its_lease_runs_out(shop):
    link_id = shop.arrive()
    (first,) = shop.claims()

    assert shop.claims() == []
    shop.pass_time(44)
    assert shop.claims() == []
    shop.pass_time(2)
    (second,) = shop.claims()

    assert second.fence > first.fence
    assert (shop.link(link_id).alone, shop.link(link_id).crashes) == (True, 0)


def test_a_renewed_lease_lasts_longer_and_only_for_its_holder(shop):
    shop.arrive()
    (first,) = shop.claims()
    shop.pass_time(40)
    with shop.desk.tenant(shop.tenant_id) as session:
        renew(session, [first], 45)
    shop.pass_time(10)
    assert shop.claims() == []

    shop.pass_time(40)
    (second,) = shop.claims()
    with shop.desk.tenant(shop.tenant_id) as session:
        renew(session, [first], 10_000)
    shop.pass_time(46)
    assert len(shop.claims()) == 1
    assert second.fence > first.fence


@pytest.mark.fault(8)
def test_a_late_worker_may_neither_hold_nor_hand_back(shop):
    shop.arrive()
    (late,) = shop.claims()
    shop.pass_time(50)
    shop.claims()

    with shop.desk.tenant(shop.tenant_id) as session, pytest.raises(LostLease):
        hold(session, late)


def test_a_link_that_was_handed_back_cannot_be_held_again(shop):
    shop.arrive()
    (claim,) = shop.claims()
    with shop.desk.tenant(shop.tenant_id) as session:
        hand_back(hold(session, claim), claim, due_at=None)

    with shop.desk.tenant(shop.tenant_id) as session, pytest.raises(LostLease):
        hold(session, claim)


def test_handing_back_ends_the_claim_and_a_mark_made_meanwhile_makes_it_due_at_once(shop):
    link_id = shop.arrive()
    (claim,) = shop.claims()
    shop.mark(order().number)

    with shop.desk.tenant(shop.tenant_id) as session:
        in_an_hour = session.execute(select(func.now() + func.make_interval(0, 0, 0, 0, 1))).scalar_one()
        hand_back(hold(session, claim), claim, due_at=in_an_hour)

    link = shop.link(link_id)
    assert (link.done_seq, link.dirty_seq) == (1, 2)
    assert len(shop.claims()) == 1


def test_handing_back_without_a_mark_waits_until_it_is_due(shop):
    link_id = shop.arrive()
    (claim,) = shop.claims()
    with shop.desk.tenant(shop.tenant_id) as session:
        hand_back(hold(session, claim), claim, due_at=None)

    link = shop.link(link_id)
    assert (link.done_seq, link.due_at, link.lease_owner, link.crashes) == (1, None, None, 0)
    assert shop.claims() == []


@pytest.mark.parametrize("most", [1, 4])
def test_the_most_urgent_are_claimed_first_and_then_the_longest_due(shop, most):
    make_links(shop, 4)
    with shop.desk.tenant(shop.tenant_id) as session:
        for number, priority, due in (("0", 30, 50), ("1", 10, 1), ("2", 20, 90), ("3", 10, 5)):
            session.execute(
                text(
                    "UPDATE link SET priority = :priority, due_at = now() - make_interval(secs => :due)"
                    " WHERE foreign_id = :number"
                ),
                {"number": number, "priority": priority, "due": due},
            )

    claims = [claim for _ in range(4 // most) for claim in shop.claims(most=most)]
    order_of_claims = [shop.link(claim.link_id).foreign_id for claim in claims]

    assert order_of_claims == ["3", "1", "2", "0"]


@pytest.mark.parametrize(("kind", "priority"), [("order", 10), ("customer", 20), ("item", 30)])
def test_orders_go_before_customers_and_those_before_items(shop, kind, priority):
    with shop.desk.tenant(shop.tenant_id) as session:
        connection = session.get_one(Connection, shop.connection_id)
        link_id = marks.mark(session, connection, Hint(kind, "x", "test"))

    assert shop.link(link_id).priority == priority


def test_marking_again_counts_and_never_puts_off(shop):
    link_id = shop.arrive()
    due = shop.link(link_id).due_at
    for _ in range(3):
        shop.mark(order().number)

    link = shop.link(link_id)
    assert (link.dirty_seq, link.due_at) == (4, due)


@pytest.mark.fault(51)
def test_marks_from_many_threads_are_all_counted(shop):
    link_id = shop.arrive()
    threads = [threading.Thread(target=shop.mark, args=(order().number,)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert shop.link(link_id).dirty_seq == 13


def test_a_claim_takes_links_of_its_own_connection_only(shop, desk, tenant_id):
    shop.arrive()
    with desk.tenant(tenant_id) as session:
        assert claim_due(session, new_id(), worker="w", most=5, lease_seconds=5) == []


def test_a_new_look_asked_for_by_a_person_is_told_with_their_name(shop):
    link_id = shop.arrive()
    shop.look()
    with shop.desk.tenant(shop.tenant_id) as session:
        assert marks.look_again(session, link_id, actor=Actor("Adam Admin"))
        assert not marks.look_again(session, new_id(), actor=Actor("Adam Admin"))

    assert shop.look() == 1
    assert "Asked for a new look" in shop.story(link_id)
    assert "Adam Admin asked for a new look" in shop.log()
