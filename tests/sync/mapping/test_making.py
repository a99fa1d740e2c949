"""Products that are made, and what describes those that are there."""

from dataclasses import replace
from decimal import Decimal

import pytest

from portal.sync.decisions import CreateProduct, CreateStrain, UpdateProduct
from portal.sync.domain import Item
from portal.sync.mapping.description import category_path, line_name
from portal.sync.platforms.leaflink.catalogue import write_draft
from portal.sync.platforms.leaflink.shop import BOTH, DESCRIPTION, INVENTORY
from portal.sync.questions import (
    BrandNamed,
    CategoryNamed,
    LineNamed,
    Named,
    NamedCategory,
    OwnLicenses,
    StrainNamed,
)
from tests.sync.mapping.shelves import codes, item, plan, product, rounds, rules, shelf


def new(*, stock=100, sku="PR-1", products=(), **changed):
    """A shelf whose item has no product."""
    return shelf(sku=sku, items=(item(sku=sku, **changed),), products=products, stock=stock)


@pytest.mark.promise("LL-9", "LL-11")
def test_an_item_without_a_product_gets_one_with_everything_that_leaflink_asks_for():
    action = plan(new()).action
    assert isinstance(action, CreateProduct)
    assert write_draft(action.draft, "7") == {
        "name": "Pre-Roll",
        "sku": "PR-1",
        "description": "One gram",
        "retail_price": {"amount": "9.00", "currency": "USD"},
        "wholesale_price": {"amount": "4.75", "currency": "USD"},
        "sale_price": {"amount": "0.00", "currency": "USD"},
        "minimum_order": "0.01",
        "maximum_order": "100000",
        "listing_state": "Available",
        "inventory_management": 1,
        "quantity": "100",
        "unit_of_measure": "Unit",
        "unit_denomination": 1,
        "unit_multiplier": 1,
        "base_units_per_unit": "1",
        "category": 4,
        "sub_category": 9,
        "brand": 31,
        "product_line": 5,
        "strains": [12],
        "strain_classification": "hybrid",
        "manufacturer": 7,
        "seller": 7,
        "license": 70,
    }


@pytest.mark.promise("LL-11")
def test_once_it_is_made_both_sides_agree():
    decision, on, base, done = rounds(new(), rules())
    assert [type(action) for action in done] == [CreateProduct]
    assert (decision.code, base["product"], base["stock"]) == ("agree", on.products[0].ref, "100")


@pytest.mark.promise("LL-10")
@pytest.mark.parametrize(
    ("mode", "chosen"),
    [(INVENTORY, {}), (INVENTORY, {"create_products": True}), (BOTH, {"create_products": False})],
)
def test_nothing_is_made_unless_it_was_chosen_and_descriptions_are_written(mode, chosen):
    decision = plan(new(), rules(mode, **chosen))
    assert (decision.code, decision.state, decision.action) == ("no_product", "skipped", None)


def test_what_describes_products_only_makes_them_without_stock():
    action = plan(new(), rules(DESCRIPTION)).action
    assert isinstance(action, CreateProduct)
    assert action.draft.fields["quantity"] == "0"
    assert "stock" not in action.base


def test_a_case_is_priced_as_a_whole():
    defaults = {"retail_price": "9.00", "unit_multiplier": "10"}
    action = plan(new(), rules(product_defaults=defaults, price_multiplier="1.5")).action
    assert isinstance(action, CreateProduct)
    sent = write_draft(action.draft, "7")
    assert (sent["wholesale_price"]["amount"], sent["unit_multiplier"]) == ("71.25", 10)
    assert sent["sell_in_unit_of_measure"] == "Case"


MISSING = [
    # what the item or the rules lack, and how it is called
    ({"name": "", "display_name": ""}, {}, ["name"]),
    ({"description": " "}, {}, ["description"]),
    ({"brand": ""}, {}, ["brand"]),
    ({"custom_category": "", "category": "Toys"}, {}, ["category", "subcategory"]),
    ({"uom": "gal"}, {}, ["unit of measure"]),
    ({"uom": ""}, {}, ["unit of measure"]),
    ({"unit_weight": None}, {}, ["weight of one unit"]),
    ({"weight_uom": "ml"}, {}, ["weight of one unit"]),
    ({}, {"product_defaults": {}}, ["retail price"]),
    ({}, {"product_defaults": {"retail_price": "cheap"}}, ["retail price"]),
    ({}, {"product_defaults": {"retail_price": "9", "unit_denomination": "11"}}, ["unit denomination"]),
    ({}, {"product_defaults": {"retail_price": "9", "manufacturer": "me"}}, ["manufacturer"]),
    ({}, {"write_prices": False}, ["wholesale price"]),
    ({"strain": "", "strain_type": "Tree"}, {}, ["strain classification"]),
]


