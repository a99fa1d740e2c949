"""The sandbox's products that are sold by batch, kept lot by lot by the engine over the real clients."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, update

from portal.models import Connection, MirroredProduct, Operation, Stream
from portal.sync.errors import Unsettled
from tests.sandbox.calls import webhooks
from tests.sandbox.doors import HOME, SKU, Doors
from tests.sandbox.test_catalogue_synced import Synced, synced  # noqa: F401 - a fixture
from tests.sandbox.test_leaflink_inventory import results

BY_BATCH = "GL-FL28-BLUDRE"
SECOND = "00000002"
LOTS = {HOME: "GL0002-A", SECOND: "GL0002-B"}

pytestmark = pytest.mark.promise("LL-11")


@pytest.fixture
def doors(doors: Doors) -> Doors:
    """A sandbox with one product that is sold by batch and one that is not."""
    doors.simulation.store.execute(
        "DELETE FROM record WHERE kind IN ('leaflink.product', 'flourish.item', 'flourish.stock')"
        " AND json_extract(body, '$.sku') NOT IN (?, ?)",
        (BY_BATCH, SKU),
    )
    return doors


@pytest.fixture
def by_lot(synced: Synced) -> Synced:  # noqa: F811
    """The connection keeps lots, of both facilities, and was synced so once."""
    chosen = {"stock_by_lot": True, "stock_facilities": f"{HOME}, {SECOND}"}
    with synced.shop.desk.tenant(synced.shop.tenant_id) as session:
        session.execute(update(Connection).values(settings=chosen))
    synced.pull()
    synced.work()
    webhooks(synced.doors.simulation)
    synced.forget_calls()
    return synced


def batches(synced: Synced, sku: str = BY_BATCH) -> dict[str, Any]:  # noqa: F811
    """LeafLink's inventory items of a product, by the number of their batch."""
    product = synced.doors.product(sku)["id"]
    items = results(synced.doors, f"/inventory/items/?product={product}")
    known = results(synced.doors, f"/batches/?products={product}")
    numbers = {one["id"]: one["production_batch_number"] for one in known}
    return {numbers[one["batch"]]: one for one in items}


def offered(synced: Synced) -> dict[str, float]:  # noqa: F811
    return {
        number: float(one["quantity"]) - float(one["reserved_qty"]) for number, one in batches(synced).items()
    }


def sellable(synced: Synced) -> dict[str, float]:  # noqa: F811
    where = f"/inventory/summary?sku={BY_BATCH}&group_by=lot_number"
    answers: list[Any] = [synced.doors.flourish("GET", where, facility=one).json for one in LOTS]
    rows = [row for answer in answers for row in answer["data"]]
    return {row["lot_number"]: float(row["sellable_qty"]) for row in rows}


def count(synced: Synced, facility: str, quantity: int) -> None:  # noqa: F811
    asked = {"quantity": quantity, "facility_id": facility}
    assert synced.doors.control("POST", f"/flourish/items/{BY_BATCH}", asked).status_code == 200


def test_both_sides_have_the_same_of_each_lot(by_lot):
    link = by_lot.links()[BY_BATCH]

    assert offered(by_lot) == sellable(by_lot)
    assert set(offered(by_lot)) == set(LOTS.values())
    assert link.decision_code == "agree"
    assert "in 2 lots" in link.decision_text
    assert "stock" not in link.base


def test_each_changed_lot_is_one_call_and_our_own_writes_come_back_as_nothing_to_do(by_lot):
    count(by_lot, HOME, 40)
    count(by_lot, SECOND, 30)
    assert by_lot.deliver() == 2

    by_lot.work()

    assert offered(by_lot) == sellable(by_lot)
    assert by_lot.offered(BY_BATCH) == sum(offered(by_lot).values())
    ids = {str(one["id"]) for one in batches(by_lot).values()}
    written = [call.removeprefix("PATCH inventory/items/").strip("/") for call in by_lot.leaflink.writes()]
    assert sorted(written) == sorted(ids)
    by_lot.forget_calls()
    by_lot.deliver()
    by_lot.work()
    assert by_lot.leaflink.writes() == []
    with by_lot.shop.desk.tenant(by_lot.shop.tenant_id) as session:
        mirrored = session.scalars(select(MirroredProduct).where(MirroredProduct.sku_key == BY_BATCH)).one()
    assert (mirrored.told, (mirrored.facts or {})["available"]) == (None, "70")


