"""Which stock each lot of a product gets, and what happens where the two sides do not fit (LL-11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sync.batches import Batch, SetLotStock
from portal.sync.decisions import SetStock
from portal.sync.mapping.lots import lots_of
from portal.sync.sameness import Sameness
from tests.sync.mapping.shelves import item, plan, product, rules, shelf

BY_LOT = rules("inventory only", stock_by_lot=True)


def batch(number: str, quantity: int = 0, reserved: int = 0, **changed: Any) -> Batch:
    values: dict[str, Any] = {"ref": f"b-{number}", "stock_ref": f"s-{number}", "place": "1"}
    values |= {"quantity": Decimal(quantity), "reserved": Decimal(reserved)}
    return Batch(number=number, **(values | changed))


def on_shelf(
    lots: Mapping[str, Any],
    *batches: Batch,
    held: Mapping[str, int] | None = None,
    promised: int = 0,
    **changed: Any,
) -> Any:
    """An item with so much in each lot, and its product with these batches."""
    here = {lot: Decimal(str(amount)) for lot, amount in lots.items()}
    return shelf(
        stock=sum(here.values(), Decimal(0)),
        promised=promised,
        lots=here,
        held={lot: Decimal(units) for lot, units in (held or {}).items()},
        products=(product(batches=batches, **changed),),
    )


def targets(on: Any, by: Any = BY_LOT) -> dict[str, Decimal]:
    found = lots_of(on, on.items[0], on.products[0], by)
    assert found is not None
    return {lot.number: lot.target for lot in found if not lot.why_not}


def settle(on: Any, by: Any = BY_LOT) -> tuple[list[tuple[str, int]], Any]:
    """Make each write that is planned, until none is left."""
    written: list[tuple[str, int]] = []
    base, one = None, on.products[0]
    for _ in range(9):
        decision = plan(replace(on, products=(one,)), by, base=base)
        base = decision.base if decision.base is not None else base
        if decision.action is None:
            return written, decision
        action = decision.action
        assert isinstance(action, SetLotStock)
        written.append((action.batch.number, int(action.value)))
        base = action.base
        others = [each for each in one.batches if each.ref != action.batch.ref]
        stock_ref = action.batch.stock_ref or "made"
        changed = replace(action.batch, quantity=action.value, stock_ref=stock_ref)
        one = replace(one, batches=(*others, changed))
    raise AssertionError("it never comes to rest")


@pytest.mark.promise("LL-11")
@pytest.mark.parametrize(
    ("lots", "held", "promised", "buffer", "expected"),
    [
        ({"A": 5, "B": 3}, {}, 0, 0, {"A": 5, "B": 3}),
        # What an order holds of a lot is taken off that lot, once.
        ({"A": 5, "B": 3}, {"A": 2}, 2, 0, {"A": 3, "B": 3}),
        # What is held of no certain lot is taken off the fullest.
        ({"A": 5, "B": 3}, {}, 4, 0, {"A": 1, "B": 3}),
        ({"A": 5, "B": 3}, {"B": 1}, 4, 0, {"A": 2, "B": 2}),
        ({"A": 5, "B": 3}, {}, 7, 0, {"A": 0, "B": 1}),
        ({"A": 5, "B": 3}, {}, 99, 0, {"A": 0, "B": 0}),
        # The buffer is one of the product, not of each lot.
        ({"A": 5, "B": 3}, {}, 0, 2, {"A": 3, "B": 3}),
        # More is held of a lot than it has: the rest comes from the others.
        ({"A": 5, "B": 3}, {"B": 4}, 4, 0, {"A": 4, "B": 0}),
        # Oversold without a lot: Flourish counts below zero.
        ({"A": 5, "B": 3, "": -2}, {}, 0, 0, {"A": 3, "B": 3}),
        ({"A": "5.7", "B": 3}, {}, 0, 0, {"A": 5, "B": 3}),
    ],
)
def test_each_lot_offers_what_it_has_and_all_together_no_more_than_the_item(
    lots, held, promised, buffer, expected
):
    on = on_shelf(lots, batch("A"), batch("B"), held=held, promised=promised)

    found = targets(on, replace(BY_LOT, stock_buffer=Decimal(buffer)))

    assert found == expected


@pytest.mark.promise("LL-11")
@given(
    lots=st.dictionaries(st.sampled_from("ABCD"), st.integers(-20, 50), min_size=1),
    held=st.dictionaries(st.sampled_from("ABCD"), st.integers(0, 30)),
    more=st.integers(0, 40),
    buffer=st.integers(0, 20),
)
def test_no_lot_offers_more_than_it_has_and_all_no_more_than_is_free(lots, held, more, buffer):
    promised = sum(held.values()) + more
    on = on_shelf(lots, *map(batch, "ABCD"), held=held, promised=promised)

    found = targets(on, replace(BY_LOT, stock_buffer=Decimal(buffer)))

    assert all(0 <= units <= max(0, lots.get(lot, 0) - held.get(lot, 0)) for lot, units in found.items())
    assert sum(found.values()) <= max(0, sum(lots.values()) - promised - buffer)


@pytest.mark.promise("LL-11")
def test_only_lots_that_changed_are_written_and_what_falls_goes_first():
    written, decision = settle(
        on_shelf({"A": 9, "B": 3, "C": 2}, batch("A", 5), batch("B", 7), batch("C", 2))
    )

    assert written == [("B", 3), ("A", 9)]
    assert (decision.code, decision.state) == ("agree", "settled")
    assert "LeafLink offers 14 ea in 3 lots." in decision.sentence


@pytest.mark.promise("LL-11")
def test_what_leaflink_has_reserved_of_a_lot_is_written_with_it():
    written, _ = settle(on_shelf({"A": 5}, batch("A", 9, 2)))

    assert written == [("A", 7)]


@pytest.mark.promise("LL-11")
def test_a_batch_that_has_no_stock_yet_gets_it_where_the_others_lie_and_only_when_there_is_some():
    bare: dict[str, Any] = {"stock_ref": "", "place": ""}
    decision = plan(on_shelf({"A": 5, "B": 3}, batch("A", 5, place="8"), batch("B", **bare)), BY_LOT)

    assert isinstance(decision.action, SetLotStock)
    assert (decision.action.batch.place, decision.action.batch.stock_ref) == ("8", "")
    assert settle(on_shelf({"A": 5}, batch("A", 5), batch("B", **bare)))[0] == []


@pytest.mark.promise("LL-11")
def test_a_batch_whose_lot_is_gone_offers_nothing():
    written, decision = settle(on_shelf({"A": 5}, batch("A", 5), batch("OLD", 4)))

    assert (written, decision.code) == ([("OLD", 0)], "agree")


@pytest.mark.promise("LL-7", "LL-11")
def test_a_lot_without_a_batch_is_named_with_what_is_near_and_the_others_are_kept():
    written, decision = settle(on_shelf({"GR-1": 5, "GR-2": 3}, batch("gr-1"), batch("GR-2")))

    assert written == [("GR-2", 3)]
    (finding,) = decision.findings
    assert (finding.code, decision.state) == ("batch_missing", "stuck")
    assert finding.evidence == {"lots": ["GR-1"], "near": ["gr-1"]}


def test_an_empty_lot_needs_no_batch():
    assert settle(on_shelf({"A": 5, "B": 0}, batch("A", 5)))[1].code == "agree"


@pytest.mark.promise("LL-11", "ON-3")
def test_a_batch_that_people_said_is_a_lot_gets_its_stock_and_a_lot_left_out_gets_none():
    said = Sameness(1, {"lot": {"gr-1": "GR-1"}}, {"lot": frozenset({"GR-2"})})
    by = replace(BY_LOT, said=said)

    written, decision = settle(on_shelf({"GR-1": 5, "GR-2": 3}, batch("gr-1"), batch("GR-2", 1)), by)

    assert (written, decision.code) == ([("gr-1", 5)], "agree")


def test_stock_that_is_archived_there_is_left_alone():
    written, decision = settle(on_shelf({"A": 5, "B": 3}, batch("A", 5), batch("B", 1, archived=True)))

    assert (written, decision.code) == ([], "agree")


def test_a_lot_whose_stock_is_kept_twice_is_named_and_neither_is_written():
    again = batch("A", 1, stock_ref="s-2", place="2")
    written, decision = settle(on_shelf({"A": 5, "B": 3}, batch("A", 1), again, batch("B")))

    assert (written, decision.code) == ([("B", 3)], "lot_twice")


@pytest.mark.promise("LL-11")
def test_a_product_gets_stock_of_lots_or_of_its_own_and_never_both():
    with_batches = on_shelf({"A": 7}, batch("A", 5))
    without = on_shelf({"A": 7})

    chosen = plan(with_batches, BY_LOT).action
    assert isinstance(chosen, SetLotStock)
    assert "stock" not in chosen.base
    assert isinstance(plan(without, BY_LOT).action, SetStock)
    assert isinstance(plan(with_batches, rules("inventory only")).action, SetStock)


def test_what_was_agreed_on_of_the_products_own_stock_is_forgotten_once_lots_are_kept():
    base = {
        "stock": "7",
        "undone": {"stock": 1, "stock of lot GONE": 1},
        "written": {"stock of lot GONE": "1"},
    }

    agreed = plan(on_shelf({"A": 7}, batch("A", 7)), BY_LOT, base=base).base

    assert agreed is not None
    assert ("stock" in agreed, agreed["undone"]) == (False, {})
    assert agreed["written"] == {"stock of lot A": "7"}


@pytest.mark.promise("LL-11")
def test_a_product_that_would_lose_all_its_lots_can_be_held_and_one_that_keeps_some_goes_on():
    holding = replace(BY_LOT, holds_drops=True)
    lost = on_shelf({}, batch("A", 5), batch("B", 3))

    first = plan(lost, BY_LOT).action
    assert isinstance(first, SetLotStock)
    assert first.drops
    assert settle(lost)[0] == [("A", 0), ("B", 0)]
    assert (plan(lost, holding).action, plan(lost, holding).code) == (None, "drop_held")
    assert settle(on_shelf({"B": 3}, batch("A", 5), batch("B", 3)), holding)[0] == [("A", 0)]


@pytest.mark.promise("LL-11")
def test_a_lot_that_another_program_changes_back_is_written_once_more_and_then_asked_about():
    undone = on_shelf({"A": 7}, batch("A", 1))
    first = plan(undone, BY_LOT).action
    assert isinstance(first, SetLotStock)
    again = plan(undone, BY_LOT, base=first.base).action
    assert isinstance(again, SetLotStock)

    asked = plan(undone, BY_LOT, base=again.base)

    assert (asked.code, asked.action) == ("two_writers", None)
    assert "stock of lot A" in asked.findings[0].title


def test_stock_that_was_read_without_its_lots_is_waited_for():
    on = replace(on_shelf({"A": 7}, batch("A", 7)), stock=Decimal(8))

    assert plan(on, BY_LOT).code == "stock_unread"


def test_lots_in_a_unit_that_measures_something_else_are_a_problem():
    on = replace(on_shelf({"A": 7}, batch("A", 7)), items=(item(uom="g"),))

    assert plan(on, BY_LOT).code == "unit_mismatch"