@pytest.mark.promise("LL-11")
@pytest.mark.parametrize(("lacks", "chosen", "missing"), MISSING, ids=lambda value: str(value)[:50])
def test_all_that_is_missing_is_one_problem_and_nothing_is_guessed(lacks, chosen, missing):
    decision = plan(new(**lacks), rules(**chosen))
    assert (codes(decision), decision.state, decision.action) == (["product_incomplete"], "stuck", None)
    assert decision.findings[0].evidence == {"missing": missing}
    for name in missing:
        assert name in decision.findings[0].title


def test_without_a_license_that_is_the_facilitys_or_the_only_one_it_is_missing():
    two = {OwnLicenses(): (Named("1", "A"), Named("2", "B"))}
    assert plan(new(), answers=two).findings[0].evidence == {"missing": ["license"]}
    one = plan(new(), answers={OwnLicenses(): (Named("1", "A"),)}).action
    assert isinstance(one, CreateProduct)
    assert one.draft.fields["license"] == "1"
    chosen = rules(product_defaults={"retail_price": "9", "license": "2"})
    made = plan(new(), chosen, answers=two).action
    assert isinstance(made, CreateProduct)
    assert write_draft(made.draft, "7")["license"] == 2


@pytest.mark.promise("LL-1")
@pytest.mark.parametrize("sku", ["PR,1", ",", "A,B,C"])
@pytest.mark.parametrize("mode", [INVENTORY, BOTH])
def test_a_sku_that_leaflink_cannot_have_is_a_problem(mode, sku):
    decision = plan(new(sku=sku), rules(mode))
    assert (codes(decision), decision.action) == (["sku_unfit"], None)


@pytest.mark.promise("LL-1")
def test_next_to_a_near_product_none_is_made():
    decision = plan(new(products=(product(sku="PR 1"),)))
    assert (decision.code, decision.action) == ("near_product", None)
    archived = plan(new(products=(product(sku="PR 1", archived=True),)))
    assert isinstance(archived.action, CreateProduct)


def test_nothing_is_made_before_it_is_known_what_there_is():
    decision = plan(new(stock=None))
    assert (decision.code, decision.state, decision.action) == ("stock_unread", "waiting", None)


FLOWER = {CategoryNamed("Pre-Rolls", "Singles"): (NamedCategory(Named("1", "Flower"), Named("2", "X")),)}
EDIBLE = {CategoryNamed("Pre-Rolls", "Singles"): (NamedCategory(Named("1", "Edibles"), Named("2", "X")),)}


def test_flower_needs_a_strain_and_an_edible_its_cannabinoids():
    flower = plan(new(strain="", strain_type=""), answers=FLOWER)
    assert flower.findings[0].evidence == {"missing": ["strain"]}
    edible = plan(new(), answers=EDIBLE)
    assert edible.findings[0].evidence == {"missing": ["weight of one unit"]}
    given = rules(product_defaults={"retail_price": "9", "base_units_per_unit": "100"})
    action = plan(new(), given, answers=EDIBLE).action
    assert isinstance(action, CreateProduct)
    assert write_draft(action.draft, "7")["base_units_per_unit"] == "100"


@pytest.mark.promise("LL-4")
def test_a_strain_that_leaflink_does_not_have_is_made_first():
    decision = plan(new(strain="OG", strain_type="Indica"))
    assert decision.action == CreateStrain("OG", "indica")
    decision, _on, _base, done = rounds(new(strain="OG", strain_type="Indica"), rules())
    assert [type(action) for action in done] == [CreateStrain, CreateProduct]
    assert decision.state == "settled"


@pytest.mark.promise("LL-4")
def test_no_strain_is_made_for_a_product_that_cannot_be_made():
    decision = plan(new(strain="OG", description=""))
    assert (codes(decision), decision.action) == (["product_incomplete"], None)


STRAINS = [
    # the item, what LeafLink has of the name, whether case tells, and what becomes of it
    ({"strain": "Blue Dream"}, [("12", "Blue Dream"), ("13", "BLUE DREAM")], False, ["12"]),
    ({"strain": "Blue Dream"}, [("13", "BLUE DREAM")], False, ["13"]),
    ({"strain": "Blue Dream"}, [("13", "BLUE DREAM")], True, "create_strain"),
    ({"strain": "Blue Dream"}, [("13", "BLUE DREAM"), ("14", "blue dream")], False, "strain_twice"),
    ({"strain": "Blue Dream"}, [("13", "Blue Dream"), ("14", "Blue Dream")], False, "strain_twice"),
    ({"strain": "Blue Dream", "strain_type": "Tree"}, [], False, "strain_type_unknown"),
    ({"strain": "Blue Dream", "strain_type": ""}, [], False, "strain_type_unknown"),
    ({"strain": "", "strain_type": "", "strain_required": True}, [], False, "strain_missing"),
]


