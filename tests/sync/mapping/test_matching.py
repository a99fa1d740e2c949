"""What both sides have, joined by a key."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sync.checks import Entry, MatchKey
from portal.sync.mapping.keys import email_key, sku_key
from portal.sync.mapping.matching import match

SKU = MatchKey("sku", "Products by SKU", "products", "items", "product", "item", sku_key)
REP = MatchKey("rep", "Reps", "reps", "reps", "rep", "rep", email_key, many_left=True)


def entries(side, values):
    return [Entry(f"{side}{place}", value, "") for place, value in enumerate(values)]


def found(key, left, right, **said):
    rows = match(key, entries("l", left), entries("r", right), **said)
    return sorted(
        (row.state, row.left.value if row.left else "", row.right.value if row.right else "") for row in rows
    )


@pytest.mark.parametrize(
    ("left", "right", "rows"),
    [
        (["FL-1"], ["FL-1"], [("matched", "FL-1", "FL-1")]),
        (["FL-1 "], ["FL-1"], [("matched", "FL-1 ", "FL-1")]),
        (["FL-1"], [], [("missing_right", "FL-1", "")]),
        ([], ["FL-1"], [("missing_left", "", "FL-1")]),
        (
            ["A", "A"],
            ["A"],
            [("ambiguous", "", "A"), ("ambiguous", "A", ""), ("ambiguous", "A", "")],
        ),
        # Two that have no value are not one another's partners.
        ([""], [" "], [("missing_left", "", " "), ("missing_right", "", "")]),
    ],
)
@pytest.mark.promise("LL-1")
def test_entries_are_matched_by_their_exact_values_only(left, right, rows):
    assert found(SKU, left, right) == rows


def test_several_of_one_side_may_share_a_partner_where_the_key_allows_it():
    assert found(REP, ["ann@x", "Ann@x"], ["ANN@X"]) == [
        ("matched", "Ann@x", "ANN@X"),
        ("matched", "ann@x", "ANN@X"),
    ]
    assert {state for state, _, _ in found(REP, ["ann@x"], ["ann@x", "ANN@X"])} == {"ambiguous"}


def test_an_ambiguous_entry_names_all_that_share_its_value():
    rows = [*match(SKU, entries("l", ["A", "A"]), entries("r", ["A"]))]

    assert [{one.partner.ref for one in row.suggestions} for row in rows] == [
        {"l1", "r0"},
        {"l0", "r0"},
        {"l0", "l1"},
    ]


def test_an_alias_makes_two_values_one_and_says_so():
    (row,) = match(SKU, entries("l", ["OLD-1 "]), entries("r", ["NEW-1"]), aliases={"OLD-1": "NEW-1"})

    assert (row.state, row.by_alias) == ("matched", True)
    (exact,) = match(SKU, entries("l", ["NEW-1"]), entries("r", ["NEW-1"]), aliases={"OLD-1": "NEW-1"})
    assert not exact.by_alias


def test_an_alias_beside_the_true_value_is_ambiguous():
    rows = found(SKU, ["OLD-1", "NEW-1"], ["NEW-1"], aliases={"OLD-1": "NEW-1"})

    assert [state for state, _, _ in rows] == ["ambiguous"] * 3


@pytest.mark.promise("ON-9")
def test_what_is_excluded_is_neither_matched_nor_missing():
    rows = found(SKU, ["A", "B"], ["A", "C"], excluded=["A ", "C"])

    assert [state for state, _, _ in rows] == ["excluded", "excluded", "missing_right"]


values = st.lists(
    st.text("aA1O0-l ", max_size=4) | st.sampled_from(["FL-1001", "FL-1OO1", "FL1001", "fl-1001"]),
    max_size=12,
)
keys = st.builds(
    lambda left, right: replace(SKU, many_left=left, many_right=right), st.booleans(), st.booleans()
)


@given(keys, values, values, st.dictionaries(st.text("aA1", max_size=3), st.text("aA1", max_size=3)), values)
def test_every_entry_stands_on_its_side_of_a_row_and_of_one_only(key, left, right, aliases, excluded):
    here, there = entries("l", left), entries("r", right)

    rows = [*match(key, here, there, aliases=aliases, excluded=excluded)]

    lefts = Counter(row.left.ref for row in rows if row.left)
    rights = Counter(row.right.ref for row in rows if row.right)
    assert set(lefts) == {one.ref for one in here}
    assert set(rights) == {one.ref for one in there}
    # One that several share stands on each of their rows.
    assert all(many == 1 for many in lefts.values()) or key.many_right
    assert all(many == 1 for many in rights.values()) or key.many_left


@given(values, values, st.randoms())
def test_the_order_in_which_entries_are_read_changes_nothing(left, right, chance):
    here, there = entries("l", left), entries("r", right)
    mixed_here, mixed_there = chance.sample(here, len(here)), chance.sample(there, len(there))

    def outcome(rows):
        return {
            (
                row.state,
                row.left and row.left.ref,
                row.right and row.right.ref,
                tuple((one.partner.ref, one.change, one.score) for one in row.suggestions),
            )
            for row in rows
            if row.state != "ambiguous"
        }

    assert outcome(match(SKU, here, there)) == outcome(match(SKU, mixed_here, mixed_there))


@given(values, values)
@pytest.mark.promise("LL-1")
def test_only_equal_values_are_ever_matched(left, right):
    for row in match(SKU, entries("l", left), entries("r", right)):
        if row.state == "matched":
            assert row.left is not None
            assert row.right is not None
            assert sku_key(row.left.value) == sku_key(row.right.value)
