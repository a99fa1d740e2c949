"""Where an item stands on the menu: the category that decides, and the table."""

from __future__ import annotations

import pytest

from portal.sync.platforms.aiq.categories import category_text, kind_of
from portal.sync.platforms.aiq.terms import KINDS
from tests.sync.platforms.aiq.examples import item

pytestmark = pytest.mark.promise("AQ-3")


@pytest.mark.parametrize(
    ("subcategory", "own", "expected"),
    [
        ("Gummies", "Edibles", "Gummies"),
        ("", "Edibles", "Edibles"),
        # Blanks are nothing.
        ("  ", "Edibles", "Edibles"),
        ("", "", ""),
        (" Live Rosin ", "", "Live Rosin"),
    ],
)
def test_the_subcategory_for_e_commerce_decides_else_the_items_own(subcategory, own, expected):
    assert category_text(item(custom_subcategory=subcategory, category=own)) == expected


def test_the_category_for_e_commerce_does_not_count():
    assert category_text(item(custom_category="Flower", category="Edibles")) == "Edibles"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Flower", "FLOWER"), ("Buds", "FLOWER"), ("Shake", "FLOWER"),
        ("Pre-Roll", "PRE_ROLLS"), ("Pre-Rolls", "PRE_ROLLS"), ("preroll", "PRE_ROLLS"),
        ("Joints", "PRE_ROLLS"),
        ("Vape", "VAPORIZERS"), ("Cart", "VAPORIZERS"), ("Cartridges", "VAPORIZERS"),
        ("Disposable", "VAPORIZERS"),
        ("Concentrates", "CONCENTRATES"), ("Rosin", "CONCENTRATES"), ("Resin", "CONCENTRATES"),
        ("Wax", "CONCENTRATES"), ("Shatter", "CONCENTRATES"), ("RSO", "CONCENTRATES"),
        ("Edibles", "EDIBLES"), ("Gummy", "EDIBLES"), ("Gummies", "EDIBLES"), ("Chocolate", "EDIBLES"),
        ("Tinctures", "TINCTURES"), ("Oil Drops", "TINCTURES"),
        ("Topicals", "TOPICALS"), ("Balm", "TOPICALS"), ("Patch", "TOPICALS"),
        ("Drinks", "BEVERAGES"), ("Beverage", "BEVERAGES"),
        ("Accessories", "ACCESSORIES"), ("Battery", "ACCESSORIES"), ("Papers", "ACCESSORIES"),
        ("Apparel", "MERCHANDISE"), ("Merch", "MERCHANDISE"),
    ],
)  # fmt: skip
def test_usual_categories_have_their_place(text, kind):
    assert kind_of(text, {}) == kind


@pytest.mark.parametrize("text", ["", "Cart Battery Flower", "Wholesale", "Not flower", "花"])
def test_what_nobody_said_is_not_guessed(text):
    assert kind_of(text, {}) == ""


@pytest.mark.parametrize(
    ("text", "kind"),
    [("top shelf", "FLOWER"), (" Top-Shelf ", "FLOWER"), ("Flower", ""), ("Odd", "")],
)
def test_a_stores_own_table_takes_the_place_of_all_usual_ones(text, kind):
    assert kind_of(text, {"Top Shelf": "FLOWER", "Odd": "NO_SUCH_KIND"}) == kind


def test_every_kind_has_a_usual_category():
    assert {kind_of(kind.replace("_", " "), {}) or kind for kind in KINDS} == set(KINDS)
