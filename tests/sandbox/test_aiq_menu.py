"""The sandbox's items, kept on AIQ's menu by the engine over the real clients."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy import select, update

from portal.models import Connection, Facility, HeldLine, Link, MirroredItem, Stream
from portal.sync import audit
from portal.sync.domain import Hint
from portal.sync.engine import catalogue, marks, shop_holds, sources
from portal.sync.engine import poll as polls
from portal.sync.engine.accounts import catalogue_rules_of
from portal.sync.engine.poll import poll
from portal.sync.engine.reconcile import reconcile
from portal.sync.flourish.client import FlourishClient
from portal.sync.platforms.aiq import AIQ
from portal.sync.platforms.aiq.client import AiqClient
from portal.sync.platforms.aiq.terms import FLOWER
from portal.sync.preview.items import ItemRehearsal
from portal.sync.preview.recording import RecordingFlourish, RecordingPlatform
from portal.sync.preview.rehearsal import rehearse
from portal.sync.preview.shelf import gather
from sandbox.store import equal
from tests.sandbox.calls import DoorCalls
from tests.sandbox.doors import AIQ_BASE, FLOURISH_BASE, HOME, SKU, Doors
from tests.sandbox.thinned import thin
from tests.sync.engine.shop import Shop, open_shop
from tests.sync.platforms.aiq.examples import made

ANN = audit.Actor("Ann")


@dataclass
class Room:
    """One AIQ connection of the greenleaf world, and both of its clients."""

    doors: Doors
    shop: Shop
    aiq: DoorCalls
    flourish: DoorCalls
    orders: list[str] = field(default_factory=list)

    def clients(self) -> tuple[AiqClient, FlourishClient]:
        """Clients that know nothing yet."""
        quiet = lambda *_: None  # noqa: E731
        return AiqClient(self.aiq, self.doors.venue(), notice=quiet), FlourishClient(self.flourish, quiet)

    @property
    def account(self) -> Any:
        """Both sides, open."""
        client, flourish = self.clients()
        return replace(self.shop.account, client=client, flourish=flourish)

    def sync(self) -> None:
        """Press the button: all lists are read whole, and what differs is written."""
        shop = self.shop
        with shop.desk.tenant(shop.tenant_id) as session:
            catalogue.begin(session, shop.desk.settings.master_keys, shop.connection_id, actor=ANN)
        self.pull()

    def pull(self, *names: str) -> None:
        """Read the lists that are due, or some of them, and write what differs."""
        self.shop.pass_time(700)
        with self.shop.desk.tenant(self.shop.tenant_id) as session:
            rows = {row.name: row.id for row in session.scalars(select(Stream))}
        for name in names or tuple(sources.INTERVALS):
            poll(self.shop.desk, self.shop.tenant_id, rows[name])
        self.work()

    def work(self) -> None:
        """Look at all that is due, until nothing is."""
        for _ in range(60):
            claims, account = self.shop.claims(200), self.account
            if not claims:
                return
            for claim in claims:
                reconcile(self.shop.desk, claim, account)
        raise AssertionError("the links never come to rest")

    def change(self, sku: str = SKU, **asked: Any) -> None:
        """Change an item, or what there is of it, in Flourish."""
        answer = self.doors.control("POST", f"/flourish/items/{sku}", {"facility_id": HOME, **asked})
        assert answer.status_code == 200, answer.text

    def product(self, sku: str = SKU) -> Any:
        """A product of the store as AIQ has it, raw."""
        office, venue = self.doors.simulation.office("aiq", "greenleaf"), self.doors.venue()
        (found,) = office.find("product", equal("$.sku", sku), equal("$.venue", venue))
        return found

    def link(self, sku: str = SKU) -> Link:
        """The link of a SKU."""
        with self.shop.desk.tenant(self.shop.tenant_id) as session:
            return session.scalars(select(Link).where(Link.kind == "item", Link.foreign_id == sku)).one()

    def choose(self, **chosen: Any) -> None:
        """Have other settings, and everything planned by them."""
        with self.shop.desk.tenant(self.shop.tenant_id) as session:
            connection = session.get_one(Connection, self.shop.connection_id)
            connection.settings = {**connection.settings, **chosen}

    def order(self, eaches: int, **asked: Any) -> str:
        """Have a shopper order some of the item, and put down what that holds; returns the order's id."""
        lines = [{"sku": SKU, "quantity": eaches}]
        answer = self.doors.control(
            "POST", "/aiq/orders", {"lines": lines, "status": "CONFIRMED", "customer": "new", **asked}
        )
        assert answer.status_code in (200, 201), answer.text
        number: str = answer.json["id"]  # type: ignore[index]
        self.orders.append(number)
        self.hold(number)
        return number

    def hold(self, number: str, flourish: Any = None, *, platform_holds: bool = False) -> None:
        """As an order's look does."""
        order, shop = self.clients()[0].order(number), self.shop
        assert order is not None
        with shop.desk.tenant(shop.tenant_id) as session:
            connection = session.get_one(Connection, shop.connection_id)
            link_id = marks.mark(session, connection, Hint("order", number, "test", label=order.label))
            link = session.get_one(Link, link_id, with_for_update={"key_share": True})
            link.label, link.due_at = order.label, None
            shop_holds.note(
                session, link, order, flourish, platform_holds=platform_holds, seen_at=datetime.now(UTC)
            )

    def writes(self) -> list[str]:
        """What was written to AIQ, which is then forgotten, with all calls."""
        made = self.aiq.writes()
        self.aiq.made.clear()
        self.flourish.made.clear()
        return made


