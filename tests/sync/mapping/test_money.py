"""Money: cases and eaches, and a total in Flourish that is right to the cent."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sync.domain import Line
from portal.sync.mapping.draft import outbound_draft
from portal.sync.mapping.findings import in_money
from portal.sync.mapping.money import add_up, line_total, rounding, rounding_allowed, unit_price
from tests.sync.mapping.examples import assert_says_what_to_do, item, line, order, rules

CENT = Decimal("0.01")


@pytest.mark.fault(62, 63)
@pytest.mark.parametrize(
    ("eaches", "case", "price", "total", "each"),
    [
        # One case of ten at 50 is 50, never 500: the classic case-price mistake.
        ("10", 10, "50.00", "50.00", "5.0000"),
        ("30", 10, "50.00", "150.00", "5.0000"),
        ("7", 1, "12.34", "86.38", "12.3400"),
        ("3", 3, "10.00", "10.00", "3.3333"),
        ("6", 3, "10.00", "20.00", "3.3333"),
        ("7", 7, "1.00", "1.00", "0.1429"),
        ("3.5", 1, "10.00", "35.00", "10.0000"),
        ("1", 1, "0.00", "0.00", "0.0000"),
    ],
)
@pytest.mark.promise("LL-20")
def test_a_line_comes_to_case_price_times_eaches_over_multiplier(eaches, case, price, total, each):
    one = line(eaches=eaches, case=case, price=price)

    assert line_total(one) == Decimal(total)
    assert unit_price(one, 4) == Decimal(each)


@pytest.mark.parametrize(
    ("places", "lines", "lacks"),
    [
        (4, [("3", 3, "10.00")], "0.0001"),
        (2, [("3", 3, "10.00")], "0.01"),
        (2, [("6", 6, "10.00")], "-0.02"),
        (4, [("10", 10, "50.00")], "0"),
        (2, [("3", 3, "10.00"), ("6", 6, "10.00")], "-0.01"),
    ],
)
def test_what_rounded_unit_prices_lack_is_one_amount_for_the_whole_order(places, lines, lacks):
    made = [line(f"S{n}", eaches=e, case=c, price=p) for n, (e, c, p) in enumerate(lines)]

    assert rounding(made, places) == Decimal(lacks)


@pytest.mark.parametrize(
    ("part", "signed"),
    [("discount", "-12.50"), ("shipping", "12.50"), ("tax", "12.50"), ("credits", "-12.50")],
)
def test_each_part_of_the_sum_has_its_sign(part, signed):
    money = add_up(order(**{part: Decimal("12.50")}), 4)

    assert money.expected == Decimal("50.00") + Decimal(signed)
    assert money.holds
    assert money.shown()[part] == "12.50"


def test_a_sum_that_does_not_hold_is_a_problem_that_shows_it():
    (finding,) = in_money(order(total=Decimal("49.99")), rules())

    assert finding.code == "sum_does_not_hold"
    assert finding.evidence["expected"] == "50.00"
    assert finding.evidence["total"] == "49.99"
    assert_says_what_to_do(finding)


_lines = st.lists(
    st.builds(
        lambda cases, case, price: (cases * case, case, price),
        st.integers(1, 40),
        st.integers(1, 144),
        st.decimals("0.01", "9999.99", places=2),
    ),
    min_size=1,
    max_size=6,
)
_amount = st.decimals("0", "500", places=2)


@pytest.mark.fault(63)
@given(_lines, st.sampled_from([2, 4]), _amount, _amount, _amount, _amount)
@pytest.mark.promise("LL-13")
def test_flourishs_total_is_the_orders_total_less_its_tax(lines, places, discount, shipping, tax, credit):
    made = tuple(line(f"S{n}", eaches=str(e), case=c, price=str(p)) for n, (e, c, p) in enumerate(lines))
    source = order(lines=made, discount=discount, shipping=shipping, tax=tax, credits=credit)
    chosen = rules(price_places=places)

    draft = outbound_draft(
        source, chosen, destination_id="d", sales_rep_id="", items={one.sku: item(one.sku) for one in made}
    )

    in_flourish = sum((one.unit_price * one.eaches for one in draft.lines), Decimal(0))
    in_flourish += sum(draft.charges, Decimal(0)) - sum(draft.discounts, Decimal(0))
    assert in_flourish.quantize(CENT, ROUND_HALF_EVEN) == source.total - tax
    assert in_money(source, chosen) == []


@given(_lines, st.sampled_from([2, 4]))
@pytest.mark.promise("LL-13")
def test_rounding_is_at_most_half_a_cent_per_each(lines, places):
    made = [line(f"S{n}", eaches=str(e), case=c, price=str(p)) for n, (e, c, p) in enumerate(lines)]

    assert abs(rounding(made, places)) <= rounding_allowed(made)


@pytest.mark.fault(62)
@given(st.integers(1, 10_000), st.integers(1, 500))
@pytest.mark.promise("LL-20")
def test_cases_times_the_multiplier_are_eaches_and_divide_again(cases, case):
    one = Line("r", "S", "n", Decimal(cases * case), case, Decimal("19.99"))

    assert line_total(one) == cases * Decimal("19.99")
    assert one.eaches % one.multiplier == 0