def test_one_changed_lot_is_one_call_and_nothing_changed_is_none(by_lot):
    count(by_lot, SECOND, 31)
    by_lot.deliver()

    by_lot.work()

    number = batches(by_lot)[LOTS[SECOND]]["id"]
    assert by_lot.leaflink.writes() == [f"PATCH inventory/items/{number}/"]
    by_lot.forget_calls()
    with by_lot.shop.desk.tenant(by_lot.shop.tenant_id) as session:
        session.execute(update(Stream).values(batches_at=None))
    by_lot.pull(whole=True)
    by_lot.work()
    assert (by_lot.leaflink.writes(), by_lot.flourish.writes()) == ([], [])


def test_a_change_that_no_webhook_tells_of_is_found_by_the_list_of_stock(by_lot):
    count(by_lot, HOME, 44)
    webhooks(by_lot.doors.simulation)

    by_lot.pull()
    by_lot.work()

    assert len(by_lot.leaflink.writes()) == 1
    assert offered(by_lot) == sellable(by_lot)


def test_units_that_an_order_holds_of_a_lot_are_offered_to_nobody_else_and_counted_once(by_lot):
    with by_lot.shop.desk.tenant(by_lot.shop.tenant_id) as session:
        session.execute(update(Connection).values(live_since=func.now() + func.make_interval(0, 0, 0, 1)))
    before = sellable(by_lot)
    line = {"sku": BY_BATCH, "quantity": 5, "batch": LOTS[HOME]}
    by_lot.doors.order(lines=[line])
    by_lot.deliver()

    by_lot.work()

    # LeafLink reserved them itself, and Flourish does not know of the order: nothing is to be written.
    assert offered(by_lot) == before | {LOTS[HOME]: before[LOTS[HOME]] - 5}
    assert by_lot.leaflink.writes() == []
    count(by_lot, HOME, 40)
    by_lot.deliver()
    by_lot.work()
    assert offered(by_lot)[LOTS[HOME]] == sellable(by_lot)[LOTS[HOME]] - 5


def test_a_write_whose_answer_was_lost_is_repeated_without_harm(by_lot, monkeypatch):
    answer = by_lot.leaflink._answer
    lost: list[str] = []

    def lose_the_first(method, where, *rest):
        found = answer(method, where, *rest)
        if method == "PATCH" and not lost:
            lost.append(where)
            raise Unsettled("LeafLink answered 502", http_status=502)
        return found

    monkeypatch.setattr(by_lot.leaflink, "_answer", lose_the_first)
    count(by_lot, HOME, 40)
    by_lot.deliver()
    by_lot.work()
    by_lot.shop.pass_time(200)
    by_lot.work()

    assert lost
    assert offered(by_lot) == sellable(by_lot)
    assert by_lot.links()[BY_BATCH].state == "settled"


def test_a_new_batch_gets_its_first_stock_once_though_the_answer_was_lost(by_lot, monkeypatch):
    product = by_lot.doors.product(BY_BATCH)["id"]
    by_lot.doors.simulation.store.execute(
        "DELETE FROM record WHERE kind = 'leaflink.inventory_item' AND key = ?",
        (str(batches(by_lot)[LOTS[HOME]]["id"]),),
    )
    answer = by_lot.leaflink._answer
    lost: list[str] = []

    def lose_it(method, where, *rest):
        found = answer(method, where, *rest)
        if method == "POST":
            lost.append(where)
            raise Unsettled("LeafLink answered 502", http_status=502)
        return found

    monkeypatch.setattr(by_lot.leaflink, "_answer", lose_it)
    count(by_lot, HOME, 40)
    by_lot.deliver()
    by_lot.work()
    by_lot.shop.pass_time(200)
    by_lot.work()

    kept = by_lot.doors.leaflink("GET", f"/inventory/items/?product={product}").json
    assert (len(lost), kept["count"]) == (1, 2)
    assert offered(by_lot) == sellable(by_lot)
    with by_lot.shop.desk.tenant(by_lot.shop.tenant_id) as session:
        made = session.scalars(select(Operation.status).where(Operation.kind == "make_lot_stock"))
        assert list(made) == ["ok"]
