"""Rows of match keys: kept in place of the earlier ones, and counted."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.models import Connection, MatchedKey, MatchedRow
from portal.sync.checks import Entry, MatchKey, MatchRow, Suggestion
from portal.sync.mapping.keys import sku_key
from portal.sync.readiness import rows
from tests.models.rows import fill

SKU = MatchKey("sku", "Products by SKU", "products", "items", "product", "item", sku_key)
LEFT, RIGHT = Entry("1", "FL-1", "Flower"), Entry("i1", "fl-1", "Flower one")
NEAR = MatchRow("near", LEFT, RIGHT, (Suggestion(RIGHT, "upper and lower case", 0.98765),))
MATCHED = MatchRow("matched", Entry("2", " B\x00-2", "Bud"), Entry("i2", "B-2", ""), by_alias=True)
MISSING = MatchRow("missing_left", None, Entry("i3", "", "Nameless"))


@pytest.fixture
def ours(desk):
    return fill(desk.sessions, "ours")


def kept(desk, ours, key="sku"):
    with desk.tenant(ours["tenant"]) as session:
        query = select(MatchedRow).where(MatchedRow.key == key).order_by(MatchedRow.sort)
        return session.scalars(query).all()


def store(desk, ours, *found):
    with desk.tenant(ours["tenant"]) as session:
        return rows.store(session, session.get_one(Connection, ours["connection"]), SKU, found)


def test_rows_are_kept_with_both_sides_and_their_suggestions(desk, ours):
    tally = store(desk, ours, NEAR, MATCHED, MISSING)

    assert tally.counts == {"near": 1, "matched": 1, "missing_left": 1}
    assert tally.examples == {"near": ("FL-1",), "matched": (" B\x00-2",), "missing_left": ("Nameless",)}
    matched, near, missing = kept(desk, ours)
    assert (near.state, near.left_ref, near.right_value) == ("near", "1", "fl-1")
    assert near.suggestions == [
        {
            "ref": "i1",
            "value": "fl-1",
            "name": "Flower one",
            "change": "upper and lower case",
            "score": 0.988,
        }
    ]
    assert (matched.left_value, matched.by_alias) == (" B-2", True)
    assert (missing.left_ref, missing.right_name, missing.sort) == (None, "Nameless", "nameless")


def test_a_key_that_is_matched_anew_replaces_its_rows_and_no_others(desk, ours):
    store(desk, ours, NEAR, MATCHED)

    tally = store(desk, ours, MISSING)

    assert tally.of("near", "matched") == 0
    assert [row.state for row in kept(desk, ours)] == ["missing_left"]
    with desk.tenant(ours["tenant"]) as session:
        head = session.scalars(select(MatchedKey).where(MatchedKey.key == "sku")).one()
        assert head.counts == {"missing_left": 1}


def test_a_key_without_entries_is_matched_all_the_same(desk, ours):
    assert store(desk, ours).counts == {}
    assert kept(desk, ours) == []
