"""The sandbox's items, kept in Ordo by the engine over the real clients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from portal.models import Connection, Facility, Link, Stream, new_id
from portal.sync import aliases, audit
from portal.sync.engine import catalogue, sources
from portal.sync.engine import poll as polls
from portal.sync.engine.deliveries import Deliveries, Source
from portal.sync.engine.poll import poll
from portal.sync.engine.reconcile import reconcile
from portal.sync.flourish import FLOURISH
from portal.sync.flourish.client import FlourishClient
from portal.sync.platforms.ordo import ORDO
from portal.sync.platforms.ordo.client import OrdoClient
from portal.sync.platforms.ordo.readiness import SKU as BY_SKU
from sandbox.ordo import items
from sandbox.store import equal
from tests.sandbox.calls import DoorCalls, webhooks
from tests.sandbox.doors import FLOURISH_BASE, HOME, ORDO_BASE, SKU, Doors
from tests.sandbox.thinned import thin
from tests.sync.engine.shop import Shop, open_shop

ANN = audit.Actor("Ann")
URL = "http://127.0.0.1:9/hook"


@dataclass
class Room:
    """One Ordo connection of the greenleaf world, and both of its clients."""

    doors: Doors
    shop: Shop
    ordo: DoorCalls
    flourish: DoorCalls

    def clients(self) -> tuple[OrdoClient, FlourishClient]:
        """Clients that know nothing yet."""
        quiet = lambda *_: None  # noqa: E731
        return OrdoClient(self.ordo, quiet), FlourishClient(self.flourish, quiet)

    @property
    def account(self) -> Any:
        """Both sides, open."""
        client, flourish = self.clients()
        return replace(self.shop.account, platform=ORDO, client=client, flourish=flourish)

    def sync(self) -> None:
        """Press the button: all lists are read whole, and what differs is written."""
        shop = self.shop
        with shop.desk.tenant(shop.tenant_id) as session:
            catalogue.begin(session, shop.desk.settings.master_keys, shop.connection_id, actor=ANN)
        self.pull()

    def pull(self) -> None:
        """Read all lists that are due, and write what differs."""
        self.shop.pass_time(4000)
        with self.shop.desk.tenant(self.shop.tenant_id) as session:
            rows = {row.name: row.id for row in session.scalars(select(Stream))}
        for name in sources.INTERVALS:
            poll(self.shop.desk, self.shop.tenant_id, rows[name])
        self.work()

    def work(self) -> None:
        """Look at all that is due, until nothing is."""
        for _ in range(40):
            claims, account = self.shop.claims(200), self.account
            if not claims:
                return
            for claim in claims:
                reconcile(self.shop.desk, claim, account)
        raise AssertionError("the links never come to rest")

    def deliver(self, *resources: str) -> int:
        """Have what Flourish queued of these resources come in; returns how many there were."""
        shop = self.shop
        told = [body for _, body in webhooks(self.doors.simulation) if body["resource_type"] in resources]
        source = Source(shop.hub_id, shop.tenant_id, shop.hub_id, "flourish", is_hub=True)
        door = Deliveries(shop.desk.settings.database_url)
        for body in told:
            door.keep(source, new_id().bytes, {}, FLOURISH.webhook.read(body))
        door.close()
        return len(told)

    def change(self, sku: str, **asked: Any) -> None:
        """Change an item, or what there is of it, in Flourish."""
        answer = self.doors.control("POST", f"/flourish/items/{sku}", {"facility_id": HOME, **asked})
        assert answer.status_code == 200, answer.text

    def rename(self, sku: str, to: str) -> None:
        """Give an item another SKU in Flourish."""
        self.doors.control("POST", f"/flourish/items/{sku}", {"sku": to})

    def item(self, sku: str) -> dict[str, Any]:
        """An item as Ordo has it."""
        (found,) = self.listed(f"/items?sku={sku}")
        return found

    def listed(self, path: str) -> list[dict[str, Any]]:
        """One of Ordo's lists, its first page."""
        found: list[dict[str, Any]] = self.doors.ordo("GET", path).json["data"]  # type: ignore[index]
        return found

    def link(self, sku: str) -> Link:
        """The link of a SKU."""
        with self.shop.desk.tenant(self.shop.tenant_id) as session:
            return session.scalars(select(Link).where(Link.kind == "item", Link.foreign_id == sku)).one()

    def say(self, left: str, right: str) -> None:
        """Say that an item of Ordo is another one in Flourish."""
        self._amend(aliases.make, [(left, right)])

    def unsay(self, left: str) -> None:
        """Take that back."""
        self._amend(aliases.undo, lefts=[left])

    def _amend(self, act: Callable[..., Any], *values: Any, **named: Any) -> None:
        shop = self.shop
        with shop.desk.tenant(shop.tenant_id) as session:
            connection = session.get_one(Connection, shop.connection_id)
            act(session, shop.desk.settings.master_keys, connection, BY_SKU, *values, actor=ANN, **named)

    def try_one(self, sku: str) -> None:
        """Have one SKU synced, without any list."""
        shop = self.shop
        with shop.desk.tenant(shop.tenant_id) as session:
            catalogue.try_one(session, shop.desk.settings.master_keys, shop.connection_id, sku, actor=ANN)
        self.work()

    def enter_by_hand(self, like: str, sku: str) -> None:
        """Have somebody enter an item in Ordo."""
        simulation = self.doors.simulation
        office = simulation.office("ordo", "greenleaf")
        with simulation.store.transaction():
            fields = {"sku": sku, "sellable_quantity": "0"}
            (there,) = office.find("item", equal("$.sku", like), limit=1)
            made = there | items.new(office) | fields
            office.put("item", made["id"], made)

    def writes(self) -> list[str]:
        """What was written to Ordo, which is then forgotten."""
        made = self.ordo.writes()
        self.ordo.made.clear()
        return made


