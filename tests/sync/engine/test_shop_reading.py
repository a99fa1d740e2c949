"""What a shop asks beside the lists: labs of lots and prices of variations, read only where they are due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from sqlalchemy import select, update

from portal.models import Connection, Facility, Hub, MirroredItem, PulledRow, Stream
from portal.sync import audit
from portal.sync.engine import catalogue, mirror, sources
from portal.sync.engine.shop_reading import Labs, Variations, is_asked_by, is_behind
from portal.sync.engine.sources import source_of
from portal.sync.platforms.aiq import AIQ
from portal.sync.retail import LabResult, Variation
from tests.sync.engine.shop import Shop, open_shop
from tests.sync.platforms.aiq.examples import NOON, shop_item

pytestmark = pytest.mark.promise("AQ-2")
LATER = {"read_at": (datetime.now(UTC) - timedelta(days=2)).isoformat()}


class Retail:
    """Flourish's retail side: labs by lot, variations by item, and what was asked."""

    def __init__(self) -> None:
        self.found: dict[str, LabResult] = {}
        self.sold: dict[str, tuple[Variation, ...]] = {}
        self.asked: list[Any] = []

    def labs(self, lots: list[str]) -> list[LabResult]:
        """What labs found in these lots."""
        self.asked.append(lots)
        return [self.found[lot] for lot in lots if lot in self.found]

    def variations(self, item_id: str) -> tuple[Variation, ...]:
        """The variations of an item."""
        self.asked.append(item_id)
        return self.sold.get(item_id, ())


def lab(lot: str, thc: int = 20) -> LabResult:
    return LabResult(f"of {lot}", lot, "Pass", True, NOON, {"thc": Decimal(thc)})


@pytest.fixture
def shop(desk, tenant_id) -> Shop:
    """A live connection to AIQ whose catalogue has begun."""
    made = open_shop(desk, tenant_id, "AIQ", AIQ)
    with desk.tenant(tenant_id) as session:
        keys = desk.settings.master_keys
        catalogue.begin(session, keys, made.connection_id, actor=audit.Actor("Ann"))
    return made


def stream(shop: Shop, name: str = sources.STOCK) -> Stream:
    with shop.desk.tenant(shop.tenant_id) as session:
        return session.scalars(select(Stream).where(Stream.name == name)).one()


def have(shop: Shop, *items: Any, lots: dict[str, str] | None = None) -> None:
    """Have items in the mirror, each with these lots."""
    with shop.desk.tenant(shop.tenant_id) as session:
        mirror.store_shop_items(session, session.get_one(Hub, shop.hub_id), items)
        if lots is not None:
            session.execute(update(MirroredItem).values(lots={"7": lots}))


def item(shop: Shop) -> MirroredItem:
    with shop.desk.tenant(shop.tenant_id) as session:
        return session.scalars(select(MirroredItem)).one()


def set_item(shop: Shop, **values: Any) -> None:
    with shop.desk.tenant(shop.tenant_id) as session:
        session.execute(update(MirroredItem).values(**values))


def read(shop: Shop, retail: Retail, *, is_over: bool = False) -> bool:
    labs = Labs(cast(Any, retail), ("7",))
    return labs.read(shop.desk, stream(shop), lambda: is_over)


def test_labs_of_lots_that_are_there_are_read_once(shop):
    retail = Retail()
    retail.found = {"L-1": lab("L-1")}
    have(shop, shop_item(), lots={"L-1": "12", "L-2": "3", "L-3": "0", "": "4"})

    assert read(shop, retail)
    assert read(shop, retail)

    assert retail.asked == [["L-1", "L-2"]]
    kept = item(shop).labs
    assert kept["L-1"]["results"][0]["percentages"] == {"thc": "20"}
    assert kept["L-2"]["results"] == []


@pytest.mark.parametrize(
    ("found", "hours", "is_due"), [(True, 2, False), (True, 25, True), (False, 0.5, False), (False, 2, True)]
)
def test_what_is_known_is_asked_for_again_after_a_day_and_what_is_missing_after_an_hour(
    shop, found, hours, is_due
):
    retail = Retail()
    retail.found = {"L-1": lab("L-1")} if found else {}
    have(shop, shop_item(), lots={"L-1": "12"})
    read(shop, retail)
    before = item(shop)
    aged = {**before.labs["L-1"], "read_at": (datetime.now(UTC) - timedelta(hours=hours)).isoformat()}
    set_item(shop, labs={"L-1": aged})

    read(shop, retail)

    assert len(retail.asked) == 1 + is_due
    # The same once more changes nothing that a planner sees.
    assert item(shop).revision == before.revision