@pytest.fixture
def room(doors: Doors, desk: Any, tenant_id: UUID, monkeypatch: pytest.MonkeyPatch) -> Room:
    """A live AIQ connection of which nothing was synced yet."""
    thin(doors.simulation)
    shop = open_shop(desk, tenant_id, "AIQ", AIQ)
    opened = Room(
        doors,
        shop,
        DoorCalls(doors, f"{AIQ_BASE}/", {"x-dispense-api-key": "aq-greenleaf-key"}),
        DoorCalls(doors, FLOURISH_BASE.removesuffix("/v1"), {"x-api-key": "fl-greenleaf-key"}),
    )
    monkeypatch.setattr(polls, "open_platform", lambda *_: opened.clients()[0])
    monkeypatch.setattr(polls, "open_hub", lambda *_: opened.clients()[1])
    doors.control("POST", "/settings", {"aiq_per_second": 0})
    with desk.tenant(tenant_id) as session:
        session.execute(update(Facility).values(flourish_id=HOME))
        settings = {"category_table": dict.fromkeys(_categories(doors), FLOWER)}
        session.execute(update(Connection).values(settings=settings))
    return opened


def _categories(doors: Doors) -> set[str]:
    """Every category that the store has a place for: all of them."""
    items = doors.simulation.office("flourish", "greenleaf").find("item")
    found = {one.get("ecommerce_sub_category_name") or one["item_category"] for one in items}
    return {one for one in found if one}


@pytest.mark.promise("ON-5")
def test_a_rehearsal_of_an_item_ends_as_its_look_would_and_writes_nothing(room):
    """What is new, and what is there with other values: each comes to rest after a captured write."""
    with room.shop.desk.tenant(room.shop.tenant_id) as session:
        connection = session.get_one(Connection, room.shop.connection_id)
        catalogue.read(session, connection)
    room.pull()
    client, flourish = room.clients()
    names = AIQ.catalogue.names if AIQ.catalogue is not None else {}
    platform = RecordingPlatform(client, names=names)
    recorded = RecordingFlourish(flourish, {}, {})
    account = replace(room.account, client=platform, flourish=cast(Any, recorded))
    with room.shop.desk.tenant(room.shop.tenant_id) as session:
        connection = session.get_one(Connection, room.shop.connection_id)
        rules = catalogue_rules_of(connection, AIQ)
        skus = session.scalars(select(MirroredItem.sku_key).order_by(MirroredItem.sku_key)).all()
        _ = connection.hub.facilities, connection.facility
    room.writes()
    ends: Counter[str] = Counter()
    for seen in gather(room.shop.desk, account, None, connection, skus):
        matter = ItemRehearsal(account, platform, rules, connection.id, seen)
        ends[rehearse(matter, base=seen.base).decision.code] += 1
    assert ends["agree"] > 30
    assert "two_writers" not in ends
    assert room.writes() == []


