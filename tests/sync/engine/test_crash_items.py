"""A worker dies at every point of each kind of write to products; the next one ends with one of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from portal.sync import registry
from portal.sync.batches import Batch, SetLotStock
from portal.sync.catalogues import Catalogue
from portal.sync.decisions import CreateProduct, CreateStrain, Decision, SetStock, UpdateProduct
from portal.sync.drafts import ProductDraft, PutProduct
from portal.sync.engine import comparison, items
from portal.sync.errors import Unsettled
from tests.sync.engine.catalogues import Store, by_lot, furnish, item, product
from tests.sync.engine.crashing import CrashNow, CrashPoints, look_of

BATCH = Batch("b-A", "s-A", "A", "1")
BARE = replace(BATCH, stock_ref="", place="")
LOST = Unsettled("LeafLink answered 502", http_status=502)


def decide(code, action=None):
    return Decision(code, f"{code}.", "Nothing.", "waiting" if action else "settled", action=action)


def keep_stock(shelf, *, base, rules, facts):
    """Seven units are to be offered."""
    (one,) = shelf.products
    if one.available == 7:
        return decide("agree")
    return decide("stock", SetStock(one.ref, "available", Decimal(7), drops=False, base={"product": one.ref}))


def drop_stock(shelf, *, base, rules, facts):
    (one,) = shelf.products
    if one.available == 0:
        return decide("agree")
    return decide("stock", SetStock(one.ref, "available", Decimal(0), drops=True, base={"product": one.ref}))


def rename(shelf, *, base, rules, facts):
    (one,) = shelf.products
    if one.name == "Renamed":
        return decide("agree")
    return decide("update", UpdateProduct(one.ref, {"name": "Renamed"}, {"product": one.ref}))


def make_product(shelf, *, base, rules, facts):
    if shelf.products:
        return decide("agree")
    return decide("make", CreateProduct(ProductDraft(shelf.sku, {"name": "New"}, {}), {"item": "item-1"}))


def keep_lot(shelf, *, base, rules, facts):
    """Seven units of its one lot are to be offered."""
    (one,) = shelf.products
    (lot,) = one.batches or (BATCH,)
    if lot.available == 7:
        return decide("agree")
    return decide("stock", SetLotStock(one.ref, lot, Decimal(7), drops=False, base={"product": one.ref}))


def put(name="New", left=7):
    """A platform that takes items whole is to have it by this name, with so much of it."""

    def plan(shelf, *, base, rules, facts):
        ref = shelf.products[0].ref if shelf.products else ""
        if shelf.products and (shelf.products[0].name, shelf.products[0].available) == (name, left):
            return decide("agree")
        draft = ProductDraft(
            shelf.sku, {"name": name, "quantity": Decimal(left), "available": Decimal(left)}, {}
        )
        changed, agreed = ("name", "stock"), {"item": "item-1", "product": ref}
        return decide("put", PutProduct(ref, "item-1", draft, changed, drops=not left, base=agreed))

    return plan


@dataclass(frozen=True)
class Flow:
    """A write: what plans it, what is called, what stands at the end, and whether it may be repeated."""

    plan: Callable[..., Decision]
    call: str
    ended: Callable[[Store], bool]
    has_product: bool = True
    once: bool = False
    batch: Batch | None = None


def _lot(shop):
    (lot,) = shop.leaflink.batches_by_ref["1001"].values()
    return lot


FLOWS = {
    "stock": Flow(keep_stock, "set_stock", lambda shop: _one(shop).available == 7),
    "drop": Flow(drop_stock, "set_stock", lambda shop: _one(shop).available == 0),
    "update": Flow(rename, "update_product", lambda shop: _one(shop).name == "Renamed"),
    "lot": Flow(keep_lot, "set_lot_stock", lambda shop: _lot(shop).available == 7, batch=BATCH),
    "first lot": Flow(
        keep_lot, "set_lot_stock", lambda shop: _lot(shop).available == 7, batch=BARE, once=True
    ),
    "create": Flow(
        make_product, "create_product", lambda shop: _one(shop).name == "New", has_product=False, once=True
    ),
    "put there": Flow(put(), "put_product", lambda shop: _one(shop).ref == "item-1", has_product=False),
    "put anew": Flow(
        put(), "put_product", lambda shop: (_one(shop).name, _one(shop).available) == ("New", 7)
    ),
    "put away": Flow(put(left=0), "put_product", lambda shop: _one(shop).available == 0),
}
TRAIL = look_of(writes=1)


def _one(shop):
    (one,) = shop.leaflink.products_by_ref.values()
    return one


@pytest.fixture
def begun(shop, monkeypatch):
    """A shop that is about to make one write, of the kind that a test names."""

    def begin(flow):
        store = furnish(shop, monkeypatch)
        monkeypatch.setattr(comparison, "planner_of", lambda _platform: flow.plan)
        monkeypatch.setattr(items, "planner_of", lambda _platform: flow.plan)
        store.flourish.shelve(item(1))
        if flow.has_product:
            store.leaflink.stock_up(product(1))
        if flow.batch is not None:
            platform = replace(registry.platform("leaflink"), catalogue=Catalogue((), by_lot))
            monkeypatch.setitem(registry.PLATFORMS, "leaflink", platform)
            store.leaflink.keep_lots("1001", flow.batch)
        store.read()
        return store

    return begin


def assert_ended(store, flow):
    link = store.item_links()["SKU-1"]
    assert flow.ended(store)
    assert (link.state, link.due_at, link.lease_owner) == ("settled", None, None)
    assert (link.done_seq, link.crashes, link.wants_drop) == (link.dirty_seq, 0, False)
    assert {one.status for one in store.operations()} <= {"ok", "abandoned"}
    if flow.once:
        assert store.leaflink.count(flow.call) == 1
    assert store.problems() == {}
    shown = store.mirrored_products()[_one(store).ref].facts
    assert shown is not None
    assert shown["available"] == f"{_one(store).available.normalize():f}"


@pytest.mark.parametrize("name", FLOWS)
def test_a_look_passes_the_points_that_the_matrix_says(begun, monkeypatch, name):
    store, points = begun(FLOWS[name]), CrashPoints(monkeypatch)

    store.look()

    assert tuple(points.passed) == TRAIL


@pytest.mark.parametrize("name", FLOWS)
@pytest.mark.parametrize(
    ("point", "turn"), [(point, TRAIL[: place + 1].count(point)) for place, point in enumerate(TRAIL)]
)
def test_a_killed_worker_leaves_nothing_that_the_next_one_does_not_bring_to_its_end(
    begun, monkeypatch, name, point, turn
):
    store, points = begun(FLOWS[name]), CrashPoints(monkeypatch)
    points.crash_at(point, turn=turn)
    with pytest.raises(CrashNow):
        store.look()
    store.pass_time(46)

    store.look_until_quiet()

    assert_ended(store, FLOWS[name])


@pytest.mark.parametrize("effect", [True, False])
@pytest.mark.parametrize("name", FLOWS)
def test_a_write_whose_answer_was_lost_is_settled(begun, name, effect):
    flow = FLOWS[name]
    store = begun(flow)
    store.leaflink.fail(flow.call, LOST, effect=effect)

    store.look_until_quiet()

    assert_ended(store, FLOWS[name]) if effect or not flow.once else None
    assert flow.ended(store)
    assert len(store.leaflink.products_by_ref) == 1


@pytest.mark.promise("LL-4")
@pytest.mark.parametrize("effect", [True, False])
def test_a_strain_is_made_once_for_all_products_that_need_it(begun, monkeypatch, effect):
    store = begun(Flow(lambda *_, **__: decide("agree"), "", lambda _: True))

    def need_strain(shelf, *, base, rules, facts):
        grown = bool(store.leaflink.strains)
        return decide("agree") if grown else decide("strain", CreateStrain("Gelato", "hybrid"))

    monkeypatch.setattr(comparison, "planner_of", lambda _platform: need_strain)
    monkeypatch.setattr(items, "planner_of", lambda _platform: need_strain)
    store.flourish.shelve(item(2))
    store.leaflink.stock_up(product(2))
    store.leaflink.fail("create_strain", LOST, effect=effect)
    store.read_again()

    store.look_until_quiet()

    assert store.leaflink.strains == ["Gelato"]
    assert {link.state for link in store.item_links().values()} == {"settled"}
