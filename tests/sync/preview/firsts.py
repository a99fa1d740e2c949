"""Small seeded catalogues in the sandbox, previewed, then synced for the first time by the real clients."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from portal.models import Connection, Facility, Link, Operation, Preview, PreviewRow, Stream
from portal.sync import audit
from portal.sync.approval import approved
from portal.sync.connecting import go_live
from portal.sync.engine import poll as polls
from portal.sync.engine import sources
from portal.sync.engine.poll import poll
from portal.sync.engine.reconcile import reconcile
from portal.sync.flourish.client import FlourishClient
from portal.sync.platforms.leaflink.client import LeafLinkClient
from portal.sync.platforms.leaflink.shop import SETTINGS
from portal.sync.preview import runner, sides
from sandbox.worlds.mismatches import MISMATCHES
from tests.sandbox.calls import DoorCalls
from tests.sandbox.doors import FLOURISH_BASE, LEAFLINK_BASE, Doors
from tests.sync.engine.shop import Shop, open_shop

ANN = audit.Actor("Ann")
WORLD = "sunrise"
MODES = ("inventory only", "product description only", "both", "both")
# Why it goes live is another test's.
DESPITE: Any = {"despite": "a test", "despite_rival": True}
DEFAULTS = dict(next(one.default for one in SETTINGS if one.name == "product_defaults"))


@dataclass
class First:
    """One connection that was never live, and both of its clients."""

    doors: Doors
    shop: Shop
    leaflink: DoorCalls
    flourish: DoorCalls

    def clients(self) -> tuple[LeafLinkClient, FlourishClient]:
        """Clients that know nothing yet."""
        quiet = lambda *_: None  # noqa: E731
        return LeafLinkClient(self.leaflink, quiet), FlourishClient(self.flourish, quiet)

    def preview(self, **asked: Any) -> Preview:
        """Ask for a preview and work on it until it is over."""
        desk, tenant_id = self.shop.desk, self.shop.tenant_id
        with desk.tenant(tenant_id) as session:
            keys = desk.settings.master_keys
            made = runner.start(session, keys, self.shop.connection_id, actor=ANN, **asked).id
        return self.go_on(made)

    def go_on(self, preview_id: UUID) -> Preview:
        """Work on a preview until it is over."""
        for _ in range(20):
            runner.work(self.shop.desk, self.shop.tenant_id, preview_id)
            if (found := self.read(preview_id)).finished_at is not None:
                return found
        raise AssertionError(f"the preview never ends: {found.state} {found.error}")

    def read(self, preview_id: UUID) -> Preview:
        """Read a preview."""
        with self.shop.desk.tenant(self.shop.tenant_id) as session:
            return session.get_one(Preview, preview_id)

    def rows(self, preview: Preview) -> dict[str, PreviewRow]:
        """Its rows by what they are about."""
        with self.shop.desk.tenant(self.shop.tenant_id) as session:
            found = session.scalars(select(PreviewRow).where(PreviewRow.preview_id == preview.id))
            return {row.subject: row for row in found}

    def go_live(self, preview: Preview, *, despite: bool = False) -> None:
        """Go live with a preview."""
        desk, tenant_id = self.shop.desk, self.shop.tenant_id
        approval = approved(desk, tenant_id, preview.id, despite=despite)
        connection_id = self.shop.connection_id
        go_live(desk, tenant_id, connection_id, actor=ANN, **DESPITE, approval=approval)

    def sync(self) -> None:
        """Poll everything that is due and look at all that is, until nothing is."""
        with self.shop.desk.tenant(self.shop.tenant_id) as session:
            rows = {row.name: row.id for row in session.scalars(select(Stream))}
        for name in (*sources.INTERVALS, *(name for name in rows if name not in sources.INTERVALS)):
            poll(self.shop.desk, self.shop.tenant_id, rows[name])
        for _ in range(40):
            claims = self.shop.claims(200)
            client, flourish = self.clients()
            account = replace(self.shop.account, client=client, flourish=flourish)
            if not claims:
                return
            for claim in claims:
                reconcile(self.shop.desk, claim, account)
        raise AssertionError("the links never come to rest")

    def operations(self) -> list[tuple[str, Operation]]:
        """What was written, each with what its link is known by."""
        query = select(Link.foreign_id, Operation).join(Operation, Operation.link_id == Link.id)
        with self.shop.desk.tenant(self.shop.tenant_id) as session:
            return [(ref, one) for ref, one in session.execute(query.order_by(Operation.intent_at))]

    def made(self) -> Counter[tuple[str, str]]:
        """What was written: by kind and by what it was made for, or what it is that is made once."""
        return Counter(_act(ref, one.kind, one.natural_key) for ref, one in self.operations())

    def foretold(self, preview: Preview) -> Counter[tuple[str, str]]:
        """The same, of a preview."""
        rows = self.rows(preview).values()
        return Counter(_act(row.subject, act["kind"], act["key"]) for row in rows for act in row.acts)

    def problems(self) -> dict[str, Any]:
        """The open problems by code."""
        return dict(self.shop.problems())


def _act(ref: str, kind: str, key: str) -> tuple[str, str]:
    """Whoever comes first makes what is made once for many."""
    return kind, key if kind in ("create_strain", "create_destination") else ref


def settle_in(doors: Doors, desk: Any, tenant_id: UUID, monkeypatch: Any) -> First:
    """A connection of a world that is ready and was never live."""
    shop = open_shop(desk, tenant_id)
    # Nobody looks what is left of it when the machine loses its power.
    doors.simulation.store.execute("PRAGMA journal_mode = MEMORY")
    made = First(
        doors,
        shop,
        DoorCalls(doors, f"{LEAFLINK_BASE}/", {"Authorization": f"App ll-{WORLD}-key"}),
        DoorCalls(doors, FLOURISH_BASE.removesuffix("/v1"), {"x-api-key": f"fl-{WORLD}-key"}),
    )
    for room in (polls, sides):
        monkeypatch.setattr(room, "open_platform", lambda *_, **__: made.clients()[0])
        monkeypatch.setattr(room, "open_hub", lambda *_, **__: made.clients()[1])
    monkeypatch.setattr("portal.sync.approval.open_platform", lambda *_, **__: made.clients()[0])
    answer = doors.flourish("GET", "/facilities", world=WORLD, facility=None)
    home = (answer.json or {})["data"][0]
    place = {"flourish_id": home["id"], "license_number": home["license_number"]}
    with desk.tenant(tenant_id) as session:
        session.execute(update(Facility).values(place))
        session.execute(update(Connection).values(state="ready", live_since=None))
        connection = session.get_one(Connection, shop.connection_id)
        for name, source in (("orders", connection.id), ("flourish.orders", connection.hub_id)):
            session.add(
                Stream(
                    tenant_id=tenant_id,
                    source_id=source,
                    hub_id=connection.hub_id,
                    connection_id=connection.id if name == "orders" else None,
                    name=name,
                    interval_seconds=60,
                )
            )
    return made


def shrink(doors: Doors, chance: random.Random, *, planted: int = 6, others: int = 6) -> None:
    """Leave a few goods of the world on both sides, some of the planted mismatches among them."""
    places = [one.place for one in MISMATCHES if one.part == "goods"]
    items = _records(doors, "flourish.item")
    products = _records(doors, "leaflink.product")
    names = list(dict.fromkeys(body["name"] for body in products.values()))
    chosen = {names[place] for place in chance.sample(places, planted) if place < len(names)}
    chosen |= {body["item_name"] for body in chance.sample(list(items.values()), others)}
    _drop(doors, "leaflink.product", [key for key, body in products.items() if body["name"] not in chosen])
    gone = {key for key, body in items.items() if body["item_name"] not in chosen}
    _drop(doors, "flourish.item", gone)
    stock = _records(doors, "flourish.stock")
    _drop(doors, "flourish.stock", [key for key, body in stock.items() if body["item_id"] in gone])


def unsettle(doors: Doors, chance: random.Random) -> None:
    """Have the sides differ here and there: stock counted anew, sold out, products renamed or missing."""
    for key, body in _records(doors, "flourish.stock").items():
        if chance.random() < 0.4:
            _keep(doors, "flourish.stock", key, {**body, "qty": chance.choice(["0", "7", "250"])})
    for key, body in _records(doors, "leaflink.product").items():
        fate = chance.random()
        if fate < 0.15:
            _drop(doors, "leaflink.product", [key])
        elif fate < 0.4:
            _keep(doors, "leaflink.product", key, {**body, "name": f"Old {body['name']}"})


def _records(doors: Doors, kind: str) -> dict[str, Any]:
    found = doors.simulation.store.execute(
        "SELECT key, body FROM record WHERE kind = ? AND company = ? ORDER BY place", (kind, WORLD)
    )
    return {row["key"]: json.loads(row["body"]) for row in found}


def _drop(doors: Doors, kind: str, keys: Iterable[str]) -> None:
    for key in keys:
        doors.simulation.store.delete(kind, key)


def _keep(doors: Doors, kind: str, key: str, body: Any) -> None:
    doors.simulation.store.put(kind, WORLD, key, body)


def choose(shop: Shop, chance: random.Random) -> None:
    """Rules as one admin or another would choose them."""
    shop.choose(
        source_of_truth=chance.choice(MODES),
        create_products=chance.random() < 0.7,
        write_prices=chance.random() < 0.5,
        stock_field=chance.choice(["available_inventory", "quantity"]),
        stock_buffer=chance.choice([0, 0, 5]),
        product_line_from=chance.choice(["ref_field_1", "none"]),
        product_defaults={**DEFAULTS, "retail_price": "20.00", "base_units_per_unit": "100"},
    )
