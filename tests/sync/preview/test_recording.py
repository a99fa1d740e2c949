"""What a preview takes an item for once a platform that takes items whole would have it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

import pytest

from portal.sync.drafts import ProductDraft
from portal.sync.preview.naming import NEW
from portal.sync.preview.recording import Captured, RecordingPlatform
from tests.sync.mapping.shelves import SKU, product

FIELDS = {
    "name": "Pre-Roll, 1 g",
    "brand": "Acme",
    "category": "Joints",
    "unit": "ea",
    "price": "5.00",
    "quantity": "7",
}


@pytest.fixture
def platform():
    """One whose real client is asked for nothing."""
    return RecordingPlatform(cast(Any, None))


def test_an_item_that_is_not_there_would_be_made_whole(platform):
    made = platform.put_product("328", ProductDraft(SKU, FIELDS, {}))

    assert (made.ref, made.name, made.brand, made.available) == (f"{NEW}{SKU}", "Pre-Roll, 1 g", "Acme", 7)
    assert platform.made(SKU) == (made,)


def test_behind_an_item_in_a_platforms_own_words_nothing_is_planned(platform):
    shown = ProductDraft(SKU, {"name": "Pre-Roll, 1 g", "cannabisComplianceType": "PRE_ROLLS"}, {})

    with pytest.raises(Captured):
        platform.put_product("328", shown)


def test_one_that_is_there_would_have_all_of_it(platform):
    there = product(reserved=Decimal(0), quantity=Decimal(100))
    platform.seen([there])

    changed = platform.put_product("328", ProductDraft(SKU, FIELDS, {}))

    assert (changed.ref, changed.name, changed.category) == (there.ref, "Pre-Roll, 1 g", "Joints")
    assert (changed.available, changed.price) == (7, Decimal("5.00"))
    assert platform.made(SKU) == ()
