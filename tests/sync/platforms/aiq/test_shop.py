"""The plan for one SKU on AIQ's menu, of all that is known of it, and what people are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from portal.sync.decisions import Decision
from portal.sync.domain import FacilityFacts, Shelf
from portal.sync.drafts import PutProduct
from portal.sync.mapping.shop_holds import not_sent
from portal.sync.mapping.shop_shelf import ShopShelf, ShopStock
from portal.sync.mapping.shop_stock import Hold, StockReading
from portal.sync.platforms.aiq import AIQ
from portal.sync.platforms.aiq.products import read_product
from portal.sync.platforms.aiq.shop import CATALOGUE, plan_item
from portal.sync.reading import Fields
from portal.sync.retail import LabResult
from tests.sync.platforms.aiq.examples import NOON, SKU, minutes, product, shop_item

pytestmark = pytest.mark.promise("AQ-14")
FACILITY = FacilityFacts("7", "Oakland", "C10-1", "UTC", sales_rep_required=False)
LAB = LabResult("1", "L-1", "Pass", True, NOON, {"thca": Decimal("20.5"), "pinocchio": Decimal(1)})
READ = StockReading(Decimal(12), minutes(60))


def rules(**chosen: Any):
    return CATALOGUE.rules(AIQ.chosen(chosen), "c1", FACILITY)


def there(**changed: Any):
    return read_product(Fields.of(product(**{"quantityTotal": 12, **changed})), lambda *_: None)


def hold(eaches: int = 2, **changed: Any) -> Hold:
    return Hold("n1", "1", "1001", Decimal(eaches), NOON, **changed)


def shelf(*, item: Any = None, products: Any = (), counted: Any = None, **changed: Any) -> ShopShelf:
    one = item or shop_item(**changed)
    return ShopShelf(
        sku=SKU,
        items=(one.item,),
        products=tuple(products),
        stock=Decimal(12),
        lots={"L-1": Decimal(12)},
        shop_item=one,
        labs=(LAB,),
        counted=counted or ShopStock(reading=READ),
    )


def plan(on: Shelf, *, base: Any = None, **chosen: Any) -> Decision:
    decision = plan_item(on, base=base, rules=rules(**chosen), facts={})
    assert isinstance(decision, Decision)
    return decision


def put(decision: Decision) -> dict[str, Any]:
    assert isinstance(decision.action, PutProduct)
    return dict(decision.action.draft.fields)


def codes(decision: Decision) -> list[str]:
    return [finding.code for finding in decision.findings]


@pytest.mark.promise("AQ-2")
@pytest.mark.promise("AQ-5")
def test_an_item_is_put_there_once_with_its_labs_and_then_agrees():
    first = plan(shelf())
    fields = put(first)
    assert fields["quantity"] == 12
    assert fields["labs"]["thcA"] == Decimal("20.5")
    action = first.action
    assert isinstance(action, PutProduct)
    assert (action.base["item"], action.item_id, action.draft.sku) == ("00000345", "00000345", SKU)

    written = there(quantity=12, brand=None, cannabisType=None)
    again = plan(shelf(products=[written]), base=action.base)
    assert (again.code, again.action, again.state) == ("agree", None, "settled")
    assert again.base is not None
    assert again.base["product"] == written.ref
    assert "no place for 1 of the substances" in again.sentence


@pytest.mark.promise("AQ-11")
@pytest.mark.parametrize(
    ("holds", "chosen", "published"),
    [
        ([], {}, 12),
        ([hold(3)], {}, 9),
        ([hold(3)], {"stock_buffer": 4}, 5),
        ([hold(3, is_kept_there=True)], {}, 12),
        ([hold(30)], {}, 0),
    ],
)
def test_what_orders_hold_and_the_buffer_are_not_offered(holds, chosen, published):
    counted = ShopStock(reading=READ, holds=tuple(holds))
    assert put(plan(shelf(counted=counted), **chosen))["quantity"] == published


@pytest.mark.promise("AQ-11")
@pytest.mark.parametrize(("hides", "published"), [(True, 0), (False, 12)])
def test_what_nobody_could_count_for_an_hour_is_hidden_where_that_was_chosen(hides, published):
    counted = ShopStock(reading=READ, is_too_old=True)
    assert put(plan(shelf(counted=counted), hide_when_old=hides))["quantity"] == published


def test_nothing_is_offered_before_it_is_known_what_there_is():
    assert plan(shelf(counted=ShopStock())).code == "stock_unread"
    assert plan(replace(shelf(), shop_item=None)).code == "item_unread"


@pytest.mark.promise("AQ-11")
def test_orders_beyond_the_stock_and_orders_that_are_not_sent_are_a_person_s():
    late = hold(13, was_pushed=False)
    counted = ShopStock(reading=READ, holds=(late,), not_sent=not_sent([late], NOON + timedelta(hours=25)))
    first = plan(shelf(counted=counted))
    assert codes(first) == ["oversold", "order_not_sent"]
    assert put(first)["quantity"] == 0
    assert isinstance(first.action, PutProduct)

    written = there(quantity=0, quantityTotal=0, brand=None, cannabisType=None)
    again = plan(shelf(products=[written], counted=counted), base=first.action.base)
    assert (again.code, again.state, again.action) == ("oversold", "stuck", None)
    assert codes(again) == ["oversold", "order_not_sent"]


def test_where_nothing_may_be_written_nothing_is_planned_to_be():
    for on in (shelf(), shelf(products=[there()]), shelf(products=[there()], is_sellable=False)):
        decision = plan(on, writes=False)
        assert (decision.code, decision.state, decision.action) == ("not_written", "skipped", None)


def test_a_near_product_is_not_joined_and_none_is_put_beside_it():
    near = there(sku=SKU.lower())
    assert plan(shelf(products=[near])).code == "near_product"


@pytest.mark.promise("ON-3")
def test_what_is_there_keeps_its_own_sku_where_people_said_that_it_is_the_same():
    other = replace(there(quantity=3), own_sku="BY-HAND")
    decision = plan(shelf(products=[other]))
    assert isinstance(decision.action, PutProduct)
    assert decision.action.draft.sku == "BY-HAND"
    assert "sku" not in put(decision)


@pytest.mark.promise("AQ-3")
def test_an_item_without_a_place_on_the_menu_is_listed_with_what_would_give_it_one():
    decision = plan(shelf(category="Curios"))
    assert (decision.code, decision.state) == ("needs_mapping", "skipped")
    assert "table of categories" in decision.next_step


def test_a_shelf_without_what_shops_ask_is_none_of_a_shop():
    with pytest.raises(TypeError):
        plan_item(Shelf(SKU, (), ()), base=None, rules=rules(), facts={})
