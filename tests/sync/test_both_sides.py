"""The sandbox's orders from one side to the other by the real clients: edits, terms, lots, samples, money."""

from __future__ import annotations

from decimal import Decimal

import pytest

from portal.sync.platforms.leaflink.terms import TERMS
from tests.sandbox.conftest import doors, seeded, served  # noqa: F401 - fixtures
from tests.sandbox.doors import OTHER_SKU, SKU
from tests.sync.bothsides import BothSides

CODES = {name: code for code, name in TERMS.items()}
CASE, PRE_ROLLS = {"sku": SKU, "quantity": 48}, {"sku": OTHER_SKU, "quantity": 24}


@pytest.fixture
def order(doors):  # noqa: F811
    """Places an order and brings it in."""

    def place(**asked):
        placed = doors.order(**({"lines": [CASE, PRE_ROLLS]} | asked))
        sides = BothSides(doors, placed["number"])
        assert sides.look().state == "settled"
        return sides

    return place


def assert_agrees(sides):
    """Both sides hold the same lines, and the same total to the cent but for tax; nothing more is written."""
    here, there = sides.here, sides.there
    assert sorted((one.sku, one.eaches) for one in here.lines) == sorted(
        (one.sku, one.eaches) for one in there.lines
    )
    assert abs(there.total - (here.total - here.tax)) < Decimal("0.005")
    writes = sides.writes
    decision = sides.look()
    assert (decision.state, decision.findings, decision.drift) == ("settled", (), ())
    assert sides.writes == writes


@pytest.mark.promise("LL-14")
@pytest.mark.promise("LL-13")
@pytest.mark.parametrize(
    "changes",
    [
        {"lines": [{"sku": SKU, "quantity": 72}, PRE_ROLLS]},
        {"lines": [PRE_ROLLS]},
        {"lines": [CASE, PRE_ROLLS, {"sku": "GL-FL28-BLUDRE", "quantity": 10}]},
        {"lines": [CASE, {"sku": SKU, "quantity": 24}, PRE_ROLLS]},
        {"lines": [{"sku": SKU, "quantity": 48, "price": "99.99"}, PRE_ROLLS]},
        {"notes": "Leave at the back door"},
        {"ship_date": "2026-12-05T20:00:00Z"},
        {"discount": "12.5", "discount_type": "%"},
        {"discount": "3.33", "discount_type": "$", "shipping_charge": "12.50", "tax_amount": "8.25"},
        {"credits": "5.00"},
        {"payment_term": "net30", "notes": "Net 30 was agreed"},
    ],
    ids=" ".join,
)
def test_an_edit_in_leaflinks_app_arrives_in_flourish_in_one_update(order, changes):
    sides = order(shipping_charge="10.00", ship_date="2026-12-01T20:00:00Z", payment_term="net15")
    writes = sides.writes

    sides.edit(**changes)
    sides.look()

    assert sides.writes == writes + 1
    assert (sides.there.notes or ("",))[0] == f"Trellis {sides.rules.connection_id} {sides.number}"
    assert_agrees(sides)


@pytest.mark.promise("LL-14")
@pytest.mark.promise("LL-18")
def test_what_staff_changed_stays_through_edits_of_everything_else(order):
    sides = order(notes="Ring", ship_date="2026-12-01T20:00:00Z")
    line = {"sku": SKU, "order_qty": 36, "unit_price": 4.5}
    other = {"sku": OTHER_SKU, "order_qty": 24, "unit_price": 1}
    sides.staff(requested_delivery_date="2026-12-24", order_lines=[line, other])
    assert sides.look().state == "settled"

    sides.edit(notes="Call", shipping_charge="7.00")
    decision = sides.look()

    there = sides.there
    assert [one.eaches for one in there.lines] == [36, 24]
    assert str(there.requested_date) == "2026-12-24"
    assert "Call" in (there.notes or ())
    assert decision.findings == ()
    assert decision.drift
    assert f"{SKU} eaches" in [row[0] for row in decision.drift]


