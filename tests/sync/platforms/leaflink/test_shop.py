"""What a connection to LeafLink chooses about products and stock."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from portal.sync.domain import FacilityFacts, Product
from portal.sync.mapping.facts import product_facts
from portal.sync.platforms.leaflink import LEAFLINK
from portal.sync.platforms.leaflink.shop import (
    BOTH,
    DESCRIPTION,
    FIELDS,
    INVENTORY,
    SETTINGS,
    SHOP,
    catalogue_rules,
)
from portal.sync.rules import parse, typed
from tests.sync.mapping.shelves import product

FACILITY = FacilityFacts("7", "Oakland", "C11-0000777-LIC", "UTC", sales_rep_required=False)
GUIDE = Path(__file__).parents[4] / "docs/leaflink.md"
WORDS = {"name", "description", "brand", "category", "subcategory", "line", "strains", "strain_class"}


def rules(**chosen):
    return catalogue_rules(LEAFLINK.chosen(chosen), "c1", FACILITY)


@pytest.mark.promise("LL-10")
def test_a_new_connection_writes_stock_alone_and_makes_nothing():
    new = rules()
    assert (new.writes_stock, new.fields, new.creates) == (True, (), False)
    assert (new.stock_field, new.stock_buffer, new.stock_facilities) == ("available", Decimal(0), ())
    assert (new.price_multiplier, new.line_from, new.strain_case) == (Decimal(1), "none", False)
    assert (new.connection_id, new.platform_label, new.license) == ("c1", "LeafLink", "C11-0000777-LIC")


MODES = [
    (INVENTORY, False, True, set()),
    (INVENTORY, True, True, set()),
    (DESCRIPTION, False, False, WORDS),
    (DESCRIPTION, True, False, WORDS | {"price"}),
    (BOTH, False, True, WORDS),
    (BOTH, True, True, WORDS | {"price"}),
]


@pytest.mark.promise("LL-10")
@pytest.mark.parametrize(("mode", "prices", "stock", "fields"), MODES)
def test_each_mode_writes_exactly_its_fields(mode, prices, stock, fields):
    chosen = rules(source_of_truth=mode, write_prices=prices, create_products=True)
    assert (chosen.writes_stock, set(chosen.fields)) == (stock, fields)
    assert chosen.creates is (mode != INVENTORY)


@pytest.mark.promise("LL-9")
def test_no_mode_writes_the_listing_state():
    names = {row.name for row in FIELDS}
    assert names == WORDS | {"stock", "price"}
    assert names - {"stock"} <= product_facts(product()).keys()
    assert "listing_state" in Product.__annotations__


@pytest.mark.promise("LL-10")
def test_the_guide_says_which_fields_each_mode_writes():
    listed = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    for row in FIELDS:
        modes = " or ".join(row.modes) + (", with prices switched on" if row.switch else "")
        assert (row.label, row.source, modes) in listed


def test_what_is_chosen_is_read():
    chosen = rules(
        stock_field="quantity",
        stock_buffer="2.5",
        stock_facilities=" 00000001, ,00000002",
        price_multiplier="1.25",
        product_line_from="ref_field_3",
        brands={"ACME": "Acme"},
        product_lines={"gold": "Gold"},
        categories={"A": "B > C"},
        strain_case=True,
    )
    assert (chosen.stock_field, chosen.stock_buffer) == ("quantity", Decimal("2.5"))
    assert chosen.stock_facilities == ("00000001", "00000002")
    assert (chosen.price_multiplier, chosen.line_from) == (Decimal("1.25"), "3")
    assert (chosen.brands, chosen.lines, chosen.categories) == (
        {"ACME": "Acme"},
        {"gold": "Gold"},
        {"a": "B > C"},
    )
    assert chosen.strain_case


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_setting_can_be_typed_and_says_what_it_does(setting):
    assert parse(setting, typed(setting, setting.default)) == setting.default
    assert setting.consequence.endswith(".")


DEFAULTS = [
    ({}, "minimum_order", "0.01"),
    ({"minimum_order": "1"}, "minimum_order", "1"),
    ({"minimum_order": "one"}, "minimum_order", None),
    ({"unit_denomination": "3.5"}, "unit_denomination", "3.5"),
    ({"unit_denomination": "3.7"}, "unit_denomination", None),
    ({"unit_denomination": "1/2"}, "unit_denomination", None),
    ({"manufacturer": "99"}, "manufacturer", "99"),
    ({"manufacturer": "Somebody"}, "manufacturer", None),
    ({"license": "-4"}, "license", None),
    ({"retail_price": "1e3"}, "retail_price", None),
    ({"unit_multiplier": "10"}, "unit_multiplier", "10"),
    ({"unit_multiplier": "2.5"}, "unit_multiplier", None),
    ({"unit_multiplier": "0"}, "unit_multiplier", None),
]


@pytest.mark.parametrize(("table", "name", "expected"), DEFAULTS)
def test_a_default_that_cannot_be_sent_is_as_good_as_missing(table, name, expected):
    assert rules(product_defaults=table).defaults.get(name) == expected


def test_every_field_that_leaflink_needs_is_asked_for_or_always_sent():
    from sandbox.leaflink.product_fields import NEEDED

    ours = {"subcategory": "sub_category", "strain_class": "strain_classification", "unit": "unit_of_measure"}
    ours |= {"price": "wholesale_price"}
    asked = {ours.get(name, name) for names in SHOP.required.values() for name in names}
    assert set(NEEDED) - asked == {"sku", "seller", "listing_state", "inventory_management"}
