"""Pulls: whole lists read into the mirrors, broken off and gone on with, and what they do not show."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from portal.models import Connection
from portal.sync.engine import crash, mirror, pull, sources
from portal.sync.errors import ConnectionBroken, Retryable
from tests.sync.engine.catalogues import T0, furnish, item, product
from tests.sync.engine.crashing import CrashNow, CrashPoints


@pytest.fixture
def stocked(shop, monkeypatch):
    """A shop whose catalogue is synced."""
    return furnish(shop, monkeypatch)


def test_both_sides_are_read_page_by_page_into_the_mirrors(stocked):
    stocked.flourish.shelve(*(item(number) for number in range(1, 8)), sellable=5)
    stocked.leaflink.stock_up(*(product(number) for number in range(1, 8)))

    stocked.read()

    items, products = stocked.mirrored_items(), stocked.mirrored_products()
    assert len(items) == len(products) == 7
    one = items["item-3"]
    assert (one.sku_key, one.name, one.active, one.ecommerce) == ("SKU-3", "Flower 3", True, True)
    assert (one.stock, one.version, one.told) == ({"7": "5"}, T0.isoformat(), None)
    assert products["1003"].listing_state == "Available"
    assert {name: row.position for name, row in stocked.streams().items()} == dict.fromkeys(sources.INTERVALS)


def test_stock_is_summed_over_lots_on_several_pages_and_facilities_are_kept_apart(stocked):
    stocked.set("connection", settings='{"stock_facilities": "7, 8"}')
    stocked.flourish.shelve(item(1), sellable=None)
    lots = (("7", 5), ("7", 4), ("8", 3), ("7", -2), ("7", Decimal("0.5")))
    stocked.flourish.shelves = [(facility, "item-1", Decimal(units), "") for facility, units in lots]

    stocked.read(sources.ITEMS, sources.STOCK)

    assert stocked.mirrored_items()["item-1"].stock == {"7": "7.5", "8": "3"}


def test_an_item_that_the_list_of_stock_does_not_show_has_nothing(stocked):
    stocked.flourish.shelve(item(1), sellable=4)
    stocked.flourish.shelve(item(2), sellable=None)
    stocked.read(sources.ITEMS, sources.STOCK)
    stocked.flourish.shelves = []

    stocked.read_again(sources.STOCK)

    assert {ref: row.stock for ref, row in stocked.mirrored_items().items()} == {
        "item-1": {"7": "0"},
        "item-2": {"7": "0"},
    }


def test_stock_of_an_item_that_no_list_showed_yet_is_kept_and_the_item_is_to_be_read(stocked):
    stocked.flourish.shelve(item(1), sellable=4)

    stocked.read(sources.STOCK)

    one = stocked.mirrored_items()["item-1"]
    assert (one.sku_key, one.stock, one.facts, one.told) == ("SKU-1", {"7": "4"}, None, "?")


def test_a_second_pull_reads_what_changed_since_and_writes_nothing_that_is_equal(stocked):
    stocked.flourish.shelve(*(item(number) for number in range(1, 8)))
    stocked.leaflink.stock_up(*(product(number) for number in range(1, 8)))
    stocked.read()
    before = stocked.mirrored_items()
    stocked.flourish.edit("item-5", name="Renamed")

    stocked.read_again()

    after = stocked.mirrored_items()
    assert [one for one in stocked.flourish.asked if one] != []
    assert {ref for ref in after if after[ref].revision != before[ref].revision} == {"item-5"}
    assert after["item-5"].name == "Renamed"


@pytest.mark.promise("LL-27")
@pytest.mark.parametrize("name", [sources.ITEMS, sources.PRODUCTS, sources.STOCK])
@pytest.mark.parametrize("turn", [1, 2, 3])
@pytest.mark.fault(68)
def test_a_pull_that_is_killed_goes_on_behind_the_last_page_that_was_taken_in(
    stocked, monkeypatch, name, turn
):
    monkeypatch.setattr(pull, "_TOGETHER", 3)
    stocked.flourish.shelve(*(item(number) for number in range(1, 10)), sellable=5)
    stocked.leaflink.stock_up(*(product(number) for number in range(1, 10)))
    others = [one for one in sources.INTERVALS if one != name]
    stocked.read(*others)
    calls = stocked.flourish.calls if name != sources.PRODUCTS else stocked.leaflink.calls
    kind = {sources.ITEMS: "items", sources.PRODUCTS: "products", sources.STOCK: "stock"}[name]
    points = CrashPoints(monkeypatch)
    points.crash_at("page_stored", turn=turn)
    with pytest.raises(CrashNow):
        stocked.read(name)
    place = stocked.streams()[name].position
    calls.clear()

    stocked.read_again(name)

    assert place["page"] == turn
    assert calls.count(kind) == 3 - turn
    items = stocked.mirrored_items()
    assert {row.stock["7"] for row in items.values()} == {"5"}
    assert len(items) == len(stocked.mirrored_products()) == 9


def test_what_a_whole_list_does_not_show_any_more_is_gone_and_comes_back(stocked):
    stocked.leaflink.stock_up(*(product(number) for number in range(1, 5)))
    stocked.read(sources.PRODUCTS)
    taken = stocked.leaflink.products_by_ref.pop("1002")
    stocked.set_stream(sources.PRODUCTS, full_at=None)
    stocked.read_again(sources.PRODUCTS)
    gone = stocked.mirrored_products()
    stocked.leaflink.stock_up(taken)
    stocked.set_stream(sources.PRODUCTS, full_at=None)

    stocked.read_again(sources.PRODUCTS)

    assert [ref for ref, row in gone.items() if row.gone_at] == ["1002"]
    assert [ref for ref, row in stocked.mirrored_products().items() if row.gone_at] == []


def test_a_list_of_changes_says_nothing_about_what_it_does_not_show(stocked):
    stocked.leaflink.stock_up(*(product(number) for number in range(1, 5)))
    stocked.read(sources.PRODUCTS)
    stocked.leaflink.products_by_ref.clear()

    stocked.read_again(sources.PRODUCTS)

    assert [row.gone_at for row in stocked.mirrored_products().values()] == [None] * 4


@pytest.mark.promise("LL-11")
@pytest.mark.fault(69)
def test_a_list_that_lost_most_of_its_rows_is_not_believed_until_a_person_says_so(stocked):
    stocked.leaflink.stock_up(*(product(number) for number in range(100, 140)))
    stocked.read(sources.PRODUCTS)
    stocked.leaflink.products_by_ref.clear()
    stocked.set_stream(sources.PRODUCTS, full_at=None)
    stocked.read_again(sources.PRODUCTS)

    problem = stocked.problems()["mass_gone"]

    assert (problem.evidence["missing"], problem.evidence["of"]) == (40, 40)
    assert {row.gone_at for row in stocked.mirrored_products().values()} == {None}
    with stocked.desk.tenant(stocked.tenant_id) as session:
        connection = session.get_one(Connection, stocked.connection_id)
        connection.drops_approved_until = datetime(2100, 1, 1, tzinfo=UTC)
    stocked.set_stream(sources.PRODUCTS, full_at=None)
    stocked.read_again(sources.PRODUCTS)
    assert None not in {row.gone_at for row in stocked.mirrored_products().values()}
    assert stocked.problems() == {}


def test_a_row_that_cannot_be_read_stops_no_other_and_is_named(stocked):
    stocked.leaflink.stock_up(*(product(number) for number in range(1, 8)))
    stocked.leaflink.paging.unreadable = {"1004"}

    stocked.read(sources.PRODUCTS)

    assert len(stocked.mirrored_products()) == 6
    assert "1004: price: is no number" in stocked.problems()["unreadable_rows"].text
    stocked.leaflink.paging.unreadable = set()
    stocked.set_stream(sources.PRODUCTS, full_at=None)
    stocked.read_again(sources.PRODUCTS)
    assert stocked.problems() == {}


@pytest.mark.fault(67)
def test_stock_that_changed_while_it_was_read_is_read_again_and_counts_once(stocked):
    stocked.flourish.shelve(*(item(number) for number in range(1, 8)), sellable=5)
    stocked.read(sources.ITEMS)

    def sell():
        del stocked.flourish.shelves[0]

    stocked.flourish.meanwhile["stock"] = lambda: stocked.flourish.meanwhile.update(stock=sell)
    stocked.read(sources.STOCK)

    stock = {ref: row.stock["7"] for ref, row in stocked.mirrored_items().items()}
    assert stock == {"item-1": "0"} | {f"item-{number}": "5" for number in range(2, 8)}


def test_a_list_that_breaks_off_keeps_its_place_and_is_named_after_three_times(stocked, monkeypatch):
    monkeypatch.setattr(pull, "_TOGETHER", 3)
    stocked.leaflink.stock_up(*(product(number) for number in range(1, 8)))
    stocked.leaflink.meanwhile["products"] = lambda: stocked.leaflink.fail(
        "products", Retryable("it did not answer in time"), times=3
    )
    for _ in range(4):
        stocked.read_again(sources.PRODUCTS)

    assert "poll_fails" in stocked.problems() or stocked.streams()[sources.PRODUCTS].failures == 0


def test_a_refused_key_stops_the_connection(stocked):
    stocked.leaflink.always = dict.fromkeys(("products", "company"), ConnectionBroken("no", http_status=401))

    stocked.read(sources.PRODUCTS)

    assert stocked.connection().state == "needs_credentials"


def test_an_older_page_does_not_undo_what_was_read_since(stocked):
    stocked.leaflink.stock_up(product(1))
    stocked.read(sources.PRODUCTS)
    newer = stocked.leaflink.edit("1001", name="Newer")
    with stocked.desk.tenant(stocked.tenant_id) as session:
        connection = session.get_one(Connection, stocked.connection_id)
        mirror.store_products(session, connection, [newer])
        mirror.store_products(session, connection, [product(1)])

    assert stocked.mirrored_products()["1001"].name == "Newer"


@pytest.mark.parametrize("point", crash.PULL)
def test_wherever_a_pull_is_killed_the_next_one_ends_with_the_same_rows_and_links(
    stocked, monkeypatch, point
):
    stocked.flourish.shelve(*(item(number) for number in range(1, 8)), sellable=5)
    stocked.leaflink.stock_up(*(product(number) for number in range(1, 8)))
    stocked.read(sources.ITEMS, sources.STOCK)
    points = CrashPoints(monkeypatch)
    points.crash_at(point)
    with pytest.raises(CrashNow):
        stocked.read(sources.PRODUCTS)

    stocked.read_again(sources.PRODUCTS)

    assert len(stocked.mirrored_products()) == len(stocked.item_links()) == 7
    assert stocked.streams()[sources.PRODUCTS].position is None
    assert stocked.count_pulled() == 0
