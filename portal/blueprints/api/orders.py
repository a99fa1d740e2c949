"""Orders for programs: the list, one by its id or its number, and its timeline."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from flask import abort
from pydantic import AwareDatetime

from portal.access import here
from portal.blueprints import paging
from portal.blueprints.api.operations import Paged, Term, api
from portal.extensions import db
from portal.live import order as order_pages
from portal.queries import orders as queries
from portal.shapes import Event, Order, OrderSummary, Shape, event, order, order_summary


class OrdersQuery(Paged):
    """Which orders; nothing means all of them."""

    q: Term = ""
    """How a number, SKU, license or customer begins."""
    place: Literal["", "in_flourish", "waiting", "skipped", "stuck", "earlier"] = ""
    """Where they are; earlier: from before go-live, and nobody has decided about them."""
    platform: Term = ""
    connection: UUID | None = None
    flourish: Term = ""
    """Their status in Flourish; none: they are not there."""
    seen_since: AwareDatetime | None = None
    """First seen by Trellis at this time or later."""


class Orders(Shape):
    """One page of orders, newest first."""

    items: list[OrderSummary]
    next: str | None
    """What `after` has to be for the next page; null on the last one."""


class Timeline(Shape):
    """A part of an order's timeline, oldest first."""

    items: list[Event]
    next: str | None


@api.get("/orders", "orders.see", Orders, OrdersQuery)
def list_orders(query: OrdersQuery) -> Orders:
    """List orders, newest first."""
    filters = queries.Filters(
        q=query.q,
        place=query.place,
        platform=query.platform,
        connection=query.connection,
        flourish=query.flourish,
        since=query.seen_since,
    )
    page = queries.page(db.session(), here().id, filters, after=query.row, size=query.limit)
    last = page.rows[-1].link if page.more else None
    return Orders(
        items=[order_summary(row) for row in page.rows],
        next=paging.cursor(last.placed_at, last.id) if last else None,
    )


@api.get("/orders/<uuid:link_id>", "orders.see", Order)
def get_order(link_id: UUID) -> Order:
    """Read one order by its id."""
    return _told(link_id)


@api.get("/orders/by-number/<path:number>", "orders.see", Order)
def get_order_by_number(number: str) -> Order:
    """Read one order by its number at the platform or in Flourish; 404 also when several have it."""
    if "\x00" in number:
        abort(404)
    found = queries.numbered(db.session(), here().id, number)
    return _told(found) if found else abort(404)


def _told(link_id: UUID) -> Order:
    view = order_pages.view(db.session(), here().id, link_id)
    return order(view) if view else abort(404)


@api.get("/orders/<uuid:link_id>/timeline", "orders.see", Timeline, Paged)
def get_timeline(link_id: UUID, query: Paged) -> Timeline:
    """Read what happened to an order, oldest first."""
    session, tenant_id = db.session(), here().id
    if queries.one(session, tenant_id, link_id) is None:
        abort(404)
    rows = queries.story(session, tenant_id, link_id, after=query.number, size=query.limit + 1)
    more = len(rows) > query.limit
    shown = rows[: query.limit]
    return Timeline(items=[event(row) for row in shown], next=str(shown[-1].seq) if more else None)
