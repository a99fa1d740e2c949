"""What is near, what would make it equal, and what is only alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sync.checks import Entry
from portal.sync.mapping.difference import folds_between, loose, plain, slip_between
from portal.sync.mapping.nearness import near

LOOKS = "characters that look alike (0 and O, 1 and I, 5 and S)"


@pytest.mark.parametrize(
    ("left", "right", "change"),
    [
        ("FL-1001", "fl-1001", "upper and lower case"),
        ("FL-1001", "FL 1001", "hyphens, spaces or punctuation"),
        ("FL-1001", "FL\N{EN DASH}1001", "hyphens, spaces or punctuation"),
        ("FL  1001", "FL 1001", "spaces or hidden characters"),
        ("FL-1001", "FL-\N{ZERO WIDTH SPACE}1001", "spaces or hidden characters"),
        ("FL-1001", "FL-\uff11001", "spaces or hidden characters"),
        ("FL-0071", "FL-71", "leading zeros"),
        ("FL-1001", "fl1001", "upper and lower case, hyphens, spaces or punctuation"),
        ("C10-0005237-LIC", "C100005237LIC", "hyphens, spaces or punctuation"),
        ("FL-1O01", "FL-1001", "O for 0 in the fifth place"),
        ("5OUR-1", "SOUR-1", "5 for S in the first place"),
        ("FL-IOO1", "FL-1001", LOOKS),
        ("FL-1001", "FL-1002", ""),
        ("FL-1001", "FL-1001-A", ""),
    ],
)
@pytest.mark.promise("ON-3")
def test_what_folds_to_one_says_what_was_folded_away(left, right, change):
    assert ", ".join(folds_between(left, right)) == change


@pytest.mark.parametrize(
    ("left", "right", "change"),
    [
        ("FL-1001", "FL-1003", "1 for 3 in the seventh place"),
        ("FL-1001", "FL-101", "0 too much in the sixth place"),
        ("FL-1013", "FL-1031", "1 and 3 swapped in the sixth place"),
        ("FL-1001-EA", "FL-1001", "-EA too much at the end"),
        ("1001-EA", "GL-1001-EA", "GL- missing at the beginning"),
        ("FL-1001", "FL-1001 NEW", "NEW missing at the end"),
        ("Dream Blue", "Blue Dream", "the order of the words"),
        ("fl-1001", "FL-1002", "1 for 2 in the seventh place"),
        ("GREENLEAF-FLOWER-1", "GREENLEAF-FLOWER-2", "1 for 2 in place 18"),
    ],
)
@pytest.mark.promise("ON-3")
def test_a_slip_is_told_with_its_place(left, right, change):
    assert slip_between(left, right) == change


def entries(side, *rows):
    return [Entry(f"{side}{place}", *row) for place, row in enumerate(rows)]


@pytest.mark.parametrize(
    ("left", "right", "is_near"),
    [
        (("FL-1O01", ""), ("FL-1001", ""), True),
        (("FL-1001-EA", "Gelato 1g"), ("FL-1001", "Gelato 1g"), True),
        (("FLL-1001", "Gelato 1g"), ("FL-1001", "Gelato | 1g"), True),
        # A series: without a name that says so, and with one that says otherwise, they are two things.
        (("FL-1001", ""), ("FL-1002", ""), False),
        (("FL-1001", "Gelato 1g"), ("FL-1002", "Gelato 3.5g"), False),
        (("FL-1001", "Gelato 1g"), ("FL-1002", "Gelato 1g"), True),
        (("BD-35-LMN", "Blue Dream Lemon 7g"), ("BD-35", "Blue Dream 3.5g"), False),
        # Too short to tell a slip from another thing.
        (("AB-1", ""), ("AC-1", ""), False),
        (("Dream Blue", "Dream Blue"), ("Blue Dream", "Blue Dream"), True),
        (("ann@greenleaf.example", "Ann"), ("anne@greenleaf.example", "Ann"), True),
        (("", "Gelato"), ("", "Gelato"), False),
        (("-", "Gelato"), ("--", "Gelato"), False),
    ],
)
@pytest.mark.promise("ON-3")
def test_one_slip_is_near_where_the_names_do_not_speak_against_it(left, right, is_near):
    found = near(entries("l", left), entries("r", right))

    assert bool(found.left) is is_near
    assert bool(found.right) is is_near
    assert found.pairs == ({0: 0} if is_near else {})


def test_the_nearest_comes_first():
    right = entries("r", ("FL-1001", "Gelato 1g"), ("FLX-1001", "Gelato 1g"), ("fl-1001", "Gelato 1g"))

    found = near(entries("l", ("FL1001", "Gelato 1g")), right)

    scores = [one.score for one in found.left[0]]
    assert [one.partner.value for one in found.left[0]][:2] == ["FL-1001", "fl-1001"]
    assert scores == sorted(scores, reverse=True)


def test_a_partner_that_is_far_nearer_to_another_one_is_not_suggested():
    left = entries("l", ("fl-1001", "Gelato 1g"), ("FL-1001-X", "Gelatto 1g"))

    found = near(left, entries("r", ("FL-1001", "Gelato 1g")))

    assert set(found.left) == {0}


def test_things_that_all_look_alike_are_not_compared_with_each_other():
    same = [Entry(str(place), "-".join("a" * 9), "") for place in range(500)]

    assert near(same, same).left == {}


@given(st.text(max_size=12), st.text(max_size=12))
def test_any_two_texts_can_be_told_apart_in_words(left, right):
    if left != right and folds_between(left, right) == ():
        assert slip_between(left, right)
    assert plain(left) == plain(plain(left)) or not left.isascii()
    assert isinstance(loose(left), str)