@pytest.mark.promise("AQ-2")
@pytest.mark.promise("AQ-11")
def test_a_menu_is_filled_then_kept_and_never_offers_what_orders_hold(room):
    """One test: to sync all items costs more than all that is asked of it afterwards."""
    room.sync()
    _assert_all_that_belongs_there_is_on_the_menu(room)
    _assert_nothing_is_read_or_written_twice(room)
    _assert_a_change_costs_what_changed(room)
    _assert_what_an_order_holds_is_not_offered(room)
    _assert_an_order_beyond_the_stock_is_named(room)
    _assert_a_hold_is_let_go_once_flourish_has_packed_it(room)
    _assert_nothing_is_written_where_that_is_off(room)


def _assert_all_that_belongs_there_is_on_the_menu(room: Room) -> None:
    with room.shop.desk.tenant(room.shop.tenant_id) as session:
        links = session.scalars(select(Link).where(Link.kind == "item")).all()
        items = session.scalars(select(MirroredItem)).all()
        stream = session.scalars(select(Stream).where(Stream.name == sources.STOCK)).one()
    assert stream.interval_seconds == 600
    assert all(link.decision_text and link.next_step and link.due_at is None for link in links)
    codes = Counter(link.decision_code for link in links)
    assert codes["agree"] > 30, codes
    assert not {"item_unread", "stock_unread"} & codes.keys()
    assert all(item.shop is not None for item in items)
    item, product = room.doors.item(SKU), room.product()
    assert Decimal(product["quantityTotal"]) == Decimal(item["sellable_qty"])
    assert room.link().decision_code == "agree", room.link().decision_text
    (mirrored,) = [one for one in items if one.sku == SKU]
    assert any(kept["results"] for kept in mirrored.labs.values())
    assert product["labs"]["thcA"] > 0


def _assert_nothing_is_read_or_written_twice(room: Room) -> None:
    room.writes()
    room.pull()
    assert [call for call in room.flourish.made if "lab-test" in call or "variations" in call] == []
    assert room.writes() == []


def _assert_a_change_costs_what_changed(room: Room) -> None:
    room.change(quantity=40)
    room.change(item_name="Renamed in Flourish")
    room.pull(sources.ITEMS, sources.STOCK)
    assert Decimal(room.product()["quantityTotal"]) == Decimal(room.doors.item(SKU)["sellable_qty"])
    assert not any("lab-test" in call for call in room.flourish.made)
    assert len(room.writes()) == 1


def _assert_what_an_order_holds_is_not_offered(room: Room) -> None:
    sellable = Decimal(room.doors.item(SKU)["sellable_qty"])
    number = room.order(3)
    room.work()
    assert Decimal(room.product()["quantityTotal"]) == sellable - 3
    # Where AIQ keeps it back itself it is not taken off a second time.
    room.hold(number, platform_holds=True)
    room.work()
    assert Decimal(room.product()["quantityTotal"]) == sellable
    room.hold(number)
    room.work()
    with room.shop.desk.tenant(room.shop.tenant_id) as session:
        assert [row.eaches for row in session.scalars(select(HeldLine))] == [3]


def _assert_an_order_beyond_the_stock_is_named(room: Room) -> None:
    sellable = Decimal(room.doors.item(SKU)["sellable_qty"])
    room.change(quantity=2)
    room.pull(sources.STOCK)
    left = Decimal(room.doors.item(SKU)["sellable_qty"])
    assert left < 3 < sellable
    assert Decimal(room.product()["quantityTotal"]) == 0
    assert room.link().decision_code == "oversold"
    assert "oversold" in room.shop.problems()
    room.change(quantity=40)
    room.pull(sources.STOCK)
    assert room.link().decision_code == "agree"
    assert "oversold" not in room.shop.problems()


def _assert_a_hold_is_let_go_once_flourish_has_packed_it(room: Room) -> None:
    """The look at the order marks the item, whose stock is then read: after the order was seen."""
    (number,) = room.orders
    packed = replace(made("Packed", 3, sku=SKU), original_order_id=number)
    room.hold(number, packed)
    room.work()
    with room.shop.desk.tenant(room.shop.tenant_id) as session:
        (held,) = session.scalars(select(HeldLine))
        assert held.ended_at is not None
        assert held.released_at is not None
    assert Decimal(room.product()["quantityTotal"]) == Decimal(room.doors.item(SKU)["sellable_qty"])


def _assert_nothing_is_written_where_that_is_off(room: Room) -> None:
    room.writes()
    room.choose(writes=False)
    room.change(quantity=30)
    room.pull(sources.STOCK)
    assert room.writes() == []
    assert room.link().decision_code == "not_written"
    assert "nothing is written" in (room.link().decision_text or "")
