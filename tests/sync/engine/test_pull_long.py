"""Lists that are so long that a step over all their rows must not look at each row once for each other one.

What a pull has seen lives for minutes: to the statistics of the database it is a table that is empty.
"""

from __future__ import annotations

import time
from dataclasses import asdict

import pytest
from sqlalchemy import text

from portal.sync.engine import sources
from portal.sync.engine.poll import poll
from portal.sync.engine.pull_place import Place
from tests.sync.engine.catalogues import T0, furnish

ROWS = 10_000
# Each with each other is a hundred million: a minute.
MOST_SECONDS = 10.0
MIRRORS = {
    sources.ITEMS: "INSERT INTO item (hub_id, flourish_id, {common}) SELECT :hub, number, {values}",
    sources.STOCK: "INSERT INTO item (hub_id, flourish_id, {common}) SELECT :hub, number, {values}",
    sources.PRODUCTS: "INSERT INTO product (connection_id, foreign_id, listing_state, archived, {common})"
    " SELECT :connection, number, 'Available', false, {values}",
}
COMMON = "id, tenant_id, sku_key, near_key, sku, name, facts, created_at"
VALUES = "gen_random_uuid(), :tenant, number, number, number, number, '{}', :begun"
NUMBERS = " FROM (SELECT lpad(n::text, 6, '0') AS number FROM generate_series(1, :rows) AS n) AS numbers"
SEEN = (
    "INSERT INTO pulled_row (stream_id, tenant_id, part, page, ref, sku, amount)"
    " SELECT :stream, :tenant, :part, 1, number, number, 5" + NUMBERS + " WHERE number > '000001'"
)


@pytest.fixture
def stocked(shop, monkeypatch):
    return furnish(shop, monkeypatch)


def read_all_but_one(stocked, name: str) -> None:
    """Have a list read to its end that showed each row but the first one."""
    stream = stocked.streams()[name]
    begun = T0.replace(year=2036).isoformat()
    part = "7" if name == sources.STOCK else ""
    place = Place(full=True, begun=begun, part=part, part_begun=begun, at="", rows=ROWS - 1, total=ROWS - 1)
    values = {"hub": stocked.hub_id, "connection": stocked.connection_id, "stream": stream.id}
    values |= {"tenant": stocked.tenant_id, "begun": T0, "rows": ROWS, "part": part}
    with stocked.desk.tenant(stocked.tenant_id) as session:
        session.execute(text(MIRRORS[name].format(common=COMMON, values=VALUES) + NUMBERS), values)
        session.execute(text(SEEN), values)
    stocked.set_stream(name, position=asdict(place))


def gone(rows) -> list[str]:
    return [ref for ref, row in rows.items() if row.gone_at]


TAKEN_OVER = {
    sources.ITEMS: lambda stocked: gone(stocked.mirrored_items()) == ["000001"],
    sources.PRODUCTS: lambda stocked: gone(stocked.mirrored_products()) == ["000001"],
    sources.STOCK: lambda stocked: (
        sorted(row.stock["7"] for row in stocked.mirrored_items().values()) == ["0", *["5"] * (ROWS - 1)]
    ),
}


@pytest.mark.fault(68)
@pytest.mark.parametrize("name", TAKEN_OVER)
def test_a_long_list_is_taken_over_in_one_go_through_its_rows(stocked, name):
    read_all_but_one(stocked, name)
    began = time.monotonic()

    poll(stocked.desk, stocked.tenant_id, stocked.streams()[name].id)

    assert stocked.streams()[name].failures == 0
    assert time.monotonic() - began < MOST_SECONDS
    assert TAKEN_OVER[name](stocked)
