"""An order is found from the moment it is heard of, by whatever number it has in any system."""

from __future__ import annotations

from uuid import uuid4

import pytest

from portal.models import new_id
from portal.queries import orders
from portal.sync.domain import Hint
from portal.sync.engine.deliveries import Deliveries, Source
from tests.sync.mapping.examples import order


def numbered(shop, typed):
    with shop.desk.tenant(shop.tenant_id) as session:
        return orders.numbered(session, shop.tenant_id, typed)


@pytest.mark.promise("MO-3")
def test_an_order_that_a_poll_lists_is_found_before_anybody_looked_at_it(shop):
    link_id = shop.mark("8f14e45f-ceea-467f", "4F2A-1187")
    assert numbered(shop, "4f2a1187") == numbered(shop, "8f14e45fceea467f") == link_id


@pytest.mark.promise("MO-3")
def test_an_order_that_a_webhook_names_is_found_before_anybody_looked_at_it(shop):
    deliveries = Deliveries(shop.desk.settings.database_url)
    source = Source(shop.connection_id, shop.tenant_id, shop.hub_id, "leaflink", is_hub=False)
    for body in (b"one", b"two"):
        deliveries.keep(source, body, {}, Hint("order", "8f14e45f-ceea-467f", "order", label="4F2A-1187"))
    deliveries.close()
    assert numbered(shop, "4F2A-1187") is not None
    assert numbered(shop, "8F14E45F-CEEA-467F") == numbered(shop, "4f2a 1187")


@pytest.mark.promise("MO-3")
def test_an_order_that_was_looked_at_is_found_by_the_numbers_of_both_systems(shop):
    link_id = shop.arrive(order(other_numbers=("PO 5512",), external_ids={"metrc": "M-0042"}))
    shop.look_until_quiet()
    flourish_id = shop.link(link_id).flourish_id
    assert flourish_id
    for typed in ("PO-5512", "m0042", flourish_id):
        assert numbered(shop, typed) == link_id, typed


def test_a_license_or_a_sku_is_no_number_of_an_order(shop):
    placed = order()
    shop.arrive(placed)
    shop.look_until_quiet()
    assert numbered(shop, placed.customer.license) is None
    assert numbered(shop, placed.lines[0].sku) is None


def test_no_other_tenant_finds_it(shop):
    shop.mark("8f14e45f-ceea-467f", "4F2A-1187")
    with shop.desk.tenant(new_id()) as session:
        assert orders.numbered(session, shop.tenant_id, "4F2A-1187") is None
        assert orders.numbered(session, uuid4(), "4F2A-1187") is None