@pytest.fixture
def bare(doors: Doors, desk: Any, tenant_id: UUID, monkeypatch: pytest.MonkeyPatch) -> Room:
    """A live Ordo connection of which nothing was synced yet."""
    thin(doors.simulation)
    shop = open_shop(desk, tenant_id)
    made = Room(
        doors,
        shop,
        DoorCalls(doors, f"{ORDO_BASE}/", {"Authorization": "Bearer or-greenleaf-key"}),
        DoorCalls(doors, FLOURISH_BASE.removesuffix("/v1"), {"x-api-key": "fl-greenleaf-key"}),
    )
    monkeypatch.setattr(polls, "open_platform", lambda *_: made.clients()[0])
    monkeypatch.setattr(polls, "open_hub", lambda *_: made.clients()[1])
    doors.control("POST", "/flourish/webhooks", {"url": URL, "key": "k" * 16, "company": "greenleaf"})
    with desk.tenant(tenant_id) as session:
        session.execute(update(Facility).values(flourish_id=HOME))
        session.execute(update(Connection).values(platform="ordo", settings={}))
    return made


@pytest.fixture
def room(bare: Room) -> Room:
    """The same, whose items were synced once; Flourish's webhooks are kept to be delivered."""
    bare.sync()
    webhooks(bare.doors.simulation)
    bare.writes()
    return bare


@pytest.mark.promise("OR-1", "OR-4")
def test_items_are_in_ordo_whole_then_exactly_what_changed_is_written(room):
    """One test: to sync all items costs more than all that is asked of it afterwards."""
    _assert_all_of_its_brands_are_there(room)
    _assert_nothing_is_written_twice(room)
    _assert_a_quantity_carries_the_edits_of_its_item(room)
    _assert_zero_goes_there_too(room)
    _assert_the_button_carries_edits_that_nobody_told_of(room)
    _assert_one_that_was_entered_by_hand_since_and_said_to_be_the_same_is_no_second_one(room)


