"""Consequences: what a rule holds back or changes is counted, and is said before it is saved."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from portal.models import Connection, Link, MirroredItem, MirroredProduct
from portal.sync import consequences
from portal.sync.consequences import COUNTERS
from portal.sync.domain import Item, Product, StockKind
from portal.sync.entered import BY_REP
from portal.sync.mapping.facts import item_facts, product_facts
from portal.sync.platforms.leaflink import LEAFLINK
from portal.sync.registry import PLATFORMS
from tests.web import factory

WORDS_TOO = {"source_of_truth": "both"}


@pytest.fixture
def company(desk):
    return factory.company(desk.sessions)


@pytest.fixture
def counted(desk, company):
    """Count what is there, by the settings of a connection and by others."""

    def count(**own):
        with desk.tenant(company.id) as session:
            connection = session.get_one(Connection, company.connection_id)
            connection.settings = own
            return consequences.effects(session, connection, LEAFLINK)

    return count


@pytest.fixture
def changed(desk, company):
    def change(own, **values):
        with desk.tenant(company.id) as session:
            connection = session.get_one(Connection, company.connection_id)
            connection.settings = own
            return [
                (one.setting.name, one.before.words, one.after.words)
                for one in consequences.changes(session, connection, LEAFLINK, values)
            ]

    return change


@pytest.fixture
def orders(desk, company):
    """Open: two Backorder with samples, one Submitted without a rep. Not open: one that is in Flourish."""
    with desk.tenant(company.id) as session:
        rows = (("Backorder", True, True), ("Backorder", True, True), ("Submitted", False, False))
        for number, (status, rep, sample) in enumerate(rows):
            shown = {"has_rep": rep, "lines": [{"sku": "A", "is_sample": False}, {"is_sample": sample}]}
            session.add(_order(company, f"n{number}", status, shown))
        session.add(_order(company, "there", "Submitted", {"has_rep": False}, flourish_id="00018842"))


def _order(company, name, status, shown, **more):
    return Link(
        tenant_id=company.id,
        connection_id=company.connection_id,
        hub_id=company.hub_id,
        kind="order",
        foreign_id=name,
        state="waiting",
        decision_code="bring_in",
        foreign_status=status,
        snapshot=shown,
        **more,
    )


@pytest.mark.promise("ON-8")
def test_open_orders_that_a_rule_holds_back_are_counted(counted, orders):
    by_default = counted()
    assert by_default["intake_statuses"].number == 0
    assert by_default["routing"].words == "1 open order without a sales rep would wait by sales rep."
    assert by_default["samples"].words == "2 open orders with sample lines come in."

    strict = counted(intake_statuses=["Accepted"], routing=BY_REP, samples="hold")
    assert strict["intake_statuses"].words == "3 open orders wait in LeafLink: 2 Backorder, 1 Submitted."
    assert strict["routing"].words == "1 open order without a sales rep does not sync."
    assert strict["samples"].words == "2 open orders with sample lines wait until entered by hand."


@pytest.mark.promise("ON-8")
def test_what_a_change_makes_different_is_said_and_nothing_else(changed, orders):
    assert changed({}, routing=BY_REP) == [
        (
            "routing",
            "1 open order without a sales rep would wait by sales rep.",
            "1 open order without a sales rep does not sync.",
        )
    ]
    assert changed({}, intake_statuses=["Submitted", "Backorder"]) == []
    assert changed({}, price_places="2") == []


def test_where_nothing_is_open_nothing_is_asked(changed, counted):
    assert changed({}, routing=BY_REP, samples="hold", intake_statuses=["Accepted"]) == []
    assert all(effect.number == 0 for effect in counted(routing=BY_REP).values())


@pytest.fixture
def goods(desk, company):
    """Two flowers and an edible for shops, one that is not; a product at another price than its item's."""
    with desk.tenant(company.id) as session:
        for sku, category in (("A", "Flower"), ("B", "Flower"), ("C", "Edible"), ("D", "")):
            name = f"Item {sku}"
            item = Item(sku, sku, name, active=True, uom="ea", category=category, price=Decimal(10))
            session.add(_item(company, replace(item, ecommerce=bool(category))))
        session.add(_item_link(company))
        session.add(_product(company))


def _item(company, item):
    return MirroredItem(
        tenant_id=company.id,
        hub_id=company.hub_id,
        flourish_id=item.id,
        sku_key=item.sku,
        near_key=item.sku,
        sku=item.sku,
        name=item.name,
        facts=item_facts(item),
        ecommerce=item.ecommerce,
    )


def _item_link(company):
    return Link(
        tenant_id=company.id,
        connection_id=company.connection_id,
        hub_id=company.hub_id,
        kind="item",
        foreign_id="A",
        state="settled",
        decision_code="agree",
        base={"item": "A", "product": "77"},
    )


def _product(company):
    product = Product(
        ref="77",
        sku="A",
        name="A",
        unit="ea",
        multiplier=1,
        quantity=Decimal(1),
        reserved=Decimal(0),
        available=Decimal(1),
        stock_kind=StockKind.MANAGED,
        price=Decimal(12),
        listing_state="Available",
        listed=True,
        archived=False,
        updated_at=datetime(2026, 3, 1, tzinfo=UTC),
    )
    return MirroredProduct(
        tenant_id=company.id,
        connection_id=company.connection_id,
        foreign_id="77",
        sku_key="A",
        near_key="A",
        sku="A",
        name="A",
        facts=product_facts(product),
    )


@pytest.mark.promise("ON-8")
def test_items_without_a_row_in_the_table_of_categories_are_counted(counted, goods):
    assert "while Trellis does not write" in counted()["categories"].words
    effect = counted(**WORDS_TOO)["categories"]
    assert effect.words == "3 items are in categories without a row: 2 Flower, 1 Edible."
    with_row = counted(**WORDS_TOO, categories={"flower": "Flower > Indoor"})["categories"]
    assert with_row.words == "1 item is in a category without a row: 1 Edible."


@pytest.mark.promise("ON-8")
def test_prices_that_would_change_are_counted_before_they_are_written(changed, counted, goods):
    assert changed(WORDS_TOO, write_prices=True) == [
        ("write_prices", "No price is written.", "1 product gets another price.")
    ]
    assert changed({**WORDS_TOO, "write_prices": True}, price_multiplier="1.2") == [
        ("price_multiplier", "1 product gets another price.", "0 products get another price.")
    ]
    assert changed({}, write_prices=True) == []
    assert "write_prices" not in counted(**WORDS_TOO, write_prices=True)


@pytest.mark.parametrize("platform", PLATFORMS.values(), ids=lambda one: one.key)
def test_every_counter_that_a_setting_names_is_there(platform):
    assert {one.counts for one in platform.settings if one.counts} <= COUNTERS.keys()
