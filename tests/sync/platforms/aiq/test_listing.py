"""What the menu shows of an item: whether at all, its name, and its fields by switch."""

from __future__ import annotations

from decimal import Decimal

import pytest

from portal.sync.platforms.aiq.labs import Labs
from portal.sync.platforms.aiq.listing import FIELDS, SWITCHES, Listing, Unlisted, listing
from tests.sync.platforms.aiq.examples import shop_item

LABS = Labs({"thc": Decimal(20), "thcContentUnit": "%"}, {"limonene": Decimal(1), "limoneneContentUnit": "%"})


STRAIN, WEIGHT = ("cannabisStrain", "cannabisType"), ("weight", "weightUnit")


def shown(chosen=None, labs=None, **changed) -> Listing:
    found = listing(shop_item(**changed), labs or Labs(), chosen or {})
    assert isinstance(found, Listing)
    return found


@pytest.mark.promise("AQ-2")
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"ecommerce": False}, "not_for_ecommerce"),
        ({"is_sellable": False}, "not_sellable"),
        ({"ecommerce": False, "is_sellable": False}, "not_for_ecommerce"),
        ({"active": False}, "item_not_active"),
        ({"sku": " "}, "sku_missing"),
    ],
)
def test_only_what_is_active_for_e_commerce_and_sellable_is_shown(changed, code):
    found = listing(shop_item(**changed), Labs(), {})

    assert isinstance(found, Unlisted)
    assert found.code == code
    assert found.fields == {"enable": False}
    assert found.next_step.endswith(".")


@pytest.mark.promise("AQ-3")
@pytest.mark.parametrize(("category", "said"), [("Wholesale", "Wholesale"), ("", "no category")])
def test_an_item_without_a_place_is_not_published_and_said(category, said):
    found = listing(shop_item(category=category), Labs(), {})

    assert isinstance(found, Unlisted)
    assert found.code == "needs_mapping"
    assert said in found.sentence


@pytest.mark.promise("AQ-3")
def test_the_stores_own_table_places_an_item():
    found = shown({"category_table": {"Wholesale": "FLOWER"}}, category="Wholesale")

    assert found.fields["cannabisComplianceType"] == "FLOWER"


@pytest.mark.promise("AQ-4")
@pytest.mark.parametrize(
    ("names", "expected", "warned"),
    [
        ({"shop_name": "Shop", "retail_name": "Retail", "name": "Item"}, "Shop", False),
        ({"shop_name": "", "retail_name": "Retail", "name": "Item"}, "Retail", False),
        ({"shop_name": "  ", "retail_name": "Retail", "name": "Item"}, "Retail", False),
        ({"shop_name": "", "retail_name": " ", "name": "Item"}, "Item", True),
        ({"shop_name": "", "retail_name": "", "name": ""}, "GL-GM10", True),
        ({"shop_name": " Salt & <b>Pepper</b> "}, "Salt & <b>Pepper</b>", False),
        ({"shop_name": "x" * 300}, "x" * 255, True),
    ],
)
def test_the_name_is_that_for_e_commerce_else_for_retail_else_the_items(names, expected, warned):
    found = shown(**names)

    assert found.fields["name"] == expected
    assert bool(found.warnings) == warned


@pytest.mark.promise("AQ-14")
@pytest.mark.parametrize(
    ("changed", "names", "expected"),
    [
        ({"price": Decimal("8.65")}, ("price",), (Decimal("8.65"),)),
        ({"price": None, "variation_price": Decimal(5)}, ("price",), (Decimal(5),)),
        ({"price": Decimal(0), "variation_price": Decimal(5)}, ("price",), (Decimal(0),)),
        ({"brand": " Kitchen "}, ("brand",), ("Kitchen",)),
        ({"brand": ""}, ("brand",), (None,)),
        ({"description": "1 < 2\nfine"}, ("description",), ("1 &lt; 2<br>fine",)),
        ({"description": ""}, ("description",), (None,)),
        ({"strain": "Blue Dream", "strain_type": "Hybrid"}, STRAIN, ("Blue Dream", "HYBRID")),
        ({"strain": "", "strain_type": ""}, STRAIN, (None, None)),
        ({"strain_type": "Sativa-Dominant"}, ("cannabisType",), ("HYBRID_SATIVA",)),
        ({"unit_weight": Decimal("3.5"), "weight_uom": "g"}, WEIGHT, (Decimal("3.5"), "GRAMS")),
        ({"unit_weight": Decimal(10), "weight_uom": "MG"}, WEIGHT, (Decimal(10), "MILLIGRAMS")),
        ({"unit_weight": Decimal(1), "weight_uom": "oz"}, WEIGHT, (Decimal(1), "OUNCES")),
        ({"unit_weight": None, "weight_uom": "g"}, WEIGHT, (None, None)),
        ({"unit_weight": Decimal(0), "weight_uom": "g"}, WEIGHT, (None, None)),
    ],
)  # fmt: skip
def test_each_field_comes_from_its_place(changed, names, expected):
    fields = shown(**changed).fields

    assert tuple(fields[name] for name in names) == expected


@pytest.mark.promise("AQ-14")
@pytest.mark.parametrize(
    ("changed", "name", "value"),
    [
        ({"price": None}, "price", None),
        ({"strain_type": "Ruderalis"}, "cannabisType", None),
        ({"unit_weight": Decimal(1), "weight_uom": "stone"}, "weightUnit", "UNKNOWN"),
    ],
)
def test_what_aiq_cannot_be_told_is_said(changed, name, value):
    found = shown(**changed)

    assert found.fields.get(name) == value
    assert len(found.warnings) == 1


BY_SWITCH = {
    "sync_price": ("price",),
    "sync_brand": ("brand",),
    "sync_description": ("description",),
    "sync_strain": ("cannabisStrain", "cannabisType"),
    "sync_weight": ("weight", "weightUnit"),
}


@pytest.mark.promise("AQ-14")
@pytest.mark.parametrize(("switch", "names"), BY_SWITCH.items())
def test_what_is_switched_off_is_not_sent_and_stays_as_aiq_has_it(switch, names):
    assert set(names) <= shown().fields.keys()
    assert not set(names) & shown({switch: False}).fields.keys()


@pytest.mark.promise("AQ-5")
@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, {**LABS.cannabinoids}),
        ({"sync_terpenes": True}, {**LABS.cannabinoids, **LABS.terpenes}),
        ({"sync_labs": False, "sync_terpenes": True}, {**LABS.terpenes}),
        ({"sync_labs": False}, None),
    ],
)
def test_terpenes_are_shown_where_the_store_says_so(chosen, expected):
    assert shown(chosen, LABS).fields.get("labs") == expected


@pytest.mark.promise("AQ-5")
def test_what_aiq_has_no_place_for_can_be_counted():
    assert shown(labs=Labs(dropped=("camphene",))).dropped == ("camphene",)


@pytest.mark.promise("AQ-14")
def test_every_switch_is_a_row_of_the_table():
    assert set(SWITCHES) == {*BY_SWITCH, "sync_labs", "sync_terpenes"}
    assert [row.name for row in FIELDS if not row.switch] == ["stock", "name", "category"]
    assert [name for name, is_on in SWITCHES.items() if not is_on] == ["sync_terpenes"]