@pytest.mark.promise("LL-14")
def test_an_edit_after_allocation_is_left_to_a_person(order, doors):  # noqa: F811
    sides = order()
    doors.control("POST", f"/flourish/orders/{sides.flourish_id}/allocate")
    sides.edit(lines=[{"sku": SKU, "quantity": 72}, PRE_ROLLS])

    decision = sides.look()

    assert [finding.code for finding in decision.findings] == ["edited_after_allocation"]
    assert sides.here.status == "Fulfilled"
    assert [one.eaches for one in sides.there.lines] == [48, 24]


@pytest.mark.promise("LL-19")
@pytest.mark.parametrize("term", sorted(CODES))
def test_each_term_goes_both_ways(order, term):
    first, second = ("Net 7", "Net 15") if term not in ("Net 7", "Net 15") else ("Net 60", "Net 90")
    sides = order(payment_term=CODES[first])
    assert sides.there.term == first

    sides.edit(payment_term=CODES[term])
    sides.look()
    assert (sides.here.term, sides.there.term) == (term, term)

    sides.staff(payment_term=second)
    sides.look()
    assert (sides.here.term, sides.there.term) == (second, second)

    sides.staff(payment_term=term)
    sides.look()
    assert (sides.here.term, sides.there.term) == (term, term)
    assert_agrees(sides)


@pytest.mark.promise("LL-19")
def test_leaflinks_own_financing_is_kept_and_not_written(order):
    sides = order(payment_term="llf")
    writes = sides.writes
    assert (sides.here.term, sides.there.term) == ("", "")

    sides.staff(payment_term="Net 30")
    decision = sides.look()

    assert sides.writes == writes
    assert decision.drift == (("Payment term", "", "Net 30"),)
    assert sides.here.term == ""


def batch_of(doors, sku):  # noqa: F811
    """A product's batches by number, as LeafLink has them."""
    product = doors.product(sku)["id"]
    links = doors.leaflink("GET", "/product-batches/?limit=100").json["results"]
    ids = {link["batch"] for link in links if link["product"] == product}
    rows = (doors.leaflink("GET", f"/batches/{batch}/").json for batch in sorted(ids))
    return [row["production_batch_number"] for row in rows]


@pytest.mark.promise("LL-7")
def test_a_batch_is_the_lot_of_the_line_in_flourish(order, doors):  # noqa: F811
    sku = "GL-FL28-BLUDRE"
    lot = doors.item(sku)["lot_number"]
    assert lot in batch_of(doors, sku)

    sides = order(lines=[{"sku": sku, "quantity": 10, "batch": lot}, CASE])

    assert [one.lot for one in sides.there.lines] == [lot, ""]
    assert_agrees(sides)


@pytest.mark.promise("LL-7")
def test_a_batch_whose_lot_another_facility_has_is_a_problem_that_names_it(doors):  # noqa: F811
    sku = "GL-FL28-BLUDRE"
    (elsewhere,) = [lot for lot in batch_of(doors, sku) if lot != doors.item(sku)["lot_number"]]
    placed = doors.order(lines=[{"sku": sku, "quantity": 10, "batch": elsewhere}])
    sides = BothSides(doors, placed["number"])

    decision = sides.look()

    (finding,) = decision.findings
    assert finding.code == "lot_missing"
    assert elsewhere in finding.title
    assert sides.writes == 0


@pytest.mark.promise("LL-13")
def test_samples_come_in_with_the_order(order):
    sides = order(lines=[CASE, {"sku": OTHER_SKU, "quantity": 1, "is_sample": True}])

    assert [one.unit_price for one in sides.there.lines][1] == 0
    assert f"Samples: 1 x {OTHER_SKU}" in (sides.there.notes or ())
    assert_agrees(sides)


@pytest.mark.promise("LL-13")
def test_samples_are_held_where_the_connection_says_so(doors):  # noqa: F811
    placed = doors.order(lines=[CASE, {"sku": OTHER_SKU, "quantity": 1, "is_sample": True}])
    sides = BothSides(doors, placed["number"], settings={"holds_samples": True})

    assert [finding.code for finding in sides.look().findings] == ["samples_held"]
    assert sides.writes == 0
