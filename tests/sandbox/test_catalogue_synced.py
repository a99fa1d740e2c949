"""The sandbox's items and products, kept in step by the engine over the real clients."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from portal.models import Connection, Facility, Link, Operation, Stream, new_id
from portal.sync import audit
from portal.sync.engine import catalogue, guard, sources
from portal.sync.engine import poll as polls
from portal.sync.engine.deliveries import Deliveries, Source
from portal.sync.engine.poll import poll
from portal.sync.engine.reconcile import reconcile
from portal.sync.flourish.client import FlourishClient
from portal.sync.flourish.translate import read_webhook as read_flourish
from portal.sync.platforms.leaflink.client import LeafLinkClient
from portal.sync.platforms.leaflink.translate import read_webhook as read_leaflink
from tests.sandbox.calls import DoorCalls, webhooks
from tests.sandbox.doors import FLOURISH_BASE, HOME, LEAFLINK_BASE, SKU, Doors
from tests.sandbox.thinned import thin
from tests.sync.engine.shop import Shop, open_shop

ANN = audit.Actor("Ann")
URL = "http://127.0.0.1:9/hook"


@dataclass
class Synced:
    """One connection of the greenleaf world, and both of its clients."""

    doors: Doors
    shop: Shop
    leaflink: DoorCalls
    flourish: DoorCalls

    @property
    def account(self) -> Any:
        """Both sides, open."""
        client, flourish = self.clients()
        return replace(self.shop.account, client=client, flourish=flourish)

    def clients(self) -> tuple[LeafLinkClient, FlourishClient]:
        """Clients that know nothing yet."""
        quiet = lambda *_: None  # noqa: E731
        return LeafLinkClient(self.leaflink, quiet), FlourishClient(self.flourish, quiet)

    def pull(self, *, whole: bool = False) -> None:
        """Read all lists that are due, whole if asked for, and compare."""
        self.shop.pass_time(4000)
        with self.shop.desk.tenant(self.shop.tenant_id) as session:
            if whole:
                session.execute(update(Stream).values(full_at=None))
            rows = {row.name: row.id for row in session.scalars(select(Stream))}
        for name in sources.INTERVALS:
            poll(self.shop.desk, self.shop.tenant_id, rows[name])

    def work(self) -> None:
        """Look at all that is due, until nothing is."""
        for _ in range(40):
            claims, account = self.shop.claims(200), self.account
            if not claims:
                return
            for claim in claims:
                reconcile(self.shop.desk, claim, account)
        raise AssertionError("the links never come to rest")

    def deliver(self) -> int:
        """Have what the sandbox queued come in; returns how many there were."""
        shop, found = self.shop, webhooks(self.doors.simulation)
        door = Deliveries(shop.desk.settings.database_url)
        for platform, body in found:
            is_hub = platform == "flourish"
            hint = read_flourish(body) if is_hub else read_leaflink(body)
            source_id = shop.hub_id if is_hub else shop.connection_id
            source = Source(source_id, shop.tenant_id, shop.hub_id, platform, is_hub)
            door.keep(source, new_id().bytes, {}, hint)
        door.close()
        return len(found)

    def forget_calls(self) -> None:
        """Begin to count anew."""
        self.leaflink.made.clear()
        self.flourish.made.clear()

    def offered(self, sku: str) -> float:
        """What LeafLink offers of a SKU."""
        return float(self.doors.product(sku)["available_inventory"])

    def sellable(self, sku: str) -> float:
        """What Flourish can sell of a SKU."""
        return float(self.doors.item(sku)["sellable_qty"])

    def count(self, sku: str, quantity: int) -> None:
        """Have another quantity of a SKU in Flourish."""
        asked = {"quantity": quantity, "facility_id": HOME}
        answer = self.doors.control("POST", f"/flourish/items/{sku}", asked)
        assert answer.status_code == 200, answer.text

    def links(self) -> dict[str, Link]:
        """The links of items by SKU."""
        with self.shop.desk.tenant(self.shop.tenant_id) as session:
            return {row.foreign_id: row for row in session.scalars(select(Link).where(Link.kind == "item"))}


@pytest.fixture
def synced(doors: Doors, desk: Any, tenant_id: UUID, monkeypatch: pytest.MonkeyPatch) -> Synced:
    """A connection whose catalogue was synced once, and whose webhooks are kept to be delivered."""
    thin(doors.simulation)
    shop = open_shop(desk, tenant_id)
    made = Synced(
        doors,
        shop,
        DoorCalls(doors, f"{LEAFLINK_BASE}/", {"Authorization": "App ll-greenleaf-key"}),
        DoorCalls(doors, FLOURISH_BASE.removesuffix("/v1"), {"x-api-key": "fl-greenleaf-key"}),
    )
    monkeypatch.setattr(polls, "open_platform", lambda *_: made.clients()[0])
    monkeypatch.setattr(polls, "open_hub", lambda *_: made.clients()[1])
    doors.control("POST", "/flourish/webhooks", {"url": URL, "key": "k" * 16, "company": "greenleaf"})
    doors.control("POST", "/leaflink/webhooks", {"url": URL, "company": "greenleaf"})
    with desk.tenant(tenant_id) as session:
        session.execute(update(Facility).values(flourish_id=HOME))
        catalogue.begin(session, desk.settings.master_keys, shop.connection_id, actor=ANN)
    made.pull()
    made.work()
    webhooks(doors.simulation)
    made.forget_calls()
    return made


@pytest.mark.promise("LL-1", "LL-10", "LL-11")
def test_every_sku_is_decided_then_nothing_is_written_but_exactly_what_changed(synced):
    """One test: to sync the whole catalogue costs more than all that is asked of it afterwards."""
    _assert_each_is_decided(synced)
    _assert_a_quantity_is_one_call(synced)
    _assert_a_whole_sync_writes_what_changed(synced)


def _assert_each_is_decided(synced: Synced) -> None:
    links = synced.links().values()
    assert len(links) > 100
    assert {link.state for link in links} <= {"settled", "skipped", "stuck", "waiting"}
    assert all(link.decision_text and link.next_step and link.due_at is None for link in links)
    with synced.shop.desk.tenant(synced.shop.tenant_id) as session:
        products = select(func.count(), func.count(Link.base["product"].astext.distinct()))
        linked = products.where(Link.kind == "item", Link.base["product"].astext.is_not(None))
        number, different = session.execute(linked).one()
    assert number == different > 50


def _assert_a_quantity_is_one_call(synced: Synced) -> None:
    synced.count(SKU, 500)
    assert synced.deliver() == 1
    synced.work()
    assert synced.offered(SKU) == synced.sellable(SKU) > 0
    assert [call.partition("/")[0] for call in synced.leaflink.made] == ["PATCH products"]
    synced.forget_calls()
    assert synced.deliver() >= 1  # LeafLink's webhook of our own write
    synced.work()
    assert synced.leaflink.made == synced.flourish.made == []


def _assert_a_whole_sync_writes_what_changed(synced: Synced) -> None:
    synced.pull(whole=True)
    synced.work()
    assert synced.leaflink.writes() == []
    settled = sorted(
        sku
        for sku, link in synced.links().items()
        if link.decision_code == "agree" and (link.base or {}).get("stock") not in (None, "0")
    )
    before = [synced.offered(sku) for sku in settled[:3]]
    for sku in settled[:3]:
        synced.count(sku, 4000)
    webhooks(synced.doors.simulation)

    synced.pull()
    synced.work()

    assert len(synced.leaflink.writes()) == 3
    after = [synced.offered(sku) for sku in settled[:3]]
    assert after == [synced.sellable(sku) for sku in settled[:3]]
    assert all(one != other for one, other in zip(before, after, strict=True))


@pytest.mark.promise("LL-11")
@pytest.mark.fault(69)
def test_an_empty_list_of_stock_holds_all_drops_until_it_is_approved(synced, monkeypatch):
    answer = synced.flourish._answer

    def empty_stock(method, where, *rest):
        if "inventory/summary" not in where:
            return answer(method, where, *rest)
        return {"message": "Success", "status": 200, "data": [], "meta": {"total": 0, "next": ""}}

    monkeypatch.setattr(synced.flourish, "_answer", empty_stock)
    synced.pull()
    synced.work()

    assert synced.leaflink.writes() == []
    assert "mass_drop" in synced.shop.problems()
    with synced.shop.desk.tenant(synced.shop.tenant_id) as session:
        keys = synced.shop.desk.settings.master_keys
        assert guard.approve(session, keys, synced.shop.connection_id, actor=ANN) > 25
    synced.work()
    with synced.shop.desk.tenant(synced.shop.tenant_id) as session:
        kinds = set(session.scalars(select(Operation.kind)))
        assert session.get_one(Connection, synced.shop.connection_id).drops_approved_until
    assert "drop_stock" in kinds
    assert synced.offered(SKU) == 0
