"""Units: each measures what its family measures."""

from decimal import Decimal
from fractions import Fraction

import pytest

from portal.sync.mapping.units import FAMILIES, convert, rounded_down

ALL = [unit for family in FAMILIES for unit in family]
PAIRS = [(one, other) for one in ALL for other in ALL]


@pytest.mark.promise("LL-11")
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_units_convert_exactly_when_they_are_of_one_family(one, other):
    together = any(one in family and other in family for family in FAMILIES)
    there = convert(Decimal("7.25"), one, other)
    assert (there is not None) is together
    if there is not None:
        back = convert(Decimal(1), other, one)
        assert back is not None
        assert there * back == Fraction("7.25")


KNOWN = [("16", "oz", "lb", "1"), ("28.349523125", "g", "oz", "1"), ("1.5", "kg", "mg", "1500000")]


@pytest.mark.parametrize(("amount", "one", "other", "expected"), KNOWN)
def test_known_amounts(amount, one, other, expected):
    found = convert(Decimal(amount), one, other)
    assert found == Fraction(expected)
    assert rounded_down(found, 4) == Decimal(expected)


def test_units_are_read_whatever_their_case_and_unknown_ones_not_at_all():
    assert convert(Decimal(1), " EA ", "ea") == 1
    assert convert(Decimal(1), "case", "ea") is None
    assert convert(Decimal(1), "", "") is None


@pytest.mark.parametrize(
    ("amount", "places", "expected"), [("1.99999", 4, "1.9999"), ("2/3", 0, "0"), ("9", 2, "9")]
)
def test_what_is_cut_off_never_becomes_more(amount, places, expected):
    assert rounded_down(Fraction(amount), places) == Decimal(expected)
