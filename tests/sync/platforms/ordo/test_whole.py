"""The plan for one SKU on a platform that takes items whole: what its brand lets in, what is put there."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from portal.sync.decisions import CatalogueRules
from portal.sync.drafts import PutProduct
from portal.sync.mapping.keeping import forgiven
from portal.sync.platforms.ordo.whole import plan_whole
from portal.sync.questions import BrandNamed, Named
from portal.sync.sameness import Sameness
from tests.sync.mapping.shelves import SKU, codes, item, plan, product, shelf

RULES = CatalogueRules("c1", "Ordo", ("name", "brand", "category", "unit", "price"), writes_stock=True)
THERE = {BrandNamed("Acme"): (Named("Acme", "Acme"),)}
PUT = product(
    ref="itm-1",
    brand="Acme",
    category="Singles",
    price=Decimal("4.75"),
    quantity=Decimal(100),
    reserved=Decimal(0),
    multiplier=1,
)


def decide(*, base=None, brands=None, by=RULES, **on):
    answers = THERE if brands is None else brands
    on_both = shelf(**{"products": (PUT,), **on})
    return plan(on_both, by, base=base, answers=answers, planner=plan_whole)


def settled(**on):
    """What both agree on, once they do."""
    decision = decide(**on)
    assert decision.code == "agree"
    return decision.base


@pytest.mark.promise("OR-1")
@pytest.mark.parametrize(
    ("stock", "written"), [(100, "100"), (0, "0"), (-3, "0"), ("2.5", "2.5"), ("0.00009", "0")]
)
def test_an_item_of_a_brand_that_is_there_is_put_there_whole_with_what_is_sellable(stock, written):
    decision = decide(products=(), stock=stock)

    action = decision.action
    assert isinstance(action, PutProduct)
    assert (action.ref, action.item_id, action.draft.sku, action.drops) == ("", "328", SKU, False)
    assert action.draft.fields == {
        "name": "Pre-Roll",
        "brand": "Acme",
        "category": "Singles",
        "unit": "ea",
        "price": "4.75",
        "quantity": written,
    }


@pytest.mark.promise("OR-1")
def test_e_commerce_and_what_orders_hold_are_no_matter_there():
    decision = decide(products=(), items=(item(ecommerce=False),), promised=40)
    assert decision.action.draft.fields["quantity"] == "100"


@pytest.mark.promise("OR-1")
def test_an_item_without_price_or_category_goes_there_as_it_is():
    bare = item(price=None, category="")
    fields = decide(products=(), items=(bare,)).action.draft.fields
    assert (fields["price"], fields["category"]) == (None, "")


BRANDS: tuple[tuple[str, dict[Any, tuple[Any, ...]], str, str], ...] = (
    # the item's brand, what the platform answers, the code, and what is said
    ("Acme ", {BrandNamed("Acme"): (Named("Acme", "Acme"),)}, "put_product", "Put the item into Ordo"),
    ("Acme", {BrandNamed("Acme"): (Named(" Acme", " Acme"),)}, "put_product", "Put the item into Ordo"),
    ("Acme", {BrandNamed("Acme"): (Named("ACME", "ACME"),)}, "brand_elsewhere", "Did you mean ACME?"),
    ("Zenith", {BrandNamed("Zenith"): ()}, "brand_elsewhere", "Ordo has no brand Zenith."),
    ("", {}, "brand_missing", "The item has no brand in Flourish."),
)


@pytest.mark.promise("OR-1")
@pytest.mark.parametrize(("brand", "there", "code", "says"), BRANDS)
def test_the_brand_has_to_be_equal_after_trimming_and_a_near_one_is_shown(brand, there, code, says):
    decision = decide(products=(), items=(item(brand=brand),), brands={BrandNamed("Acme"): (), **there})

    assert decision.code == code
    assert says in decision.sentence


def test_the_brand_is_written_as_the_platform_spells_it():
    there = {BrandNamed("Acme"): (Named(" Acme", " Acme"),)}
    assert decide(products=(), brands=there).action.draft.fields["brand"] == " Acme"


@pytest.mark.promise("OR-1")
def test_an_item_whose_brand_was_renamed_is_a_named_problem():
    agreed = settled()

    renamed_there = decide(base=agreed, brands={BrandNamed("Acme"): ()})
    renamed_here = decide(
        base=agreed, items=(item(brand="ACME"),), brands={BrandNamed("ACME"): THERE[BrandNamed("Acme")]}
    )

    assert codes(renamed_there) == codes(renamed_here) == ["brand_orphaned"]
    assert (renamed_there.state, renamed_there.action) == ("stuck", None)
    assert "Did you mean Acme?" in renamed_here.findings[0].text


def test_once_the_brand_is_there_again_it_goes_on():
    agreed = settled()
    assert decide(base=agreed, brands={BrandNamed("Acme"): ()}).state == "stuck"
    assert decide(base=agreed).code == "agree"


CHANGES = (
    ({"items": (item(name="Pre-Roll, 1 g"),)}, ("name",)),
    ({"items": (item(price=Decimal("5.00")),)}, ("price",)),
    ({"items": (item(uom="g"),)}, ("unit",)),
    ({"items": (item(category="Joints"),), "stock": 7}, ("category", "stock")),
    ({"stock": 7}, ("stock",)),
)


@pytest.mark.promise("OR-4")
@pytest.mark.parametrize(("changed", "names"), CHANGES)
def test_what_changed_of_the_item_or_its_stock_goes_there_in_one_write(changed, names):
    decision = decide(base=settled(), **changed)

    assert decision.action.ref == "itm-1"
    assert decision.action.changed == names


def test_after_the_write_both_agree():
    decision = decide(base=settled(), stock=7)
    written = replace(PUT, quantity=Decimal(7), available=Decimal(7))
    assert decide(base=decision.action.base, stock=7, products=(written,)).code == "agree"


def test_stock_that_was_not_read_is_waited_for():
    assert decide(products=(), stock=None).code == "stock_unread"


@pytest.mark.promise("OR-1")
def test_taken_to_zero_it_is_written_unless_many_are_held():
    assert decide(base=settled(), stock=0).action.drops
    held = decide(base=settled(), stock=0, by=replace(RULES, holds_drops=True))
    assert (held.code, held.action) == ("drop_held", None)


LEFT_ALONE = (
    ({"items": (item(active=False),)}, "item_not_active"),
    ({"items": ()}, "no_item"),
    ({"products": (product(sku="pr 1"),)}, "near_product"),
    ({"items": (item(), item(id="2"))}, "sku_twice"),
)


@pytest.mark.promise("OR-1")
@pytest.mark.parametrize(("on", "code"), LEFT_ALONE)
def test_what_is_not_put_there_and_why(on, code):
    assert decide(**{"products": (), **on}).code == code


def test_who_keeps_changing_it_back_is_told_until_it_changes_in_flourish():
    base, wrong = settled(), (replace(PUT, name="By hand"),)
    first = decide(base=base, products=wrong)
    again = decide(base=first.action.base, products=wrong)

    assert codes(again) == ["two_writers"]
    assert decide(base=forgiven(first.action.base), products=wrong).code == "put_product"
    edited = decide(base=first.action.base, products=wrong, items=(item(name="New name"),))
    assert edited.code == "put_product"


def test_a_near_brand_that_people_said_is_meant_lets_the_item_in_under_the_platforms_name():
    said = replace(RULES, said=Sameness(1, aliases={"brand": {"ACME": "Acme"}}))
    there = {BrandNamed("ACME"): (Named("ACME", "ACME"),)}

    assert decide(products=(), brands=there, by=said).action.draft.fields["brand"] == "ACME"


def test_a_brand_that_people_left_out_is_left_alone():
    said = replace(RULES, said=Sameness(1, excluded={"brand": frozenset({"Acme"})}))

    assert decide(products=(), by=said).code == "left_out"


@pytest.mark.promise("OR-1")
@pytest.mark.parametrize("own", ["pr one", " PR-1"])
def test_an_item_that_is_there_keeps_its_own_sku_so_that_no_second_one_is_made(own):
    aliased = replace(PUT, own_sku=own, name="By hand")
    spaced = replace(PUT, sku=own, name="By hand")

    decision = decide(products=(aliased if own.strip() != SKU else spaced,))

    assert (decision.action.ref, decision.action.draft.sku) == ("itm-1", own)