@pytest.mark.promise("LL-4")
@pytest.mark.parametrize(("changed", "found", "case", "expected"), STRAINS, ids=lambda value: str(value)[:40])
@pytest.mark.parametrize("is_new", [True, False])
@pytest.mark.fault(57)
def test_a_strain_is_found_by_name(is_new, changed, found, case, expected):
    on = new(**changed) if is_new else shelf(items=(item(**changed),), products=(product(strains=()),))
    answers = {StrainNamed("Blue Dream"): tuple(Named(ref, name) for ref, name in found)}
    decision = plan(on, rules(strain_case=case), answers=answers)
    if isinstance(expected, list):
        action = decision.action
        fields = action.draft.fields if isinstance(action, CreateProduct) else {}
        changes = action.changes if isinstance(action, UpdateProduct) else fields
        assert changes["strains"] == expected
    elif expected == "create_strain":
        assert isinstance(decision.action, CreateStrain)
    else:
        assert expected in codes(decision)
        assert not isinstance(decision.action, CreateStrain | CreateProduct)


CHANGES = [
    # what the item says, and what is written of it
    ({"name": "New"}, {"name": "New"}),
    ({"display_name": "For shops"}, {"name": "For shops"}),
    ({"description": "Two grams"}, {"description": "Two grams"}),
    ({"description": "One  gram "}, {}),
    ({"description": ""}, {}),
    ({"strain": "", "strain_type": ""}, {}),
    ({"strain_type": "Sativa"}, {"strain_class": "sativa"}),
    ({"price": Decimal("5.00")}, {"price": "50"}),
    ({"price": Decimal("4.7549")}, {"price": "47.55"}),
    ({"custom_category": ""}, {}),
    ({"ref_fields": ("", "", "", "", "")}, {}),
    ({"brand": ""}, {}),
]


@pytest.mark.promise("LL-10")
@pytest.mark.parametrize(("changed", "written"), CHANGES, ids=lambda value: str(value)[:50])
def test_only_what_differs_is_written_and_nothing_is_emptied(changed, written):
    decision = plan(shelf(items=(item(**changed),)))
    action = decision.action
    assert (action.changes if isinstance(action, UpdateProduct) else {}) == written


@pytest.mark.promise("LL-10")
def test_each_mode_writes_its_own_fields_and_prices_only_by_their_switch():
    on = shelf(items=(item(name="New", price=Decimal(9)),), stock=7)
    kinds = {
        (INVENTORY, True): ["SetStock"],
        (DESCRIPTION, True): ["UpdateProduct"],
        (DESCRIPTION, False): ["UpdateProduct"],
        (BOTH, True): ["SetStock", "UpdateProduct"],
        (BOTH, False): ["SetStock", "UpdateProduct"],
    }
    for (mode, prices), expected in kinds.items():
        _decision, _on, _base, done = rounds(on, rules(mode, write_prices=prices))
        assert [type(action).__name__ for action in done] == expected
        changes = [action.changes for action in done if isinstance(action, UpdateProduct)]
        assert [set(each) for each in changes] == (
            [{"name", "price"} if prices else {"name"}] if mode != INVENTORY else []
        )


@pytest.mark.promise("LL-10")
def test_an_item_without_a_price_is_a_problem_only_where_prices_are_written():
    on = shelf(items=(item(price=None),))
    assert codes(plan(on)) == ["price_missing"]
    assert plan(on, rules(write_prices=False)).state == "settled"
    assert codes(plan(shelf(items=(item(price=Decimal(0)),)))) == ["price_missing"]


def test_a_price_for_another_unit_is_converted_and_else_a_problem():
    ounce = shelf(items=(item(uom="lb", price=Decimal(1600)),), products=(product(unit="oz", multiplier=1),))
    _decision, _on, _base, done = rounds(ounce, rules(DESCRIPTION))
    assert isinstance(done[0], UpdateProduct)
    assert done[0].changes["price"] == "100"
    grams = shelf(items=(item(uom="ea"),), products=(product(unit="g"),))
    assert codes(plan(grams, rules(DESCRIPTION))) == ["unit_mismatch"]
    assert codes(plan(grams, rules(BOTH))) == ["unit_mismatch"]


