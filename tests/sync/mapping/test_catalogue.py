"""The plan for one SKU: pairs, stock, and who else writes."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sync.decisions import CreateStrain, Inquiry, SetStock, UpdateProduct
from portal.sync.domain import StockKind
from portal.sync.mapping.catalogue import plan_product
from portal.sync.mapping.keeping import forgiven
from portal.sync.mapping.stock import offered
from portal.sync.mapping.units import FAMILIES
from portal.sync.platforms.leaflink.catalogue import LISTING_STATES, UNITS
from portal.sync.platforms.leaflink.shop import BOTH, DESCRIPTION, INVENTORY
from portal.sync.questions import BrandNamed, Named, StrainNamed
from tests.sync.mapping.shelves import SKU, applied, codes, item, plan, product, rounds, rules, shelf

MODES = (INVENTORY, DESCRIPTION, BOTH)


@pytest.mark.promise("LL-1")
def test_a_pair_that_agrees_is_settled_and_linked():
    decision = plan(shelf())
    assert (decision.code, decision.state, decision.action) == ("agree", "settled", None)
    assert decision.base is not None
    assert (decision.base["item"], decision.base["product"], decision.base["stock"]) == ("328", "501", "100")


@pytest.mark.promise("LL-1")
def test_what_agreed_before_is_told_without_a_question_and_changes_nothing():
    decision, on, base, done = rounds(shelf(), rules())
    assert done == []
    again = plan_product(on, base=base, rules=rules(), facts={})
    assert not isinstance(again, Inquiry)
    assert (again.code, again.base, again.action) == ("agree", None, None)
    assert decision.code == "agree"


PAIRS = [
    # what is on the shelf, the decision's code, its state, and what its finding says
    ({"items": ()}, "no_item", "skipped"),
    ({"items": (item(sku="pr 1"),)}, "near_item", "skipped"),
    ({"items": (), "products": ()}, "no_item", "skipped"),
    ({"items": (item(), item(id="2", name="Other"))}, "sku_twice", "stuck"),
    ({"items": (item(), item(id="2", active=False))}, "agree", "settled"),
    ({"items": (item(active=False), item(id="2", active=False))}, "sku_twice", "stuck"),
    ({"items": (item(sku=f" {SKU} "),)}, "agree", "settled"),
    ({"products": (product(), product(ref="2"))}, "product_sku_twice", "stuck"),
    ({"products": (product(), product(ref="2", archived=True))}, "agree", "settled"),
    ({"products": (product(archived=True),)}, "archived", "skipped"),
    ({"products": (product(sku="pr-1"),)}, "near_product", "skipped"),
    ({"items": (item(ecommerce=False),)}, "ecommerce_off", "skipped"),
    ({"items": (item(ecommerce=False),), "products": ()}, "ecommerce_off", "skipped"),
    ({"items": (item(active=False),), "products": ()}, "item_not_active", "skipped"),
    ({"items": (item(brand="Other"),)}, "brand_elsewhere", "skipped"),
    ({"linked_as": "PR-OLD"}, "linked_elsewhere", "waiting"),
    ({"linked_as": "PR-OLD", "products": ()}, "linked_elsewhere", "waiting"),
    ({"sku": "", "items": (), "products": (product(sku="", children=2),)}, "parent", "skipped"),
    ({"sku": "", "items": (), "products": (product(sku=""),)}, "no_sku", "skipped"),
    ({"stock": None}, "stock_unread", "waiting"),
    ({"products": (product(available=Decimal(5)),), "stock": None}, "stock_unread", "waiting"),
]


@pytest.mark.promise("LL-1")
@pytest.mark.parametrize(("changed", "code", "state"), PAIRS, ids=lambda value: str(value)[:60])
def test_each_pair_is_told_apart_and_only_a_whole_one_is_written(changed, code, state):
    decision = plan(shelf(**changed))
    assert (decision.code, decision.state, decision.action) == (code, state, None)
    assert decision.sentence
    assert decision.next_step


@pytest.mark.promise("LL-1")
def test_near_skus_are_shown():
    assert "pr 1" in plan(shelf(items=(item(sku="pr 1"),))).sentence
    assert "pr-1" in plan(shelf(products=(product(sku="pr-1"),))).sentence


@pytest.mark.promise("LL-5")
@pytest.mark.fault(57)
def test_a_near_brand_is_shown_and_never_taken():
    decision = plan(shelf(items=(item(brand="ACME"),)), answers={BrandNamed("ACME"): (Named("31", "Acme"),)})
    assert decision.code == "brand_elsewhere"
    assert "Near: Acme" in decision.sentence


@pytest.mark.promise("LL-5")
def test_a_brand_has_its_row_in_the_table_and_two_connections_take_their_own():
    theirs = shelf(items=(item(brand="ACME FARMS"),))
    assert plan(theirs, rules(brands={"ACME FARMS": "Acme"})).code == "agree"
    assert plan(theirs, rules()).code == "brand_elsewhere"


LINKED = {"item": "328", "product": "501", "stock": "100", "brand": "Acme"}


@pytest.mark.promise("LL-1")
@pytest.mark.parametrize(
    ("changed", "code", "state"),
    [
        ({"items": (item(sku="PR-2"),)}, "sku_changed", "stuck"),
        ({"products": (product(sku="PR-2"),)}, "sku_changed", "stuck"),
        ({"products": (product(sku=""),)}, "sku_changed", "stuck"),
        ({"items": (item(sku="PR-2"), item(id="9"))}, "sku_changed", "stuck"),
        ({"items": (item(sku="PR-2"),), "products": (product(sku="PR-3"),)}, "sku_changed", "stuck"),
        ({"products": ()}, "product_gone", "stuck"),
        ({"items": ()}, "item_gone", "stuck"),
        ({"products": (product(archived=True),)}, "archived", "skipped"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_linked_pair_that_came_apart_is_neither_written_nor_made_again(changed, code, state):
    decision = plan(shelf(stock=0, **changed), base=LINKED)
    assert (decision.code, decision.state, decision.action) == (code, state, None)


def test_which_id_has_which_sku_is_said():
    (finding,) = plan(shelf(items=(item(sku="PR-2"),)), base=LINKED).findings
    assert finding.evidence == {"item": "328", "item_sku": "PR-2", "product": "501", "product_sku": SKU}
    assert "PR-2" in finding.text


def test_a_pair_that_moved_to_another_sku_together_lets_its_link_go():
    decision = plan(shelf(items=(item(sku="PR-2"),), products=(product(sku="PR-2"),)), base=LINKED)
    assert (decision.code, decision.state, decision.base) == ("sku_moved", "skipped", {})


@pytest.mark.promise("LL-9")
@pytest.mark.parametrize("state", list(LISTING_STATES))
@pytest.mark.parametrize("mode", MODES)
def test_no_listing_state_is_ever_written_and_only_archived_products_are_left(mode, state):
    changed = product(
        listing_state=state, listed=LISTING_STATES[state], archived=state == "Archived", name="Old name"
    )
    decision, _on, _base, done = rounds(shelf(products=(changed,), stock=40), rules(mode))
    if state == "Archived":
        assert (decision.code, done) == ("archived", [])
        return
    assert decision.state == "settled"
    assert (state in decision.sentence) is (not LISTING_STATES[state])
    kinds = {INVENTORY: [SetStock], DESCRIPTION: [UpdateProduct], BOTH: [SetStock, UpdateProduct]}[mode]
    assert [type(action) for action in done] == kinds
    assert not [
        action
        for action in done
        if isinstance(action, UpdateProduct) and action.changes.keys() & {"listing_state", "listed"}
    ]


UOMS = [unit for family in FAMILIES for unit in family]


@pytest.mark.promise("LL-11")
@pytest.mark.parametrize("unit", sorted(UNITS.values()))
@pytest.mark.parametrize("uom", [*UOMS, "", "case"])
def test_every_pair_of_units_is_converted_within_its_family_and_a_problem_outside(uom, unit):
    on = shelf(items=(item(uom=uom),), products=(product(unit=unit, available=Decimal(0)),), stock=10)
    decision = plan(on, rules(INVENTORY))
    if any(uom in family and unit in family for family in FAMILIES):
        assert decision.findings == ()
        assert decision.action is None or isinstance(decision.action, SetStock)
    else:
        assert (codes(decision), decision.state, decision.action) == (["unit_mismatch"], "stuck", None)


STOCK = [
    # sellable, promised, buffer, item's unit, product's unit: what is offered
    (100, 0, 0, "ea", "ea", "100"),
    (100, 20, 5, "ea", "ea", "75"),
    (10, 20, 0, "ea", "ea", "0"),
    (-40, 0, 0, "ea", "ea", "0"),
    ("7.9", 0, 0, "ea", "ea", "7"),
    (2, 0, 0, "lb", "oz", "32"),
    (2, 4, 0, "lb", "oz", "28"),
    (100, 0, 0, "g", "oz", "3.5273"),
    ("28.349523125", 0, 0, "g", "oz", "1"),
    (1, 0, 0, "kg", "g", "1000"),
    (1, 0, 0, "l", "ml", "1000"),
]


@pytest.mark.promise("LL-11")
@pytest.mark.parametrize(("stock", "promised", "buffer", "uom", "unit", "expected"), STOCK)
def test_what_is_offered(stock, promised, buffer, uom, unit, expected):
    on = shelf(
        items=(item(uom=uom),),
        products=(product(unit=unit, available=Decimal("0.5")),),
        stock=stock,
        promised=promised,
    )
    action = plan(on, rules(INVENTORY, stock_buffer=buffer)).action
    assert isinstance(action, SetStock)
    assert (action.ref, action.field, action.value) == ("501", "available", Decimal(expected))
    assert action.drops is (expected == "0")


@pytest.mark.promise("LL-11", "LL-20")
def test_a_case_product_counts_eaches_and_fractions_only_where_it_may():
    cases = product(multiplier=24, available=Decimal(0))
    action = plan(shelf(products=(cases,), stock=60)).action
    assert isinstance(action, SetStock)
    assert action.value == 60
    halves = replace(cases, fractional=True)
    action = plan(shelf(products=(halves,), stock="7.25")).action
    assert isinstance(action, SetStock)
    assert action.value == Decimal("7.25")


@pytest.mark.promise("LL-11")
def test_the_other_field_is_that_and_what_is_reserved():
    on = shelf(products=(product(available=Decimal(30), quantity=Decimal(50)),), stock=100)
    decision, on, _base, done = rounds(on, rules(INVENTORY, stock_field="quantity"))
    (action,) = done
    assert isinstance(action, SetStock)
    assert (action.field, action.value) == ("quantity", Decimal(120))
    assert on.products[0].available == Decimal(100)
    assert decision.state == "settled"


def test_a_package_of_a_weight_may_be_counted_either_way_so_a_person_is_asked():
    odd = product(unit="g", denomination=Decimal("3.5"))
    decision = plan(shelf(items=(item(uom="g"),), products=(odd,)))
    assert codes(decision) == ["unit_mismatch"]
    assert "3.5 g" in decision.findings[0].title


@pytest.mark.promise("LL-28")
@pytest.mark.parametrize("kind", [StockKind.INHERITED, StockKind.UNLIMITED])
def test_stock_that_is_not_ours_is_never_written_and_the_rest_is(kind):
    on = shelf(products=(product(stock_kind=kind, name="Old", parent="77"),), stock=3)
    decision = plan(on, rules(INVENTORY))
    assert (decision.code, decision.state, decision.action) == ("stock_left_alone", "skipped", None)
    decision, _on, _base, done = rounds(on, rules(BOTH))
    assert [type(action) for action in done] == [UpdateProduct]
    assert (decision.code, decision.state) == ("agree", "settled")
    assert "left alone" in decision.sentence


def test_of_an_inactive_item_only_stock_is_kept():
    on = shelf(items=(item(active=False, name="New name"),), stock=0)
    decision, on, _base, done = rounds(on, rules(BOTH))
    assert [type(action) for action in done] == [SetStock]
    assert decision.state == "settled"


@pytest.mark.promise("LL-11")
def test_writes_that_take_to_zero_can_be_held_and_everything_else_goes_on():
    holding = replace(rules(BOTH), holds_drops=True)
    on = shelf(products=(product(name="Old"),), stock=0)
    decision, on, base, done = rounds(on, holding)
    assert [type(action) for action in done] == [UpdateProduct]
    assert (decision.code, decision.state) == ("drop_held", "waiting")
    assert isinstance(plan(replace(on, stock=Decimal(1)), holding, base=base).action, SetStock)
    action = plan(on, rules(BOTH), base=base).action
    assert isinstance(action, SetStock)
    assert action.drops


def test_a_product_that_is_at_zero_already_does_not_drop():
    decision = plan(shelf(products=(product(available=Decimal(-5)),), stock=0), rules(INVENTORY))
    assert isinstance(decision.action, SetStock)
    assert not decision.action.drops


@pytest.mark.promise("LL-10")
@pytest.mark.parametrize("name", ["stock", "name"])
def test_what_another_program_undoes_is_written_again_once_and_then_asked_about(name):
    def undone(on):
        made = product(available=Decimal(7)) if name == "stock" else product(name="Theirs")
        return replace(on, products=(made,))

    by = rules(INVENTORY if name == "stock" else DESCRIPTION)
    _, on, base, _ = rounds(undone(shelf()), by)
    decision, on, base, done = rounds(undone(on), by, base=base)
    assert (len(done), decision.state) == (1, "settled")
    decision = plan(undone(on), by, base=base)
    assert (codes(decision), decision.state, decision.action) == (["two_writers"], "stuck", None)
    assert decision.findings[0].cause == name
    again = plan(undone(on), by, base=decision.base if decision.base is not None else base)
    assert codes(again) == ["two_writers"]
    assert plan(undone(on), by, base=forgiven(base)).action is not None
    assert codes(plan(on, by, base=base)) == []


def test_a_value_that_changed_in_flourish_is_written_whoever_else_writes():
    by = rules(INVENTORY)
    _, on, base, _ = rounds(shelf(stock=40), by)
    theirs = replace(on, products=(product(available=Decimal(7)),))
    _, on, base, _ = rounds(theirs, by, base=base)
    _, on, base, done = rounds(replace(theirs, stock=Decimal(41)), by, base=base)
    assert len(done) == 1
    decision, *_ = rounds(replace(on, products=(product(available=Decimal(7)),)), by, base=base)
    assert decision.state == "settled"


def test_of_two_values_only_the_one_that_is_fought_over_is_held():
    by = rules(BOTH)
    _, on, base, _ = rounds(shelf(), by)
    theirs = replace(on, products=(product(name="Theirs"),))
    _, on, base, _ = rounds(theirs, by, base=base)
    decision = plan(replace(theirs, stock=Decimal(3)), by, base=base)
    assert isinstance(decision.action, SetStock)
    base = decision.action.base
    decision = plan(replace(applied(theirs, decision.action), stock=Decimal(3)), by, base=base)
    assert codes(decision) == ["two_writers"]


def test_a_changed_quantity_needs_no_question():
    _, on, base, _ = rounds(shelf(), rules(BOTH))
    decision = plan_product(replace(on, stock=Decimal(12)), base=base, rules=rules(BOTH), facts={})
    assert not isinstance(decision, Inquiry)
    assert isinstance(decision.action, SetStock)
    after = applied(replace(on, stock=Decimal(12)), decision.action)
    settled = plan_product(after, base=decision.action.base, rules=rules(BOTH), facts={})
    assert not isinstance(settled, Inquiry)
    assert settled.state == "settled"


AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-10_000, max_value=10_000, places=3)
SOME_UNITS = st.sampled_from(sorted({"ea", "g", "mg", "kg", "oz", "lb", "l", "ml", "t", "gal"}))


@pytest.mark.promise("LL-11")
@given(AMOUNTS, AMOUNTS, AMOUNTS, SOME_UNITS, SOME_UNITS, st.booleans())
def test_what_is_offered_is_never_below_zero_and_never_above_what_is_sellable(
    stock, promised, buffer, uom, unit, fractional
):
    by = replace(rules(), stock_buffer=buffer)
    on = shelf(items=(item(uom=uom),), stock=stock, promised=promised)
    found = offered(on, on.items[0], unit, by, fractional=fractional)
    whole = offered(
        replace(on, promised=Decimal(0)),
        on.items[0],
        unit,
        replace(by, stock_buffer=Decimal(0)),
        fractional=True,
    )
    assert (found is None) is (whole is None)
    if found is not None and whole is not None:
        assert Decimal(0) <= found <= whole


TEXTS = st.sampled_from(["", "Pre-Roll", "<b>Pre</b>-Roll", "Pre &amp; Roll", " spaced ", "é", "One gram"])


@pytest.mark.promise("LL-10")
@given(
    st.sampled_from(MODES),
    st.builds(
        item,
        name=TEXTS,
        description=TEXTS,
        display_name=TEXTS,
        price=st.none() | st.sampled_from([Decimal(0), Decimal("4.755"), Decimal("0.001")]),
        strain=st.sampled_from(["", "Blue Dream", "OG"]),
        strain_type=st.sampled_from(["", "Hybrid", "CBD", "Tree"]),
        brand=st.sampled_from(["", "Acme"]),
        uom=SOME_UNITS,
        ref_fields=st.sampled_from([(line, "", "", "", "") for line in ("", "Gold", "Silver")]),
        active=st.booleans(),
    ),
    st.none()
    | st.builds(
        product,
        name=TEXTS,
        description=TEXTS,
        available=AMOUNTS,
        unit=SOME_UNITS,
        multiplier=st.sampled_from([1, 10]),
        price=st.none() | st.just(Decimal("47.50")),
        strains=st.sampled_from([(), ("12",), ("12", "13")]),
        stock_kind=st.sampled_from(StockKind),
        line=st.sampled_from(["", "5", "6"]),
    ),
    AMOUNTS,
    st.sampled_from(["available_inventory", "quantity"]),
)
def test_once_what_is_planned_is_done_nothing_is_left_to_do(mode, one, other, stock, field):
    on = shelf(items=(one,), products=() if other is None else (other,), stock=stock)
    by = rules(mode, stock_field=field)
    decision, on, base, done = rounds(on, by)
    assert decision.action is None
    assert len(done) <= 3
    made = {StrainNamed(act.name): (Named("99", act.name),) for act in done if isinstance(act, CreateStrain)}
    again = plan(on, by, base=base, answers=made)
    assert again.action is None
    assert again.base in (None, base)
    assert codes(again) == codes(decision)
