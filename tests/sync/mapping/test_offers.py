"""Offers become discounts at list prices, and both sides take off the same to the cent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from portal.sync.mapping.offers import carry_offers, compare, difference, expected_off
from portal.sync.retail import AppliedDiscount, Offer, OfferedLine

pytestmark = pytest.mark.promise("AQ-9")

D = Decimal


def percent(share, amount, name="Half off", **more):
    return Offer(name, D(amount), D(share), is_percentage=True, **more)


def flat(amount, name="Five off", **more):
    return Offer(name, D(amount), D(amount), **more)


def line(*offers, sku="A", eaches="2", price="20", **more):
    return OfferedLine(sku, D(eaches), D(price), offers, **more)


def off(amount, sku="", **more):
    return AppliedDiscount(D(amount), sku=sku, **more)


def share(amount, sku="", **more):
    return AppliedDiscount(D(amount), is_percentage=True, sku=sku, **more)


# What it is, lines, offers of the order; then the discounts, and what they take off.
ROWS = [
    ("no offer", [line()], [], [], "0"),
    ("a percentage of a line", [line(percent("0.5", "20"))], [], [share("50", "A")], "20"),
    ("dollars of a line", [line(flat("7.50"))], [], [off("7.50", "A")], "7.50"),
    ("a percentage of the order", [line()], [percent("0.1", "4")], [share("10")], "4"),
    ("dollars of the order", [line()], [flat("5")], [off("5.00")], "5"),
    ("buy one, get one", [line(flat("20", "BOGO"))], [], [off("20.00", "A")], "20"),
    ("a bundle that only lowers the price", [line(price_paid=D("15"))], [], [off("10.00", "A")], "10"),
    ("two on a line", [line(percent("0.5", "20"), flat("5"))], [], [off("25.00", "A")], "25"),
    ("two of the order", [line()], [percent("0.1", "4"), flat("5")], [off("9.00")], "9"),
    (
        "line and order",
        [line(percent("0.5", "20"))],
        [percent("0.1", "2")],
        [share("50", "A"), share("10")],
        "22",
    ),
    ("half, written as 50", [line(percent("50", "20"))], [], [share("50", "A")], "20"),
    ("a free line", [line(percent("1", "40"))], [], [share("100", "A")], "40"),
    ("more than the line", [line(flat("99"))], [], [off("40.00", "A")], "40"),
    (
        "more than the order",
        [line(percent("0.5", "20"))],
        [flat("99")],
        [share("50", "A"), off("20.00")],
        "40",
    ),
    (
        "a promo code",
        [line(percent("0.5", "20", promo_code="HALF"))],
        [],
        [share("50", "A", promo_code="HALF")],
        "20",
    ),
    (
        "a promo code of the order",
        [line()],
        [flat("5", promo_code="FIVE")],
        [off("5.00", promo_code="FIVE")],
        "5",
    ),
    (
        "one SKU on two lines, the same offer",
        [line(percent("0.5", "20")), line(percent("0.5", "10"), eaches="1")],
        [],
        [share("50", "A")],
        "30",
    ),
    (
        "one SKU on two lines, one with an offer",
        [line(percent("0.5", "20")), line(eaches="1")],
        [],
        [off("20.00", "A")],
        "20",
    ),
    ("one SKU on two lines, dollars each", [line(flat("5")), line(flat("5"))], [], [off("10.00", "A")], "10"),
    (
        "two SKUs",
        [line(percent("0.5", "20")), line(flat("5"), sku="B")],
        [],
        [share("50", "A"), off("5.00", "B")],
        "25",
    ),
    ("grams", [line(percent("0.5", "17.50"), eaches="3.5", price="10")], [], [share("50", "A")], "17.50"),
    (
        "a reward that is chosen",
        [line()],
        [flat("5", "Points", reward="r1")],
        [off("5", discount_id="2")],
        "5",
    ),
    ("a reward that is not", [line()], [flat("5", "Points", reward="r2")], [off("5.00")], "5"),
    (
        "a reward beside an offer",
        [line()],
        [flat("5", "Points", reward="r1"), percent("0.1", "4")],
        [off("5", discount_id="2"), off("4.00")],
        "9",
    ),
    ("nothing off", [line(flat("0"))], [], [], "0"),
]


@pytest.mark.parametrize(
    ("what", "lines", "of_order", "discounts", "taken"), ROWS, ids=[row[0] for row in ROWS]
)
def test_an_order_s_offers_are_said_as_discounts(what, lines, of_order, discounts, taken):
    carried = carry_offers(lines, of_order, {"r1": "2"})
    assert list(carried.discounts) == discounts
    assert expected_off(lines, carried.discounts) == D(taken)


def test_names_of_offers_that_were_summed_are_in_the_notes():
    carried = carry_offers([line(percent("0.5", "20"), flat("5"))], [flat("1"), flat("2", "Two off")], {})
    assert carried.notes == (
        "A: $25.00 off for Half off, Five off",
        "The whole order: $3.00 off for Five off, Two off",
    )


UNCHOSEN = (
    "The loyalty reward Points is no discount of Flourish that is chosen in the settings: it is taken off"
    " in dollars"
)
WARNINGS = [
    ([line(percent("50", "20"))], [], ["The offer Half off says 50: it is taken for a percentage"]),
    ([line()], [flat("5", "Points", reward="r2")], [UNCHOSEN]),
    ([line(percent("0.5", "20"))], [flat("5", "Points", reward="r1")], []),
]


@pytest.mark.parametrize(("lines", "of_order", "warnings"), WARNINGS)
def test_what_had_to_be_guessed_is_said(lines, of_order, warnings):
    assert list(carry_offers(lines, of_order, {"r1": "2"}).warnings) == warnings


SUMS = [
    ("20", "20", 1, True),
    ("20.00", "20.01", 1, True),
    ("20.00", "19.99", 1, True),
    ("20", "20.02", 1, False),
    ("20", "20.02", 2, True),
    ("20", "0", 5, False),
    ("20.004", "20", 1, True),
]


@pytest.mark.parametrize(("platform", "flourish", "count", "holds"), SUMS)
def test_both_sums_are_compared_and_a_cent_a_line_may_be_rounding(platform, flourish, count, holds):
    agreement = compare(D(platform), D(flourish), [line()] * count)
    assert agreement.holds is holds
    problem = difference(agreement, "AIQ")
    assert (problem is None) is holds
    if problem is not None:
        assert problem.code == "discount_differs"
        assert problem.title == f"AIQ takes $20.00 off this order and Flourish ${agreement.flourish}"


def test_half_a_cent_is_rounded_up_as_in_a_shop():
    lines = [line(percent("0.5", "1.67"), eaches="1", price="3.33")]
    assert expected_off(lines, carry_offers(lines, [], {}).discounts) == D("1.67")
