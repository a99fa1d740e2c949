"""Items and products as plain JSON and back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from portal.sync.domain import Item, Product, StockKind
from portal.sync.mapping.facts import item_facts, item_from, plain, product_facts, product_from

WHEN = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, min_value=0, max_value=10**8, places=4)
TIMES = st.datetimes(timezones=st.just(UTC), min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1))  # noqa: DTZ001 - the zone is given beside
ITEMS = st.builds(
    Item,
    price=st.none() | AMOUNTS,
    unit_weight=st.none() | AMOUNTS,
    ref_fields=st.lists(st.text(max_size=5), max_size=5).map(tuple),
    updated_at=st.none() | TIMES,
)
PRODUCTS = st.builds(
    Product,
    price=st.none() | AMOUNTS,
    sale_price=st.none() | AMOUNTS,
    quantity=AMOUNTS,
    reserved=AMOUNTS,
    available=AMOUNTS,
    denomination=AMOUNTS,
    updated_at=TIMES,
    strains=st.lists(st.text(max_size=5), max_size=3).map(tuple),
)


@given(ITEMS)
def test_an_item_comes_back_as_it_was_written(item: Item):
    assert item_from(json.loads(json.dumps(item_facts(item)))) == item


@given(PRODUCTS)
def test_a_product_comes_back_as_it_was_written(product: Product):
    read = product_from(json.loads(json.dumps(product_facts(product))))
    assert read == product
    assert isinstance(read.stock_kind, StockKind)


def test_a_number_is_written_the_same_way_whatever_its_trailing_zeros():
    item = Item("1", "A", "A", active=True, uom="ea", price=Decimal("12.5000"), updated_at=WHEN)
    assert item_facts(item) == item_facts(replace(item, price=Decimal("12.5")))
    assert item_facts(item)["price"] == "12.5"


def test_facts_of_before_a_field_was_added_or_after_it_was_taken_away_can_be_read():
    written = item_facts(Item("1", "A", "A", active=True, uom="ea"))
    del written["brand"]
    assert item_from(written | {"something_old": 1}) == Item("1", "A", "A", active=True, uom="ea")


def test_a_value_of_several_values_is_plain_in_each():
    assert plain({"labs": {"thc": Decimal("20.50"), "unit": "%"}}) == {"labs": {"thc": "20.5", "unit": "%"}}