def _assert_all_of_its_brands_are_there(room: Room) -> None:
    brands = {one["name"] for one in room.listed("/brands")}
    with room.shop.desk.tenant(room.shop.tenant_id) as session:
        links = session.scalars(select(Link).where(Link.kind == "item")).all()
    assert all(link.decision_text and link.next_step and link.due_at is None for link in links)
    there = [link for link in links if link.decision_code == "agree"]
    assert len(there) > 50
    item = room.item(SKU)
    assert (item["brand"] in brands, item["external_id"]) == (True, room.link(SKU).flourish_id)
    assert item["sellable_quantity"] == room.doors.item(SKU)["sellable_qty"] > 0


def _assert_nothing_is_written_twice(room: Room) -> None:
    room.sync()
    assert room.writes() == []


def _assert_a_quantity_carries_the_edits_of_its_item(room: Room) -> None:
    room.change(SKU, item_name="Renamed in Flourish", quantity=500)
    assert room.deliver("inventory_summary") == 1
    room.work()
    item = room.item(SKU)
    assert (item["name"], item["sellable_quantity"]) == (
        "Renamed in Flourish",
        room.doors.item(SKU)["sellable_qty"],
    )
    assert len(room.writes()) == 1


def _assert_zero_goes_there_too(room: Room) -> None:
    room.change(SKU, quantity=0)
    room.deliver("inventory_summary")
    room.work()
    assert room.item(SKU)["sellable_quantity"] == max(room.doors.item(SKU)["sellable_qty"], 0) == 0
    room.writes()


def _assert_the_button_carries_edits_that_nobody_told_of(room: Room) -> None:
    room.change(SKU, item_name="Renamed again")
    webhooks(room.doors.simulation)
    room.sync()
    assert room.item(SKU)["name"] == "Renamed again"
    assert len(room.writes()) == 1


def _assert_one_that_was_entered_by_hand_since_and_said_to_be_the_same_is_no_second_one(room: Room) -> None:
    room.enter_by_hand(SKU, "BY-HAND-1")
    room.doors.control("POST", "/flourish/items", {"like": SKU, "sku": "NEW-1"})
    room.say("BY-HAND-1", "NEW-1")
    room.try_one("NEW-1")
    assert room.item("BY-HAND-1")["external_id"] == room.link("NEW-1").flourish_id
    assert room.listed("/items?sku=NEW-1") == []


@pytest.mark.promise("OR-1")
def test_a_brand_that_is_renamed_in_ordo_leaves_a_named_problem_until_it_is_there_again(room):
    brand = room.item(SKU)["brand"]
    key = next(one["id"] for one in room.listed("/brands") if one["name"] == brand)
    room.doors.control("POST", f"/ordo/brands/{key}", {"name": f"{brand} Co"})

    room.sync()

    assert room.writes() == []
    assert room.link(SKU).decision_code == "brand_orphaned"
    assert {"brand_orphaned", "many_items"} & set(room.shop.problems())
    room.doors.control("POST", f"/ordo/brands/{key}", {"name": brand})
    room.sync()
    assert room.link(SKU).decision_code == "agree"


@pytest.mark.promise("OR-1", "ON-3")
def test_an_item_entered_by_hand_under_another_sku_is_the_item_once_people_said_so(bare):
    bare.rename(SKU, "NEW-1")
    bare.say(SKU, "NEW-1")

    bare.try_one("NEW-1")

    (by_hand,) = bare.listed(f"/items?sku={SKU}")
    assert by_hand["external_id"] == bare.link("NEW-1").flourish_id
    assert by_hand["sellable_quantity"] == bare.doors.item("NEW-1")["sellable_qty"]
    assert bare.listed("/items?sku=NEW-1") == []
    assert bare.link("NEW-1").decision_code == "agree"


def test_taken_back_it_is_still_one_item_under_flourishs_sku(bare):
    bare.rename(SKU, "NEW-1")
    bare.say(SKU, "NEW-1")
    bare.try_one("NEW-1")

    bare.unsay(SKU)
    bare.try_one("NEW-1")

    assert bare.listed(f"/items?sku={SKU}") == []
    (only,) = bare.listed("/items?sku=NEW-1")
    assert only["external_id"] == bare.link("NEW-1").flourish_id
