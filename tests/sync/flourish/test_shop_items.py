"""Flourish's items as shops need them."""

from decimal import Decimal

import pytest

from portal.sync.errors import Unreadable
from portal.sync.flourish.shop_items import read_shop_item
from portal.sync.reading import Fields
from portal.sync.shopping import Claims
from tests.sync.flourish.test_catalogue import ITEM


def read(**changed):
    return read_shop_item(Fields.of({**ITEM, **changed}), lambda *_: None)


@pytest.mark.promise("AQ-4")
def test_both_names_of_a_shop_are_told_apart():
    found = read(ecommerce_item_name=" Single ")

    assert (found.shop_name, found.retail_name, found.item.sku) == ("Single", "Pre-Roll, 1 g", "PR-1")
    assert read(ecommerce_item_name="  ").shop_name == ""


@pytest.mark.promise("AQ-2")
@pytest.mark.parametrize(("value", "is_sellable"), [(True, True), (1, True), (False, False), (None, False)])
def test_an_item_says_whether_it_is_sellable(value, is_sellable):
    assert read(sellable=value).is_sellable is is_sellable


@pytest.mark.promise("AQ-5")
def test_an_item_may_say_its_own_strength():
    found = read(unit_thc_percent="21.5", thc_per_unit=10, thc_per_unit_uom=" mg ", cbd_per_unit=None)

    assert found.claims == Claims(thc_percent=Decimal("21.5"), thc_per_unit=Decimal(10), thc_unit="mg")
    assert read().claims == Claims()


@pytest.mark.parametrize("changed", [{"sellable": "maybe"}, {"unit_thc_percent": "much"}, {"id": ""}])
def test_what_cannot_be_is_unreadable(changed):
    with pytest.raises(Unreadable):
        read(**changed)
