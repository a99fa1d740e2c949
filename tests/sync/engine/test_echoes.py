"""Echoes: our own writes come back as webhooks. What tells of nothing new is closed without another look."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.models import Delivery
from portal.sync.domain import Hint
from portal.sync.engine.claim import claim_due
from portal.sync.engine.deliveries import Deliveries, Source
from portal.sync.engine.reconcile import reconcile
from tests.sync.mapping.examples import order

NUMBER = order().number


@pytest.fixture
def deliver(shop, settings):
    """Have Flourish or LeafLink send a webhook."""
    deliveries = Deliveries(settings.database_url)

    def send(platform, ref, updated_at):
        marker = f"Trellis {shop.connection_id} {NUMBER}" if platform == "flourish" else ""
        hint = Hint("order", ref, "webhook", updated_at, marker=marker)
        owner = shop.hub_id if platform == "flourish" else shop.connection_id
        source = Source(owner, shop.tenant_id, shop.hub_id, platform, platform == "flourish")
        deliveries.keep(source, secrets.token_bytes(20), {}, hint)

    yield send
    deliveries.close()


def outcomes(shop):
    with shop.desk.tenant(shop.tenant_id) as session:
        return session.scalars(select(Delivery.outcome).order_by(Delivery.received_at, Delivery.id)).all()


def created_while(shop, deliver, *, ref="SO-1", later=timedelta(0)):
    """Have the webhook of a creation come while Trellis still looks at the order."""
    link_id = shop.arrive()

    def webhook():
        deliver("flourish", ref, shop.flourish.orders["SO-1"].updated_at + later)

    shop.flourish.meanwhile["outbound_order"] = webhook
    shop.look()
    return link_id


@pytest.mark.fault(52)
def test_the_echo_of_our_own_write_costs_no_second_look(shop, deliver):
    link_id = created_while(shop, deliver)

    link = shop.link(link_id)
    assert (link.due_at, link.done_seq) == (None, link.dirty_seq)
    assert outcomes(shop) == ["stale"]
    assert shop.look() == 0


@pytest.mark.fault(52)
def test_a_move_on_leaflink_echoes_too(shop, deliver):
    link_id = shop.arrive(transitions=("accepted",))
    shop.look()
    shop.flourish.change("SO-1", status="Partially Allocated")
    shop.mark(NUMBER)
    moved = shop.leaflink.move

    def move(number, action, *, key=""):
        moved(number, action)
        deliver("leaflink", number, shop.leaflink.orders[number].updated_at)

    shop.leaflink.move = move
    shop.look()

    assert shop.leaflink.orders[NUMBER].status == "Accepted"
    assert shop.link(link_id).due_at is None
    assert outcomes(shop) == ["stale"]


@pytest.mark.fault(39)
def test_a_change_that_was_not_seen_yet_is_looked_at_at_once(shop, deliver):
    link_id = created_while(shop, deliver, later=timedelta(seconds=1))

    assert shop.link(link_id).due_at is not None
    assert outcomes(shop) == [None]
    assert shop.look() == 1
    assert outcomes(shop) == ["applied"]


@pytest.mark.fault(39)
def test_a_person_who_asks_during_the_look_is_heard_beside_an_echo(shop, deliver):
    link_id = shop.arrive()

    def both():
        deliver("flourish", "SO-1", shop.flourish.orders["SO-1"].updated_at)
        shop.mark(NUMBER)

    shop.flourish.meanwhile["outbound_order"] = both
    shop.look()

    assert shop.link(link_id).due_at is not None


@pytest.mark.fault(39)
def test_what_comes_in_the_moment_of_a_claim_belongs_to_its_look(shop, deliver):
    """Its mark is part of the claim: were it taken for later than that, nobody would ever answer it."""
    link_id = shop.arrive()
    with shop.desk.sessions.system() as session:
        session.execute(select(func.now()))
        deliver("leaflink", NUMBER, shop.leaflink.orders[NUMBER].updated_at)
        (claim,) = claim_due(session, shop.connection_id, worker="test", most=1, lease_seconds=45)
    reconcile(shop.desk, claim, shop.account)

    assert shop.link(link_id).due_at is None
    assert outcomes(shop) == ["applied"]


@pytest.mark.fault(17)
def test_another_order_with_this_links_note_is_no_echo(shop, deliver):
    link_id = created_while(shop, deliver, ref="SO-9")

    assert outcomes(shop) == [None]
    assert shop.link(link_id).claimants == ["SO-9"]
    assert shop.link(link_id).due_at is not None


def test_of_a_clock_that_counts_whole_seconds_the_last_one_is_not_trusted(shop, deliver):
    link_id = shop.arrive()
    look = shop.flourish.outbound_order

    def whole_seconds(order_id):
        seen = shop.flourish.orders[order_id]
        shop.flourish.orders[order_id] = type(seen)(
            **{**seen.__dict__, "updated_at": seen.updated_at.replace(microsecond=0)}
        )
        deliver("flourish", order_id, shop.flourish.orders[order_id].updated_at)
        return look(order_id)

    shop.flourish.outbound_order = whole_seconds
    shop.look()

    assert shop.link(link_id).due_at is not None