@pytest.mark.promise("LL-6")
@pytest.mark.fault(57)
def test_a_line_must_be_leaflinks_exactly_and_near_ones_are_shown():
    on = shelf(items=(item(ref_fields=("gold", "", "", "", "")),))
    near = {LineNamed("gold", "31"): (Named("5", "Gold"),)}
    decision = plan(on, answers=near)
    assert codes(decision) == ["line_unknown"]
    assert "Near: Gold" in decision.findings[0].text
    assert plan(on, rules(product_lines={"gold": "Gold"})).state == "settled"
    assert plan(on, rules(product_line_from="none")).state == "settled"


@pytest.mark.promise("LL-6")
def test_with_another_brand_a_product_has_that_brands_line():
    on = shelf()
    settled = plan(on).base
    answers = {
        BrandNamed("Beta"): (Named("32", "Beta"),),
        LineNamed("Gold", "32"): (Named("6", "Gold"),),
    }
    moved = shelf(items=(item(brand="Beta"),))
    action = plan(moved, base=settled, answers=answers).action
    assert isinstance(action, UpdateProduct)
    assert action.changes == {"brand": "32", "line": "6"}


@pytest.mark.promise("LL-6")
@pytest.mark.parametrize(
    ("chosen", "expected"),
    [("none", ""), ("1", "Gold"), ("2", ""), ("brand", "Acme"), ("category", "Singles")],
)
def test_where_the_line_comes_from(chosen, expected):
    assert line_name(item(), replace(rules(), line_from=chosen)) == expected


PATHS = [
    ({"Singles": "Pre-Rolls > Singles"}, {}, "Pre-Rolls > Singles"),
    ({"singles": "A > B"}, {"custom_category": ""}, "A > B"),
    ({"Pre-Rolls > Singles": "A > B", "Pre-Rolls": "C > D", "Singles": "E > F"}, {}, "A > B"),
    ({"pre-rolls>singles": "A > B"}, {}, "A > B"),
    ({"Pre-Rolls": "C > D", "Singles": "E > F"}, {}, "C > D"),
    ({}, {}, "Pre-Rolls > Singles"),
    ({}, {"custom_subcategory": ""}, ""),
    ({"Other": "A > B"}, {"custom_category": ""}, ""),
]


@pytest.mark.promise("LL-8")
@pytest.mark.parametrize(("table", "changed", "expected"), PATHS, ids=lambda value: str(value)[:50])
def test_a_category_is_told_by_its_row_the_closest_first(table, changed, expected):
    found: Item = item(**changed)
    assert category_path(found, rules(categories=table)) == expected


AB = NamedCategory(Named("4", "A"), Named("1", "B"))


@pytest.mark.promise("LL-8")
@pytest.mark.parametrize("answer", [(), (NamedCategory(Named("4", "A"), None),), (AB, AB)])
def test_a_category_that_leaflink_does_not_have_once_is_a_problem(answer):
    chosen = rules(categories={"Singles": "A > B", "Pre-Rolls > Singles": "A > B"})
    for on in (shelf(), new()):
        decision = plan(on, chosen, answers={CategoryNamed("A", "B"): answer})
        assert (codes(decision), decision.action) == (["category_unknown"], None)


def test_a_category_is_written_with_its_subcategory():
    chosen = rules(categories={"Pre-Rolls > Singles": "A > B"})
    answers = {CategoryNamed("A", "B"): (NamedCategory(Named("14", "A"), Named("19", "B")),)}
    action = plan(shelf(), chosen, answers=answers).action
    assert isinstance(action, UpdateProduct)
    assert action.changes == {"category": "14", "subcategory": "19"}


@pytest.mark.promise("LL-4")
def test_a_strain_that_differs_in_case_only_is_shown_with_both_spellings():
    answers = {StrainNamed("Blue Dream"): (Named("12", "BLUE DREAM"),)}
    decision = plan(shelf(), answers=answers)
    assert decision.state == "settled"
    assert "spells its strain Blue Dream as BLUE DREAM" in decision.sentence
    again = plan(shelf(), base=decision.base)
    assert again.sentence == decision.sentence


@pytest.mark.promise("LL-4")
def test_of_a_product_that_was_made_both_spellings_of_its_strain_are_shown_too():
    answers = {StrainNamed("Blue Dream"): (Named("12", "BLUE DREAM"),)}
    made = plan(new(), answers=answers).action
    assert isinstance(made, CreateProduct)
    assert made.base["spelled"] == "BLUE DREAM"


@pytest.mark.promise("LL-6")
def test_of_two_lines_that_are_one_after_trimming_the_exact_one_is_taken():
    lines = {LineNamed("Gold", "31"): (Named("6", "Gold "), Named("5", "Gold"))}
    assert plan(shelf(), answers=lines).state == "settled"
    twice = {LineNamed("Gold", "31"): (Named("6", "Gold"), Named("5", "Gold"))}
    assert codes(plan(shelf(), answers=twice)) == ["line_unknown"]
