"""A product's page of a shop: how much is offered of it, as a sum, and which orders hold what."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from portal.models import Connection, Facility, HeldLine, MirroredItem, MirroredProduct, utc_now
from portal.sync.mapping.facts import item_facts, product_facts
from portal.sync.mapping.shop_facts import shop_facts
from tests.sync.mapping.shelves import item as flourish_item
from tests.sync.mapping.shelves import product as aiq_product
from tests.sync.platforms.aiq.examples import shop_item
from tests.web import factory, shelves

pytestmark = pytest.mark.promise("AQ-11")
SKU = "AB-35"


@pytest.fixture
def offered(sessions, company):
    """An item of which two orders hold some, one of it kept back by AIQ; its page, and the orders."""
    with sessions.tenant(company.id) as session:
        link = shelves.product(session, company, SKU)
        session.flush()
        connection = session.get_one(Connection, link.connection_id)
        facility = session.scalars(select(Facility)).first()
        assert facility is not None
        connection.platform, connection.facility_id = "aiq", facility.id
        connection.settings = {"stock_buffer": 1}
        facility.stock_began_at = utc_now() - timedelta(minutes=5)
        for item in session.scalars(select(MirroredItem)):
            item.facts, item.shop = item_facts(flourish_item(sku=SKU)), shop_facts(shop_item())
            item.stock = {facility.flourish_id: "240"}
        for product in session.scalars(select(MirroredProduct)):
            product.facts = product_facts(aiq_product(sku=SKU))
        orders = {}
        for number, (label, eaches, kept) in enumerate((("A-1", 3, False), ("A-2", 2, True))):
            order = factory.order(session, company, label=label, foreign_id=label)
            session.flush()
            held = HeldLine(tenant_id=company.id, connection_id=link.connection_id, link_id=order.id)
            held.line, held.sku_key, held.eaches = "1", SKU, Decimal(eaches)
            held.placed_at, held.is_kept_there = utc_now() + timedelta(seconds=number), kept
            session.add(held)
            orders[label] = order.id
        return f"/t/{company.slug}/products/{link.id}", orders


def shown(text):
    """The sum as the page says it, by its words."""
    card = text.split('id="offer-title"')[1]
    parts = card.split("<dt>")[1:]
    words = [" ".join(part.replace("<b>", "").replace("</b>", "").split()) for part in parts]
    return {one.partition("</dt>")[0]: one.split("<dd>")[1].split("</dd>")[0].strip() for one in words}


def test_the_page_shows_what_is_sellable_held_kept_and_published(offered, admin):
    page, orders = offered
    text = admin.get(page).text

    assert shown(text) == {
        "Sellable in Flourish": "240",
        "Less: held by open orders": "3",
        "Less: buffer": "1",
        "Published": "236",
    }
    for label, order_id in orders.items():
        assert f'orders/{order_id}">{label}</a>' in text
    assert text.count("keeps it back itself") == 1
    assert "Old figure" not in text
    assert "Only read" not in text


@pytest.mark.parametrize(
    ("age", "hides", "stale", "published"),
    [(29, True, False, "236"), (31, True, True, "236"), (61, False, True, "236"), (61, True, True, "0")],
)
def test_an_old_figure_is_said_to_be_and_hidden_where_that_was_chosen(
    offered, admin, sessions, company, age, hides, stale, published
):
    with sessions.tenant(company.id) as session:
        session.execute(update(Facility).values(stock_began_at=utc_now() - timedelta(minutes=age)))
        settings = {"stock_buffer": 1, "hide_when_old": hides}
        session.execute(update(Connection).values(settings=settings))

    text = admin.get(offered[0]).text

    assert ("Old figure" in text) is stale
    assert ("It is hidden until somebody can" in text) is (published == "0")
    assert shown(text)["Published"] == published


def test_where_nothing_is_written_the_page_says_so(offered, admin, sessions, company):
    with sessions.tenant(company.id) as session:
        session.execute(update(Connection).values(settings={"writes": False}))

    assert "Only read" in admin.get(offered[0]).text
