"""The doors through which changes come into a shop: webhooks as they tell them, and lists that are polled."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from portal.identity import tenants
from portal.models import Stream, new_id
from portal.sync.contract import Page
from portal.sync.domain import Hint, SourceOrder
from portal.sync.engine import poll as polls
from portal.sync.engine.deliveries import Deliveries, Source
from portal.sync.engine.desk import Desk
from portal.sync.engine.poll import hub_list_of, poll
from portal.sync.flourish import FLOURISH
from portal.sync.platforms.aiq import WEBHOOK as AIQ_WEBHOOK
from portal.sync.platforms.leaflink import WEBHOOK
from portal.sync.retail import HubOrder, RetailOrder
from tests.sync.engine.crashing import CrashPoints
from tests.sync.engine.shop import Shop, open_shop

# Makes a shop of a company, by its name.
Opens = Callable[[Desk, UUID, str], Shop]


@dataclass
class Doors:
    """The doors of one shop."""

    shop: Shop
    deliveries: Deliveries
    points: CrashPoints
    streams: dict[bool, UUID]

    def news(self) -> list[SourceOrder | HubOrder]:
        """Every state that an order was in on either side, oldest first."""
        told = [*self.shop.leaflink.news, *self.shop.flourish.news]
        return sorted(told, key=lambda one: one.updated_at)

    def deliver(self, told: SourceOrder | HubOrder, *, times: int = 1) -> None:
        """Have a webhook arrive that tells of this state, where its side sends any."""
        shop = self.shop
        if isinstance(told, SourceOrder) and shop.platform.webhook is None:
            return
        if isinstance(told, SourceOrder):
            payload, hint = (_aiq if shop.platform.is_retail else _leaflink)(told)
            source = Source(shop.connection_id, shop.tenant_id, shop.hub_id, shop.platform.key, is_hub=False)
        else:
            payload, hint = _flourish(told)
            source = Source(shop.hub_id, shop.tenant_id, shop.hub_id, "flourish", is_hub=True)
        for _ in range(times):
            self.deliveries.keep(source, json.dumps(payload).encode(), {}, hint)

    def poll(self, *, of_hub: bool) -> None:
        """Poll a side's list of all its orders, two on a page."""
        shop = self.shop
        if of_hub:
            hints = [Hint("order", one.id, "order", one.updated_at) for one in shop.flourish.orders.values()]
        else:
            orders = shop.leaflink.orders.values()
            hints = [Hint("order", one.number, "order", one.updated_at) for one in orders]
        world = shop.flourish if of_hub else shop.leaflink
        world.pages = [Page(tuple(hints[first : first + 2])) for first in range(0, len(hints), 2)]
        with shop.desk.tenant(shop.tenant_id) as session:
            session.execute(text("UPDATE stream SET due_at = now(), lease_until = NULL"))
        poll(shop.desk, shop.tenant_id, self.streams[of_hub])


class Street:
    """Opens one shop after the other, each of a company of its own."""

    def __init__(self, desk: Desk, monkeypatch: pytest.MonkeyPatch, opens: Opens = open_shop) -> None:
        self._desk, self._opens = desk, opens
        self._points = CrashPoints(monkeypatch)
        self._numbers = count(1)
        self._shop: Shop
        self.deliveries = Deliveries(desk.settings.database_url)
        monkeypatch.setattr(polls, "open_platform", lambda *_: self._shop.leaflink)
        monkeypatch.setattr(polls, "open_hub", lambda *_: self._shop.flourish)

    def open(self) -> Doors:
        """Open a shop; its lists are those that polls read from now on."""
        name = f"story-{next(self._numbers)}"
        tenant = tenants.create(self._desk.sessions, slug=name, name=name, timezone="America/Los_Angeles")
        self._shop = self._opens(self._desk, tenant.id, name)
        self._shop.leaflink.offers = True
        streams = {of_hub: _stream(self._shop, of_hub=of_hub) for of_hub in (False, True)}
        return Doors(self._shop, self.deliveries, self._points, streams)


@contextmanager
def street(desk: Desk, monkeypatch: pytest.MonkeyPatch, opens: Opens = open_shop) -> Iterator[Street]:
    """Shops that share crash points and the connection by which deliveries are kept."""
    opened = Street(desk, monkeypatch, opens)
    yield opened
    opened.deliveries.close()


def _stream(shop: Shop, *, of_hub: bool) -> UUID:
    row = Stream(
        id=new_id(),
        tenant_id=shop.tenant_id,
        source_id=shop.hub_id if of_hub else shop.connection_id,
        hub_id=shop.hub_id,
        connection_id=None if of_hub else shop.connection_id,
        name=hub_list_of(shop.platform) if of_hub else "orders",
        interval_seconds=30,
    )
    with shop.desk.tenant(shop.tenant_id) as session:
        session.add(row)
    return row.id


def _leaflink(told: SourceOrder) -> tuple[dict[str, Any], Hint]:
    data = {"number": told.number, "short_id": told.label, "modified": told.updated_at.isoformat()}
    payload = {"type": "order", "action": told.status, "data": data}
    return payload, WEBHOOK.read(payload)


def _aiq(told: SourceOrder) -> tuple[dict[str, Any], Hint]:
    data = {"id": told.number, "orderId": told.label, "modified": told.updated_at.isoformat()}
    payload = {"type": "ORDER_UPDATED", "data": data}
    return payload, AIQ_WEBHOOK.read(payload)


def _flourish(told: HubOrder) -> tuple[dict[str, Any], Hint]:
    if isinstance(told, RetailOrder):
        stamp = told.updated_at.isoformat()
        row = {"id": told.id, "last_updated_timestamp": stamp, "notes": "\n".join(told.notes)}
        answer = {"resource_type": "retail_order", "data": row}
        return answer, FLOURISH.webhook.read(answer)
    notes = [{"note": note, "internal_only": True} for note in told.notes or ()]
    data = {"id": told.id, "last_updated_timestamp": told.updated_at.isoformat(), "notes": notes}
    payload = {"resource_type": "order", "data": data}
    return payload, FLOURISH.webhook.read(payload)
