"""Orders: the list, one order, its live rows, and looking again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for

from portal.access import Here, here, passive, tenant
from portal.blueprints import paging, presentation, working
from portal.extensions import db
from portal.live import order as order_pages
from portal.live import scopes, shop_order
from portal.live.ticket import ticket as ticket_of
from portal.models import Connection, Link, utc_now
from portal.queries import combined, dashboard, orders
from portal.sync import audit, customer_choice, earlier, holding, registry
from portal.sync.engine import combining, streams
from portal.sync.retail import CANCELLED, UNDELIVERABLE

blueprint = Blueprint("orders", __name__, url_prefix="/t/<slug>/orders")

FLOURISH_FILTERS = {
    "none": "Not in Flourish",
    **{status: status for status in (*order_pages.FLOURISH_LADDER, *shop_order.DELIVERY_LADDER)},
    **{status: status for status in (UNDELIVERABLE, CANCELLED)},
}


@blueprint.get("")
@tenant("orders.see")
def index() -> Any:
    """List orders, newest first."""
    tenant_here, session = here(), db.session()
    filters = _filters(tenant_here)
    only_searches = filters.any and filters == orders.Filters(q=filters.q) and "after" not in request.args
    if only_searches and (found := orders.numbered(session, tenant_here.id, filters.q)):
        return redirect(url_for(".show", link_id=found))
    # Before the orders, whose rows show them: what a session has read it does not read again.
    connections = orders.platforms(session, tenant_here.id)
    page = orders.page(session, tenant_here.id, filters, after=paging.after())
    names = {row.id: row.name for row in connections}
    return render_template(
        "orders/index.html",
        page=page,
        filters=filters,
        chips=_chips(filters, names),
        names=names,
        platforms={key: platform.label for key, platform in registry.PLATFORMS.items()},
        flourish_statuses=FLOURISH_FILTERS,
        first_page="after" not in request.args,
        ever=bool(page.rows) or orders.any_order(session, tenant_here.id),
        older=_older(page),
        labels={row.id: registry.platform(row.platform).label for row in connections},
        sources=_sources(connections) if only_searches and not page.rows else (),
        may_ask=tenant_here.may("orders.retry"),
        deciding=filters.place == orders.EARLIER and tenant_here.may("orders.decide"),
    )


def _filters(tenant_here: Here) -> orders.Filters:
    place, platform = paging.words("place"), paging.words("platform")
    flourish = paging.words("flourish")
    return orders.Filters(
        q=paging.words("q"),
        place=place if place in (*orders.PLACES, orders.EARLIER) else "",
        platform=platform,
        connection=_uuid(paging.words("connection")),
        flourish=flourish if flourish in FLOURISH_FILTERS else "",
        since=start_of_day(tenant_here) if paging.words("seen") == "today" else None,
    )


def start_of_day(tenant_here: Here) -> datetime:
    """When today began for the tenant."""
    return utc_now().astimezone(tenant_here.zone).replace(hour=0, minute=0, second=0, microsecond=0)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _chips(filters: orders.Filters, names: dict[UUID, str]) -> list[tuple[str, str, str]]:
    """Each filter that is on: what it is, its value in words, and the address without it."""
    on = {
        "q": ("Search", filters.q),
        "place": ("Where", presentation.PLACE_FILTERS[filters.place] if filters.place else ""),
        "platform": ("Platform", filters.platform),
        "connection": ("Connection", names.get(filters.connection, "unknown") if filters.connection else ""),
        "flourish": ("Flourish status", FLOURISH_FILTERS.get(filters.flourish, "")),
        "seen": ("First seen", "today" if filters.since else ""),
    }
    left: dict[str, Any] = {name: paging.words(name) for name, (_, value) in on.items() if value}
    return [
        (*on[name], url_for("orders.index", **{key: value for key, value in left.items() if key != name}))
        for name in left
    ]


@dataclass(frozen=True)
class Source:
    """One place that orders come from: when it last told of something, and when its orders were last read."""

    connection: Connection
    label: str
    # Whether its platform sends webhooks at all.
    sends: bool
    read_at: datetime | None


def _sources(connections: Sequence[Connection]) -> list[Source]:
    polls = dashboard.last_polls(db.session(), here().id)
    found = []
    for row in connections:
        platform = registry.platform(row.platform)
        read_at = polls[row.id][1] if row.id in polls else None
        found.append(Source(row, platform.label, platform.webhook is not None, read_at))
    return found


@blueprint.post("/ask")
@tenant("orders.retry")
def ask() -> Any:
    """Have the platforms asked for new and changed orders now, because somebody looked for one in vain."""
    working.limit("ask-platforms", times=30)
    number = request.form.get("q", "").replace("\x00", "").strip()[:120]
    asked = streams.read_now(db.session(), here().id)
    if asked:
        working.record("order.asked_for", audit.Subject("order", "", number))
        flash("The platforms are asked for new and changed orders now. Search again in a minute.")
    else:
        flash("Nothing was asked: no connection may be read at the moment. See its page for why.")
    working.commit()
    return redirect(url_for(".index", q=number), 303)


def _older(page: orders.Page) -> str | None:
    if not page.more:
        return None
    kept: dict[str, Any] = {key: value for key, value in request.args.items() if key != "after" and value}
    last = page.rows[-1].link
    return url_for("orders.index", **kept, after=paging.cursor(last.placed_at, last.id))


@blueprint.get("/<uuid:link_id>")
@tenant("orders.see")
def show(link_id: UUID) -> Any:
    """Show one order with its story."""
    tenant_here, session = here(), db.session()
    events = orders.story(session, tenant_here.id, link_id)
    order = order_pages.view(session, tenant_here.id, link_id)
    if order is None:
        abort(404)
    return render_template(
        "orders/show.html",
        order=order,
        events=events,
        tries=order.attempts.before,
        zone=tenant_here.zone,
        last=events[-1].seq if events else 0,
        may_retry=tenant_here.may("orders.retry"),
        may_decide=tenant_here.may("orders.decide"),
        may_hold=tenant_here.may("orders.hold"),
        longest_reason=holding.LONGEST_REASON,
        is_earlier=earlier.is_open(order.link),
        may_be_left_alone=earlier.may_be_left_alone(order.link),
        asks_who=customer_choice.is_open(order.link),
        may_be_new=customer_choice.may_be_new(order.link),
        chosen_customer=customer_choice.chosen(order.link),
        candidates=_candidates(order.link) if order.link.decision_code in combining.OPEN else None,
    )


@dataclass(frozen=True)
class Candidate:
    """An order that may have become part of this one; chosen already, or not."""

    link: Link
    chosen: bool


def _candidates(link: Link) -> list[Candidate]:
    session = db.session()
    customer = (link.snapshot.get("customer") or {}).get("license") or ""
    chosen = combined.originals(session, link.tenant_id, link.id)
    others = combined.candidates(
        session, link.tenant_id, link.connection_id, license_number=customer, placed_at=link.placed_at
    )
    return [*(Candidate(one.link, True) for one in chosen), *(Candidate(one, False) for one in others)]


@blueprint.get("/<uuid:link_id>/ticket")
@tenant("orders.see")
def ticket(link_id: UUID) -> Any:
    """Write one order with its story as plain text, as it is now: for a ticket or an e-mail."""
    tenant_here, session = here(), db.session()
    events = orders.story(session, tenant_here.id, link_id)
    order = order_pages.view(session, tenant_here.id, link_id)
    if order is None:
        abort(404)
    address = url_for(".show", link_id=link_id, _external=True)
    return Response(ticket_of(order, events, address), mimetype="text/plain")


@blueprint.get("/<uuid:link_id>/story")
@tenant("orders.see")
@passive
def story(link_id: UUID) -> Any:
    """Show what is new in an order's story: for pages whose stream is not there."""
    tenant_here = here()
    if orders.one(db.session(), tenant_here.id, link_id) is None:
        abort(404)
    watch = scopes.watch_order(tenant_here, link_id)
    messages, _ = scopes.order_messages(watch, paging.integer("after") or 0)
    return scopes.fragment(messages)


