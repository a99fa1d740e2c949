"""Orders of people from before go-live: listed and not sent, until a person says what becomes of each."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from portal.models import Link
from tests.sync.engine.aiq_world import aiq_order, open_aiq_shop, told_id
from tests.sync.platforms.aiq.examples import NUMBER

pytestmark = pytest.mark.promise("AQ-15")
EARLIER = "2025-12-31T11:00:00.000Z"


@pytest.fixture
def shop(desk, tenant_id):
    """A live connection to AIQ with both worlds plugged in."""
    return open_aiq_shop(desk, tenant_id)


def place(shop, number=NUMBER, **changed):
    return shop.arrive(aiq_order(number, **changed))


def here(shop):
    return shop.leaflink.orders[NUMBER]


def bring_in(shop, link_id):
    with shop.desk.tenant(shop.tenant_id) as session:
        link = session.get_one(Link, link_id)
        link.choices = {**link.choices, "intake": "bring_in"}
        link.dirty_seq += 1
    shop.set_due(link_id)


def test_an_order_from_before_go_live_is_listed_and_not_sent(shop):
    link_id = place(shop, created=EARLIER)
    shop.look_until_quiet()

    assert shop.link(link_id).decision_code == "before_go_live"
    assert shop.flourish.orders == {}


def test_an_earlier_order_is_sent_once_a_person_says_so(shop):
    link_id = place(shop, created=EARLIER)
    shop.look_until_quiet()
    bring_in(shop, link_id)
    shop.look_until_quiet()

    assert shop.link(link_id).state == "settled"
    assert told_id(here(shop)) == "RO-1"


def test_an_earlier_order_that_was_joined_follows_its_retail_order(shop):
    place(shop, "other", orderId=1002)
    shop.look_until_quiet()
    shop.flourish.change("RO-1", notes=())
    with shop.desk.tenant(shop.tenant_id) as session:
        session.execute(update(Link).values(flourish_id=None, flourish_kind=None))
    link_id = place(shop, created=EARLIER)
    shop.join(link_id, "RO-1")
    shop.flourish.change("RO-1", status="Packed")
    shop.look_one(link_id)

    assert here(shop).status == "READY_FOR_PICKUP"
    assert (shop.link(link_id).state, told_id(here(shop))) == ("settled", "RO-1")
