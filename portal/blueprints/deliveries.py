"""Webhook deliveries: which came, what became of each, its body redacted, and one taken in again."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from portal.access import here, tenant
from portal.blueprints import paging, presentation, working
from portal.extensions import db
from portal.models import Delivery
from portal.queries import deliveries
from portal.sync import audit
from portal.sync.engine.inbox import take_again
from portal.sync.errors import Unreadable
from portal.sync.redaction import excerpt, redact
from portal.sync.signing import BadBody

blueprint = Blueprint("deliveries", __name__, url_prefix="/t/<slug>/deliveries")


@blueprint.get("")
@tenant("connections.see")
def index() -> Any:
    """List the deliveries of the company, newest first."""
    session, filters = db.session(), _filters()
    rows, more = deliveries.page(session, here().id, filters, after=paging.after())
    sources = deliveries.sources(session, here().id)
    return render_template(
        "deliveries/index.html",
        rows=rows,
        sources=sources,
        filters=filters,
        chips=_chips(filters, sources),
        first_page="after" not in request.args,
        newest=url_for(".index", **_query(filters)),
        refusals=[] if filters.any else deliveries.refusals(session, here().id),
        older=_older(rows[-1], filters) if more else None,
    )


@blueprint.get("/<uuid:delivery_id>")
@tenant("connections.see")
def show(delivery_id: UUID) -> Any:
    """Show one delivery with its body, from which what is secret or personal is taken out."""
    return _page(_one(delivery_id))


def _page(delivery: Delivery, error: str = "") -> str:
    return render_template(
        "deliveries/show.html",
        delivery=delivery,
        sources=deliveries.sources(db.session(), here().id),
        body=_redacted(delivery.body),
        may_take=here().may("orders.retry") and delivery.body is not None,
        error=error,
    )


def _redacted(body: bytes | None) -> Any:
    """A body as a page may show it; one that is no JSON by its beginning."""
    if body is None:
        return None
    try:
        return redact(json.loads(body))
    except ValueError:
        return excerpt(body)


@blueprint.post("/<uuid:delivery_id>/again")
@tenant("orders.retry")
def again(delivery_id: UUID) -> Any:
    """Take a delivery in again: what it speaks of is looked at, and written only where both sides differ."""
    delivery = _one(delivery_id)
    working.limit("deliveries", times=300)
    source = deliveries.sources(db.session(), here().id).get(delivery.source_id)
    if delivery.body is None or source is None:
        return _page(delivery, "Its body is not kept any more, so it cannot be taken in again."), 409
    working.record("delivery.taken_again", audit.Subject("delivery", str(delivery.id), delivery.topic))
    db.session().expunge(delivery)
    working.commit()
    try:
        take_again(working.desk(), delivery, source[1])
    except (Unreadable, BadBody) as error:
        return _page(_one(delivery_id), f"It cannot be read: {error}. Polling brings the change in."), 422
    working.ring()
    flash("Taken in again. Trellis looks at what it speaks of, and writes only where both sides differ.")
    return redirect(url_for(".show", delivery_id=delivery_id), 303)


def _one(delivery_id: UUID) -> Delivery:
    return deliveries.one(db.session(), here().id, delivery_id) or abort(404)


def _filters() -> deliveries.Filters:
    outcome, ids = paging.words("outcome"), paging.uuids([request.args.get("source", "")])
    return deliveries.Filters(
        source=ids[0] if ids else None,
        outcome=outcome if outcome in (*deliveries.OUTCOMES, deliveries.WAITING) else "",
        topic=paging.words("topic"),
        ref=paging.words("ref", longest=200),
    )


def _query(filters: deliveries.Filters) -> dict[str, Any]:
    """The filters as an address has them."""
    return {name: str(value) for name, value in vars(filters).items() if value}


def _older(last: Delivery, filters: deliveries.Filters) -> str:
    return url_for(".index", **_query(filters), after=paging.cursor(last.received_at, last.id))


def _chips(filters: deliveries.Filters, sources: dict[UUID, tuple[str, UUID]]) -> list[tuple[str, str, str]]:
    source = sources.get(filters.source, ("another", None))[0] if filters.source else ""
    words = {
        "source": ("From", source),
        "outcome": ("Outcome", presentation.OUTCOME_WORDS.get(filters.outcome, ("Waiting",))[0]),
        "topic": ("Topic", filters.topic),
        "ref": ("Of", filters.ref),
    }
    on = _query(filters)
    without = {name: {key: value for key, value in on.items() if key != name} for name in on}
    return [(*words[name], url_for(".index", **without[name])) for name in on]
