"""The stock of single lots: read with the products, and one write for each lot that changed (LL-11)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from portal.models import Connection
from portal.sync import audit, registry
from portal.sync.batches import Batch
from portal.sync.catalogues import Catalogue
from portal.sync.domain import Hint
from portal.sync.engine import guard, marks, sources
from portal.sync.engine.accounts import catalogue_rules_of
from portal.sync.engine.shelves import known
from portal.sync.errors import Rejected, Retryable, Unsettled
from portal.sync.preview.items import ItemRehearsal, Seen
from portal.sync.preview.recording import RecordingPlatform
from portal.sync.preview.rehearsal import rehearse
from tests.sync.engine.catalogues import Store, by_lot, furnish, item, product
from tests.sync.mapping.examples import line, order

ANN = audit.Actor("Ann")
LOST = Unsettled("LeafLink answered 502", http_status=502)


def batch(number: str, quantity: int = 0, **changed: Any) -> Batch:
    values: dict[str, Any] = {"ref": f"b-{number}", "stock_ref": f"s-{number}", "place": "1"}
    return Batch(number=number, quantity=Decimal(quantity), **(values | changed))


@pytest.fixture
def stocked(shop, monkeypatch):
    """A shop that keeps the stock of lots."""
    store = furnish(shop, monkeypatch)
    platform = replace(registry.platform("leaflink"), catalogue=Catalogue((), by_lot))
    monkeypatch.setitem(registry.PLATFORMS, "leaflink", platform)
    return store


@pytest.fixture
def begin(stocked: Store) -> Callable[..., Store]:
    """Begins with products of these numbers, each with lots of so much, in step on both sides."""

    def begun(*numbers: int, **lots: int) -> Store:
        for number in numbers:
            stocked.flourish.shelve(item(number), sellable=None)
            stocked.leaflink.stock_up(product(number))
            for lot, units in lots.items():
                stocked.flourish.count_anew(f"item-{number}", units, lot=lot)
                stocked.leaflink.keep_lots(str(1000 + number), batch(lot, units))
        stocked.read()
        stocked.look_until_quiet()
        forget_calls(stocked)
        return stocked

    return begun


def forget_calls(stocked: Store) -> None:
    stocked.leaflink.calls.clear()
    stocked.flourish.calls.clear()


def offered(stocked: Store, number: int = 1) -> dict[str, int]:
    return {
        one.number: int(one.available) for one in stocked.leaflink.batches_by_ref[str(1000 + number)].values()
    }


def kinds(stocked: Store) -> set[str]:
    return {one.kind for one in stocked.operations()}


@pytest.mark.promise("LL-11")
def test_where_both_sides_agree_nothing_is_written_however_often_lists_are_read(begin):
    stocked = begin(1, 2, A=5, B=3)
    stocked.set_stream(sources.PRODUCTS, full_at=None, batches_at=None)

    assert stocked.read_again() == set()

    assert (stocked.writes(), stocked.leaflink.count("batches")) == (0, 1)
    assert {link.decision_code for link in stocked.item_links().values()} == {"agree"}


@pytest.mark.promise("LL-11")
def test_each_changed_lot_is_one_write_and_the_products_own_stock_is_never_touched(begin):
    stocked = begin(1, A=5, B=3, C=2)
    stocked.flourish.count_anew("item-1", 9, lot="A")
    stocked.flourish.count_anew("item-1", 1, lot="B")
    stocked.announce_item("item-1", stock=True)

    stocked.look()

    assert stocked.flourish.calls == ["stock_of"]
    assert stocked.leaflink.calls == ["batches_of", "set_lot_stock", "set_lot_stock"]
    assert offered(stocked) == {"A": 9, "B": 1, "C": 2}
    link = stocked.item_links()["SKU-1"]
    assert (link.state, link.base["written"]["stock of lot A"], "stock" in link.base) == (
        "settled",
        "9",
        False,
    )
    forget_calls(stocked)
    assert stocked.read_again() == set()
    assert stocked.writes() == 0


@pytest.mark.promise("LL-11")
def test_units_that_move_between_lots_are_found_by_the_list_of_stock(begin):
    stocked = begin(1, A=5, B=3)
    stocked.flourish.count_anew("item-1", 4, lot="A")
    stocked.flourish.count_anew("item-1", 4, lot="B")

    assert stocked.read_again(sources.STOCK) == {stocked.connection_id}
    stocked.look_until_quiet()

    assert (offered(stocked), stocked.leaflink.count("set_lot_stock")) == ({"A": 4, "B": 4}, 2)


@pytest.mark.promise("LL-11")
def test_any_number_of_lots_is_written_in_one_look(begin):
    lots = {f"L{number:02}": 5 for number in range(20)}
    stocked = begin(1, **lots)
    for lot in lots:
        stocked.flourish.count_anew("item-1", 6, lot=lot)
    stocked.announce_item("item-1", stock=True)

    stocked.look()

    assert (stocked.leaflink.count("set_lot_stock"), set(offered(stocked).values())) == (20, {6})
    assert stocked.item_links()["SKU-1"].state == "settled"


@pytest.mark.promise("LL-11")
def test_units_of_an_order_are_taken_off_their_lot_until_flourish_knows_of_it(begin):
    stocked = begin(1, A=5, B=3)
    stocked.flourish.known_items = [item(1)]
    stocked.set("connection", live_since="2100-01-01")
    ordered = order(lines=(line(sku="SKU-1", eaches="2", lot="A"), line(sku="SKU-1", eaches="1", ref="2")))

    stocked.arrive(ordered)
    stocked.look_until_quiet()

    # One unit names no lot: it is taken off the fullest.
    assert sum(offered(stocked).values()) == 5
    assert offered(stocked)["A"] <= 3
    stocked.leaflink.put(ordered, status="Rejected")
    stocked.mark(ordered.number)
    stocked.look_until_quiet()
    assert offered(stocked) == {"A": 5, "B": 3}


@pytest.mark.promise("LL-11")
def test_what_leaflink_reserves_of_a_lot_is_read_before_it_is_written(begin):
    stocked = begin(1, A=5)
    stocked.leaflink.keep_lots("1001", batch("A", 5, reserved=Decimal(2)))
    stocked.flourish.count_anew("item-1", 4, lot="A")
    stocked.announce_item("item-1", stock=True)

    stocked.look()

    assert stocked.leaflink.batches_by_ref["1001"]["b-A"].quantity == 6


@pytest.mark.promise("LL-11")
@pytest.mark.parametrize(
    ("error", "effect"),
    [(LOST, True), (LOST, False), (Retryable("LeafLink did not answer"), False)],
)
def test_a_lots_write_without_an_answer_is_repeated_without_harm(begin, error, effect):
    stocked = begin(1, A=5, B=3)
    stocked.flourish.count_anew("item-1", 7, lot="A")
    stocked.announce_item("item-1", stock=True)
    stocked.leaflink.fail("set_lot_stock", error, effect=effect)

    stocked.look_until_quiet()

    assert (offered(stocked), stocked.item_links()["SKU-1"].state) == ({"A": 7, "B": 3}, "settled")
    assert {one.status for one in stocked.operations()} <= {"ok", "abandoned"}


@pytest.mark.promise("LL-11")
@pytest.mark.parametrize("effect", [True, False, "late"])
def test_a_lots_first_stock_whose_answer_was_lost_is_looked_for_and_made_once(begin, effect):
    stocked = begin(1, A=5)
    stocked.leaflink.keep_lots("1001", batch("B", stock_ref="", place=""))
    stocked.flourish.count_anew("item-1", 3, lot="B")
    stocked.announce_item("item-1", stock=True)
    stocked.leaflink.fail("set_lot_stock", LOST, effect=effect)

    stocked.look()
    stocked.leaflink.land()
    stocked.look_until_quiet()

    assert offered(stocked) == {"A": 5, "B": 3}
    assert kinds(stocked) == {"make_lot_stock"}
    assert stocked.item_links()["SKU-1"].state == "settled"


@pytest.mark.promise("LL-11")
def test_a_product_gets_batches_and_is_kept_by_lot_from_then_on(begin):
    stocked = begin(1)
    stocked.flourish.count_anew("item-1", 4, lot="A")
    stocked.read_again()
    stocked.look_until_quiet()
    assert kinds(stocked) == {"drop_stock", "set_stock"}
    stocked.leaflink.keep_lots("1001", batch("A", stock_ref="", place=""))
    stocked.set_stream(sources.PRODUCTS, batches_at=None)

    stocked.read_again(sources.PRODUCTS)
    stocked.look_until_quiet()

    assert (offered(stocked), "make_lot_stock" in kinds(stocked)) == ({"A": 4}, True)
    assert "stock" not in stocked.item_links()["SKU-1"].base


@pytest.mark.promise("LL-11")
def test_a_lot_without_a_batch_is_a_problem_that_closes_once_it_has_one(begin):
    stocked = begin(1, A=5)
    stocked.flourish.count_anew("item-1", 3, lot="NEW")
    stocked.announce_item("item-1", stock=True)
    stocked.look()

    assert set(stocked.problems()) == {"batch_missing"}
    assert stocked.writes() == 0
    stocked.leaflink.keep_lots("1001", batch("NEW", stock_ref="", place=""))
    stocked.set_stream(sources.PRODUCTS, batches_at=None)
    stocked.read_again(sources.PRODUCTS)
    stocked.look_until_quiet()
    assert (stocked.problems(), offered(stocked)) == ({}, {"A": 5, "NEW": 3})


@pytest.mark.promise("LL-11")
def test_a_refused_lot_is_a_problem_of_its_item(begin):
    stocked = begin(1, A=5)
    stocked.flourish.count_anew("item-1", 3, lot="A")
    stocked.announce_item("item-1", stock=True)
    stocked.leaflink.fail("set_lot_stock", Rejected("not now", field="quantity", http_status=400))

    stocked.look()

    assert stocked.problems()["refused"].link_id == stocked.item_links()["SKU-1"].id


@pytest.mark.promise("LL-11")
def test_an_empty_list_of_stock_takes_no_lot_off_sale_until_a_person_approves_it(begin):
    stocked = begin(*range(100, 130), A=5, B=3)
    stocked.flourish.shelves = []
    stocked.read_again(sources.STOCK)
    stocked.look_until_quiet()
    assert (stocked.writes(), set(stocked.problems())) == (0, {"mass_drop"})
    with stocked.desk.tenant(stocked.tenant_id) as session:
        guard.approve(session, stocked.desk.settings.master_keys, stocked.connection_id, actor=ANN)

    for _ in range(8):
        stocked.look()

    assert all(set(offered(stocked, number).values()) == {0} for number in range(100, 130))
    assert kinds(stocked) == {"drop_stock"}


@pytest.mark.promise("LL-11")
def test_a_product_that_loses_many_lots_is_one_that_drops(begin):
    lots = {f"L{number:02}": 5 for number in range(30)}
    stocked = begin(1, **lots)
    for lot in lots:
        stocked.flourish.count_anew("item-1", 0, lot=lot)
    stocked.announce_item("item-1", stock=True)

    stocked.look_until_quiet()

    assert (set(offered(stocked).values()), stocked.problems()) == ({0}, {})


@pytest.mark.promise("LL-11")
def test_stock_that_was_read_before_lots_were_kept_is_read_again_lot_by_lot(shop, monkeypatch):
    stocked = furnish(shop, monkeypatch)
    stocked.flourish.shelve(item(1), sellable=None)
    stocked.flourish.count_anew("item-1", 10, lot="A")
    stocked.leaflink.stock_up(product(1))
    stocked.leaflink.keep_lots("1001", batch("A", 10))
    stocked.read()
    assert stocked.mirrored_items()["item-1"].lots == {}
    platform = replace(registry.platform("leaflink"), catalogue=Catalogue((), by_lot))
    monkeypatch.setitem(registry.PLATFORMS, "leaflink", platform)

    stocked.flourish.count_anew("item-1", 4, lot="A")
    with stocked.desk.tenant(stocked.tenant_id) as session:
        connection = session.get_one(Connection, stocked.connection_id)
        marks.mark(session, connection, Hint("item", "SKU-1", "asked for", label="SKU-1"))
    stocked.look_until_quiet()

    assert (offered(stocked), kinds(stocked)) == ({"A": 4}, {"set_lot_stock"})
    assert stocked.mirrored_items()["item-1"].lots == {"7": {"A": "4"}}


@pytest.mark.promise("LL-11", "ON-4")
def test_a_preview_shows_each_lot_that_would_be_written_and_writes_nothing(begin):
    stocked = begin(1, A=5, B=3)
    stocked.leaflink.keep_lots("1001", batch("NEW", stock_ref="", place=""))
    for lot, units in (("A", 9), ("B", 1), ("NEW", 4)):
        stocked.flourish.count_anew("item-1", units, lot=lot)
    stocked.set("connection", state="paused")
    stocked.set_stream(sources.PRODUCTS, batches_at=None)
    stocked.read_again()
    platform = RecordingPlatform(stocked.leaflink)
    account = replace(stocked.account, client=platform)
    with stocked.desk.tenant(stocked.tenant_id) as session:
        connection = session.get_one(Connection, stocked.connection_id)
        rules = catalogue_rules_of(connection, registry.platform("leaflink"))
        shelf = known(session, connection, rules, ["SKU-1"])["SKU-1"].shelf()
    seen = Seen("SKU-1", shelf, None, "")

    found = rehearse(ItemRehearsal(account, platform, rules, stocked.connection_id, seen), None)

    assert found.changes == (
        ("stock of lot B", "3", "1"),
        ("stock of lot A", "5", "9"),
        ("stock of lot NEW", "0", "4"),
    )
    assert [act.kind for act in found.acts] == ["set_lot_stock", "set_lot_stock", "make_lot_stock"]
    assert (found.decision.code, stocked.writes()) == ("agree", 0)
