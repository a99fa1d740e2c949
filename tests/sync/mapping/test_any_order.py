"""Any order of the same edits, looked at as often as one likes, ends in the same state; and money is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sync.decisions import SetTerm, UpdateOrder
from portal.sync.mapping.money import line_total
from portal.sync.mapping.plan import plan_order
from portal.sync.platforms.leaflink.status import COURSE
from portal.sync.platforms.leaflink.terms import TERMS
from portal.sync.questions import ItemBySku, TermNamed
from tests.sync.mapping.examples import agreed, decided, item, line, made, order, rules, updated

CENT = Decimal("0.01")
SKUS = ("A", "B", "C")
ITEMS: dict[Any, Any] = {ItemBySku(sku): (item(sku),) for sku in SKUS}
FACTS = ITEMS | {TermNamed(term): (term,) for term in TERMS.values()}
SHIP_AT = datetime(2026, 4, 1, 15, tzinfo=UTC)

money = st.decimals("0", "500", places=2)
lines = st.lists(
    st.builds(
        lambda sku, cases, case, price: line(sku, eaches=str(cases * case), case=case, price=str(price)),
        st.sampled_from(SKUS),
        st.integers(1, 40),
        st.integers(1, 144),
        st.decimals("0.01", "9999.99", places=2),
    ),
    min_size=1,
    max_size=5,
).map(tuple)
amounts = st.fixed_dictionaries(dict.fromkeys(("discount", "shipping", "tax", "credits"), money))
orders = st.builds(lambda lines, amounts: {"lines": lines, **amounts}, lines, amounts)


def at_rest(source, there, base, *, places=4):
    """Look until nothing is written any more; returns both sides and the base."""
    for _ in range(4):
        decision = decided(
            plan_order(source, there, base=base, rules=rules(price_places=places), facts=FACTS, course=COURSE)
        )
        action = decision.action
        if isinstance(action, UpdateOrder):
            there, base = updated(there, action.update), action.base
        elif isinstance(action, SetTerm):
            source, base = replace(source, term=action.term, term_shown=action.term), action.base
        else:
            assert action is None, action
            assert decision.findings == ()
            return source, there, decision.base or base
    raise AssertionError("it never comes to rest")


def total(there):
    """What Flourish's order comes to, to the cent."""
    charges = sum((one.amount for one in there.charges), Decimal(0))
    discounts = sum((one.amount for one in there.discounts), Decimal(0))
    whole = sum((one.eaches * one.price for one in there.lines), charges - discounts)
    return whole.quantize(CENT, ROUND_HALF_EVEN)


def content(there):
    """What Flourish's order holds, whatever its lines' and notes' order."""
    return (
        sorted((one.sku, one.eaches, one.price, one.lot) for one in there.lines),
        sorted(map(str, there.charges)),
        sorted(map(str, there.discounts)),
        sorted(there.notes or ()),
        there.requested_date,
        there.term,
    )


@pytest.mark.promise("LL-13")
@pytest.mark.fault(63)
@given(st.lists(orders, min_size=2, max_size=4))
def test_money_agrees_to_the_cent_after_any_edits_of_any_order(states):
    placed = [order(**state) for state in states]
    there, base = made(placed[0]), agreed(placed[0])

    for source in placed[1:]:
        _source, there, base = at_rest(source, there, base)
        assert total(there) == source.total - source.tax
        assert sum(map(line_total, source.lines)) == source.total - source.tax - source.shipping + (
            source.discount + source.credits
        )


@pytest.mark.promise("LL-14")
@given(st.lists(orders, min_size=2, max_size=5), st.data())
def test_edits_that_were_not_looked_at_one_by_one_end_as_those_that_were(states, data):
    placed = [order(notes=f"Edit {turn}", **state) for turn, state in enumerate(states)]
    once = at_rest(placed[-1], made(placed[0]), agreed(placed[0]))
    there, base = made(placed[0]), agreed(placed[0])
    for source in placed[1:-1]:
        for _ in range(data.draw(st.integers(0, 2))):
            _source, there, base = at_rest(source, there, base)
    _source, there, base = at_rest(placed[-1], there, base)

    assert total(there) == total(once[1])
    assert [(one.sku, one.eaches, one.price) for one in sorted(there.lines, key=repr)] == [
        (one.sku, one.eaches, one.price) for one in sorted(once[1].lines, key=repr)
    ]
    assert (there.notes or ())[-1:] == (once[1].notes or ())[-1:]


# Edits of different fields: by a buyer in LeafLink, and by staff in Flourish.
BUYERS: dict[str, dict[str, Any]] = {
    "lines": {"lines": (line("A", eaches="40"), line("B"), line("C")), "total": Decimal("300")},
    "note": {"notes": "Ring twice"},
    "date": {"ship_at": SHIP_AT + timedelta(days=3)},
    "nothing": {},
}
STAFFS = {
    "a line": lambda there: replace(
        there,
        lines=tuple(replace(one, eaches=Decimal(77)) if one.sku == "B" else one for one in there.lines),
    ),
    "a term": lambda there: replace(there, term="Net 60"),
    "their own note": lambda there: replace(there, notes=(*(there.notes or ()), "Staff: pack")),
    "nothing": lambda there: there,
}


def tell(steps, looks):
    """Let people edit in this order, with so many looks after each edit."""
    source = order(
        lines=(line("A"), line("B")), ship_at=SHIP_AT, term="Net 30", term_shown="Net 30", notes="Ring"
    )
    there, base = made(source), agreed(source)
    for step, times in zip(steps, looks, strict=True):
        if step in BUYERS:
            source = replace(source, **BUYERS[step])
        there = STAFFS[step](there) if step in STAFFS else there
        for _ in range(times):
            source, there, base = at_rest(source, there, base)
    source, there, base = at_rest(source, there, base)
    return source.term, content(there), base


@pytest.mark.promise("LL-14")
@pytest.mark.promise("LL-18")
@pytest.mark.promise("LL-19")
@given(
    st.permutations([*(set(BUYERS) - {"nothing"}), *(set(STAFFS) - {"nothing"}), "nothing"]),
    st.lists(st.integers(0, 2), min_size=7, max_size=7),
)
def test_edits_on_both_sides_of_different_fields_end_the_same_in_any_order(steps, looks):
    usual = tell(["lines", "note", "date", "a line", "a term", "their own note", "nothing"], [1] * 7)

    assert tell(steps, looks) == usual


@pytest.mark.promise("LL-20")
@given(
    st.lists(st.integers(1, 500), min_size=2, max_size=5),
    st.integers(0, 200),
    st.decimals("0.01", "999", places=2),
)
def test_cases_times_the_multiplier_are_the_eaches_in_flourish_after_any_edit(cases, multiplier, price):
    def placed(count):
        # LeafLink writes 0 or nothing for what is sold by the unit.
        case = max(multiplier, 1)
        return order(lines=(line("A", eaches=str(count * case), case=case, price=str(price)),))

    there, base = made(placed(cases[0])), agreed(placed(cases[0]))
    for _before, count in pairwise(cases):
        _source, there, base = at_rest(placed(count), there, base)
        assert there.lines[0].eaches == count * max(multiplier, 1)
        assert total(there) == (price * count).quantize(CENT, ROUND_HALF_EVEN)


def test_a_day_in_the_facilitys_time_zone_is_what_is_compared():
    source = order(ship_at=datetime(2026, 4, 2, 5, tzinfo=UTC))

    assert made(source).requested_date == date(2026, 4, 1)
    assert at_rest(replace(source, ship_at=SHIP_AT), made(source), agreed(source))[1] == made(source)
