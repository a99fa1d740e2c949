"""The guard counts the whole catalogue only where that matters: for many drops."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from portal.models import Link
from portal.sync.engine import guard
from tests.sync.engine.catalogues import furnish

COUNTS = [
    # links that want to drop, of 40: what is counted, whether they are held
    (0, guard.Drops(0, 0, approved=False), False),
    (24, guard.Drops(24, 0, approved=False), False),
    (25, guard.Drops(25, 40, approved=False), True),
]


@pytest.fixture
def stocked(shop, monkeypatch):
    """A shop with forty products."""
    store = furnish(shop, monkeypatch)
    store.begin(*range(100, 140))
    return store


@pytest.mark.parametrize(("number", "counted", "held"), COUNTS, ids=[str(one[0]) for one in COUNTS])
def test_a_catalogue_is_counted_from_the_25th_drop_on(stocked, number, counted, held):
    dropping = sorted(stocked.item_links())[:number]
    with stocked.desk.tenant(stocked.tenant_id) as session:
        session.execute(update(Link).where(Link.foreign_id.in_(dropping)).values(wants_drop=True))
    with stocked.desk.tenant(stocked.tenant_id) as session:
        found = guard.drops(session, stocked.connection_id)
    assert (found, found.held) == (counted, held)