@blueprint.post("/<uuid:link_id>/originals")
@tenant("orders.decide")
def originals(link_id: UUID) -> Any:
    """Take down which orders this one combines."""
    session = db.session()
    order = orders.locked(session, here().id, link_id)
    if order is None:
        abort(404)
    back = redirect(url_for(".show", link_id=link_id), 303)
    if order.decision_code not in combining.OPEN or order.flourish_id is not None:
        flash("Nothing was changed: this order does not wait for that any more.")
        return back
    known = {str(one.link.id): one.link for one in _candidates(order)}
    chosen = [known[given] for given in request.form.getlist("original") if given in known]
    if request.form.get("answer") != "none" and not chosen:
        flash("Choose the orders that became this one, or say that it is none of them.")
        return back
    ids = {one.id for one in chosen} if request.form.get("answer") != "none" else set()
    combining.choose(session, order, ids, actor=str(working.actor()))
    labels = [one.label or one.foreign_id for one in chosen if one.id in ids]
    subject = audit.Subject("order", str(order.id), order.label)
    working.record("order.originals_chosen", subject, originals=labels or ["none"])
    working.commit()
    # Apart: a look at one of them locks it, and then this one.
    combining.look_at(session, ids)
    working.commit()
    working.ring()
    flash("Noted. Trellis goes on with this order now.")
    return back


@blueprint.post("/<uuid:link_id>/hold")
@tenant("orders.hold")
def hold(link_id: UUID) -> Any:
    """Have nothing written for an order until it is released."""
    link = orders.locked(db.session(), here().id, link_id) or abort(404)
    try:
        reason = request.form.get("reason", "")
        held = holding.hold(db.session(), working.keys(), link, reason, actor=working.actor())
    except holding.NoReason as refusal:
        flash(f"Nothing was changed. {refusal}")
    else:
        working.commit()
        flash(
            "On hold: nothing is written for this order until somebody releases it."
            if held
            else f"Nothing was changed: {link.on_hold_by} has put it on hold already."
        )
    return redirect(url_for(".show", link_id=link_id), 303)


@blueprint.post("/<uuid:link_id>/release")
@tenant("orders.decide")
def release(link_id: UUID) -> Any:
    """Let an order be written again."""
    link = orders.locked(db.session(), here().id, link_id) or abort(404)
    released = holding.release(db.session(), working.keys(), link, actor=working.actor())
    working.commit()
    working.ring()
    flash("Released: Trellis goes on with it now." if released else "Nothing was changed: it is not on hold.")
    return redirect(url_for(".show", link_id=link_id), 303)


@blueprint.post("/<uuid:link_id>/look")
@tenant("orders.retry")
def look(link_id: UUID) -> Any:
    """Look at both sides of an order again, now."""
    order = orders.one(db.session(), here().id, link_id)
    if order is None:
        abort(404)
    working.limit(f"look:{link_id}", times=30)
    working.look_again([order.id], "order.looked_again", audit.Subject("order", str(order.id), order.label))
    flash("Trellis is looking at both sides again. What it finds appears below.")
    return redirect(url_for(".show", link_id=link_id), 303)
