"""What is done about one item on the menu: put, changed in what differs alone, hidden, left alone."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from portal.sync.decisions import CatalogueRules, Decision
from portal.sync.drafts import PutProduct
from portal.sync.mapping.effects import changes
from portal.sync.platforms.aiq.labs import Labs
from portal.sync.platforms.aiq.listing import Unlisted, listing
from portal.sync.platforms.aiq.menu import Place, plan_place
from portal.sync.platforms.aiq.products import read_product
from portal.sync.reading import Fields
from tests.sync.platforms.aiq.examples import product, shop_item

pytestmark = pytest.mark.promise("AQ-14")
RULES = CatalogueRules("c1", "AIQ Ecommerce", fields=(), writes_stock=True)
LABS = Labs({"thc": Decimal("20.5"), "thcContentUnit": "%"})
GONE = Unlisted("not_sellable", "The item is not marked as sellable in Flourish.", "Mark it as sellable.")
SHOWN = {
    "quantity": 12,
    "quantityTotal": 12,
    "brand": None,
    "cannabisType": None,
}


def there(**changed: Any):
    return read_product(Fields.of(product(**{**SHOWN, **changed})), lambda *_: None)


def plan(
    product=None, *, base=None, quantity: int | None = 12, shown=None, rules=RULES, **changed: Any
) -> Decision:
    wanted = shown or listing(shop_item(**changed), LABS, {})
    counted = None if quantity is None else Decimal(quantity)
    return plan_place(Place("00000345", "GL-GM10", wanted, counted, product), base=base, rules=rules)


def put(decision: Decision) -> PutProduct:
    assert isinstance(decision.action, PutProduct)
    return decision.action


def written(decision: Decision) -> dict[str, Any]:
    return dict(put(decision).draft.fields)


def agreed(decision: Decision) -> Any:
    return decision.action.base if isinstance(decision.action, PutProduct) else decision.base


# What both agree on once the item was put there.
BASE = agreed(plan())


def test_an_item_that_aiq_does_not_have_is_put_there_whole():
    found = plan()

    assert (found.code, found.state) == ("put_product", "waiting")
    assert put(found).ref == ""
    fields = written(found)
    assert (fields["name"], fields["price"], fields["quantity"]) == ("Gummies", Decimal("8.65"), 12)
    assert fields["labs"] == LABS.cannabinoids
    assert fields["enable"] is True


def test_what_both_sides_have_alike_is_not_written():
    found = plan(there(), base=BASE)

    assert (found.code, found.action, found.base) == ("agree", None, None)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"price": Decimal(9)}, {"price": Decimal(9)}),
        ({"shop_name": "Sours"}, {"name": "Sours"}),
        ({"quantity": 3}, {"quantity": Decimal(3)}),
        ({"description": "New"}, {"description": "New"}),
        ({"brand": "Kitchen"}, {"brand": "Kitchen"}),
        ({"category": "Topicals"}, {"cannabisComplianceType": "TOPICALS"}),
        ({"strain": "Blue Dream"}, {"cannabisStrain": "Blue Dream"}),
        ({"unit_weight": Decimal(1), "weight_uom": "g"}, {"weight": Decimal(1), "weightUnit": "GRAMS"}),
    ],
)
def test_a_change_in_flourish_is_written_and_nothing_else(changed, expected):
    found = plan(there(), base=BASE, **changed)

    assert written(found) == expected
    assert put(found).ref == "p1"
    assert not put(found).drops


def test_new_labs_are_written_whole():
    labs = Labs({"thc": Decimal(21), "thcContentUnit": "%"})

    assert written(plan(there(), base=BASE, shown=listing(shop_item(), labs, {}))) == {
        "labs": labs.cannabinoids
    }


def test_what_was_entered_in_aiq_before_is_taken_over_field_by_field():
    found = plan(there(name="Old", price=Decimal("8.65")), base=None)

    fields = written(found)
    assert fields["name"] == "Gummies"
    assert "price" not in fields
    # What AIQ does not show again is written once.
    assert "labs" in fields


def test_what_somebody_changes_in_aiq_is_written_again_once_and_then_a_person_is_asked():
    first = plan(there(name="Mine"), base=BASE)
    assert written(first) == {"name": "Gummies"}

    second = plan(there(name="Mine"), base=agreed(first))

    assert (second.state, second.action, second.findings[0].code) == ("stuck", None, "two_writers")


@pytest.mark.promise("AQ-2")
def test_what_does_not_belong_on_the_menu_is_hidden_and_keeps_all_else():
    found = plan(there(), base=BASE, shown=GONE)

    assert (found.code, written(found)) == ("hide_product", {"enable": False})
    assert put(found).drops
    again = plan(there(enable=False), base=agreed(found))
    assert written(again) == {"enable": True}


@pytest.mark.promise("AQ-2")
@pytest.mark.parametrize("product_there", [None, there(enable=False)], ids=["none", "hidden"])
def test_what_is_not_shown_anyway_is_left_alone_and_says_why(product_there):
    found = plan(product_there, shown=GONE)

    assert (found.code, found.state, found.action) == ("not_sellable", "skipped", None)
    assert found.sentence == GONE.sentence


@pytest.mark.promise("AQ-11")
def test_a_figure_that_nobody_has_read_yet_is_waited_for():
    assert plan(there(), base=BASE, quantity=None).action is None


@pytest.mark.promise("AQ-11")
@pytest.mark.parametrize("shown", [None, GONE], ids=["sold out", "hidden"])
def test_many_items_are_not_taken_away_at_once(shown):
    free = plan(there(), base=BASE, quantity=0, shown=shown)
    held = plan(there(), base=BASE, quantity=0, shown=shown, rules=replace(RULES, holds_drops=True))

    assert put(free).drops
    assert (held.code, held.action) == ("drop_held", None)


def test_warnings_of_an_item_stand_where_its_agreement_stands():
    base = agreed(plan(shop_name="", retail_name="", name="Gummies"))

    found = plan(there(), base=base, shop_name="", retail_name="", name="Gummies")

    assert found.code == "agree"
    assert "retail display name" in found.sentence


def test_the_write_can_be_told_field_by_field():
    action = put(plan(there(), base=BASE, quantity=3, price=Decimal(9)))

    assert changes(action, {"price": "8.65", "stock": "12"}) == [
        ("price", "8.65", Decimal(9)),
        ("stock", "12", Decimal(3)),
    ]
    assert {name for name, _old, _new in changes(put(plan()), {})} >= {"sku", "name", "stock", "labs"}