def test_another_result_is_seen_and_a_lot_that_is_gone_is_forgotten(shop):
    retail = Retail()
    retail.found = {"L-1": lab("L-1")}
    have(shop, shop_item(), lots={"L-1": "12"})
    read(shop, retail)
    before = item(shop)
    set_item(shop, labs={"L-1": {**before.labs["L-1"], **LATER}, "old": before.labs["L-1"]})
    retail.found = {"L-1": lab("L-1", thc=25)}

    read(shop, retail)

    after = item(shop)
    assert after.labs.keys() == {"L-1"}
    assert after.labs["L-1"]["results"][0]["percentages"] == {"thc": "25"}
    assert after.revision == before.revision + 1


@pytest.mark.parametrize("changed", [{"is_sellable": False}, {"ecommerce": False}, {"active": False}])
def test_nothing_is_asked_of_items_that_are_not_on_the_menu(shop, changed):
    retail = Retail()
    have(shop, shop_item(price=None, **changed), lots={"L-1": "12"})
    assert read(shop, retail)
    assert Variations(cast(Any, retail)).read(shop.desk, stream(shop, sources.ITEMS), lambda: False)
    assert retail.asked == []


def test_a_reading_that_is_broken_off_goes_on_behind_what_it_has(shop):
    retail = Retail()
    have(shop, shop_item(), lots={f"L-{number:03}": "1" for number in range(201)})

    assert not read(shop, retail, is_over=True)
    assert read(shop, retail)

    assert [len(lots) for lots in retail.asked] == [200, 1]


@pytest.mark.promise("AQ-14")
def test_the_cheapest_variation_is_asked_of_items_without_a_price_and_only_then(shop):
    retail = Retail()
    cheap = Variation("1", "Single", Decimal(1), Decimal("4.50"))
    retail.sold = {
        "00000345": (
            cheap,
            Variation("2", "Ten", Decimal(10), Decimal(40)),
            Variation("3", "Gone", Decimal(1), Decimal(1), is_active=False),
            Variation("4", "At the counter", Decimal(1), Decimal(2), ecommerce=False),
            Variation("5", "Free", Decimal(1), None),
        )
    }
    have(shop, shop_item(price=None, updated_at=NOON))
    prices = Variations(cast(Any, retail))

    for _ in range(2):
        assert prices.read(shop.desk, stream(shop, sources.ITEMS), lambda: False)

    variation = item(shop).variation
    assert variation is not None
    assert (variation["price"], retail.asked) == ("4.5", ["00000345"])
    with shop.desk.tenant(shop.tenant_id) as session:
        assert session.scalars(select(PulledRow.ref)).all() == ["00000345"]
    # It changed, so that its variations may have, too.
    have(shop, shop_item(price=None, updated_at=NOON + timedelta(hours=1)))
    prices.read(shop.desk, stream(shop, sources.ITEMS), lambda: False)
    assert retail.asked == ["00000345"] * 2


def test_what_only_shops_ask_stays_where_an_item_is_read_for_another_platform(shop):
    have(shop, shop_item(updated_at=NOON))
    before = item(shop)
    renamed = shop_item(updated_at=NOON + timedelta(hours=1), name="Renamed").item
    with shop.desk.tenant(shop.tenant_id) as session:
        mirror.store_items(session, session.get_one(Hub, shop.hub_id), [renamed])
    assert item(shop).name == "Renamed"
    assert item(shop).shop == before.shop
    # And the other way: the same version with what shops ask is news.
    have(shop, replace(shop_item(updated_at=NOON + timedelta(hours=1), name="Renamed"), shop_name="Chews"))
    shown = item(shop).shop
    assert shown is not None
    assert (shown["shop_name"], item(shop).revision) == ("Chews", before.revision + 2)


def test_a_hub_without_a_shop_reads_its_items_as_before(shop):
    with shop.desk.tenant(shop.tenant_id) as session:
        connection = session.get_one(Connection, shop.connection_id)
        assert is_asked_by(connection)
        connection.platform = "leaflink"
        session.flush()
        assert not is_asked_by(connection)
        plain = source_of(session, session.merge(stream(shop, sources.ITEMS)), cast(Any, shop.flourish))
    assert (plain.for_shops, plain.besides) == (False, None)


@pytest.mark.promise("AQ-11")
@pytest.mark.parametrize(("age_minutes", "behind"), [(None, True), (59, False), (61, True)])
def test_a_shop_is_behind_when_its_lists_of_stock_are_an_hour_old(shop, age_minutes, behind):
    with shop.desk.tenant(shop.tenant_id) as session:
        began = None if age_minutes is None else datetime.now(UTC) - timedelta(minutes=age_minutes)
        session.execute(update(Facility).values(stock_began_at=began))
        assert is_behind(session, session.get_one(Connection, shop.connection_id)) is behind


def test_stock_is_read_every_ten_minutes_also_where_another_platform_would_wait(shop):
    assert stream(shop).interval_seconds == 600
    with shop.desk.tenant(shop.tenant_id) as session:
        connection = session.get_one(Connection, shop.connection_id)
        connection.platform = "leaflink"
        catalogue.read(session, connection)
    assert stream(shop).interval_seconds == 600
