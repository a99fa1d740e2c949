"""Products: every SKU on either side, one of them with its history, and looking again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from portal.access import here, passive, tenant
from portal.blueprints import paging, presentation, working
from portal.extensions import db
from portal.live import backlog
from portal.live import product as product_pages
from portal.queries import orders, products
from portal.sync import audit, registry, unlinking
from portal.sync.engine import catalogue

blueprint = Blueprint("products", __name__, url_prefix="/t/<slug>/products")


@blueprint.get("")
@tenant("products.see")
def index() -> Any:
    """List SKUs in their order."""
    tenant_here, session = here(), db.session()
    filters = _filters()
    page = products.page(session, tenant_here.id, filters, after=_after())
    connections = orders.platforms(session, tenant_here.id)
    names = {row.id: row.name for row in connections}
    counts = products.counts(session, tenant_here.id)
    return render_template(
        "products/index.html",
        page=page,
        filters=filters,
        counts={**counts, "waiting": counts.get("waiting", 0) + counts.get("new", 0)},
        chips=_chips(filters, names),
        names=names,
        states={state: presentation.PRODUCT_WORDS[state] for state in products.STATES},
        connections=connections,
        backlogs=backlog.backlogs(session, tenant_here.id, {row.id: row for row in connections}),
        labels={row.id: registry.platform(row.platform).label for row in connections},
        may_look=tenant_here.may("products.look"),
        first_page="after" not in request.args,
        following=_following(page),
    )


def _filters() -> products.Filters:
    state, side = paging.words("state"), paging.words("side")
    try:
        connection = UUID(paging.words("connection"))
    except ValueError:
        connection = None
    return products.Filters(
        q=paging.words("q"),
        state=state if state in products.STATES else "",
        side=side if side in products.SIDES else "",
        connection=connection,
        code=paging.words("code"),
    )


def _chips(filters: products.Filters, names: dict[UUID, str]) -> list[tuple[str, str, str]]:
    """Each filter that is on: what it is, its value in words, and the address without it."""
    on = {
        "q": ("Search", filters.q),
        "state": ("State", presentation.PRODUCT_WORDS[filters.state][0] if filters.state else ""),
        "side": ("Known", presentation.SIDE_WORDS.get(filters.side, "")),
        "connection": ("Connection", names.get(filters.connection, "unknown") if filters.connection else ""),
        "code": ("Reason", filters.code.replace("_", " ")),
    }
    left: dict[str, Any] = {name: paging.words(name) for name, (_, value) in on.items() if value}
    return [
        (*on[name], url_for("products.index", **{key: value for key, value in left.items() if key != name}))
        for name in left
    ]


def _after() -> tuple[str, UUID] | None:
    """The SKU and id that the page begins behind; what cannot be read means the first page."""
    row_id, _, sku = request.args.get("after", "").replace("\x00", "").partition(".")
    try:
        return sku, UUID(row_id)
    except ValueError:
        return None


def _following(page: products.Page) -> str | None:
    if not page.more:
        return None
    kept: dict[str, Any] = {key: value for key, value in request.args.items() if key != "after" and value}
    last = page.rows[-1].link
    return url_for("products.index", **kept, after=f"{last.id}.{last.foreign_id}")


@blueprint.post("/try")
@tenant("products.look")
def try_one() -> Any:
    """Sync one SKU before everything else, whether or not the catalogue is synced."""
    connection = _connection(request.form.get("connection", ""))
    working.limit("try", times=60)
    sku = request.form.get("sku", "").replace("\x00", "")[:255]
    try:
        link_id = catalogue.try_one(db.session(), working.keys(), connection, sku, actor=working.actor())
    except catalogue.NoCatalogue as refusal:
        flash(f"Nothing was tried: {refusal}")
        return redirect(url_for(".index"), 303)
    working.commit()
    working.ring()
    working.ring_alone(link_id)
    flash("Trellis is looking at this SKU on both sides, before everything else.")
    return redirect(url_for(".show", product_id=link_id), 303)


def _connection(text: str) -> UUID:
    """A connection of this company by its id as it was sent; there is no page without one."""
    known = {str(row.id): row.id for row in orders.platforms(db.session(), here().id)}
    return known.get(text) or abort(404)


@blueprint.get("/<uuid:product_id>")
@tenant("products.see")
def show(product_id: UUID) -> Any:
    """Show one product: both sides, what Trellis decided and why, and its history."""
    return render_template(
        "products/show.html",
        product=_view(product_id),
        may_look=here().may("products.look"),
        may_match=here().may("matches.decide"),
    )


@blueprint.get("/<uuid:product_id>/now")
@tenant("products.see")
@passive
def now(product_id: UUID) -> Any:
    """Show what of a product's page may have changed: for pages that wait for it."""
    return render_template(
        "products/_now.html", product=_view(product_id), may_look=here().may("products.look")
    )


@blueprint.post("/<uuid:product_id>/look")
@tenant("products.look")
def look(product_id: UUID) -> Any:
    """Look at both sides of a product again, now."""
    row = products.one(db.session(), here().id, product_id)
    if row is None:
        abort(404)
    working.limit(f"look:{product_id}", times=30)
    subject = audit.Subject("product", str(row.link.id), row.link.label)
    working.look_again([row.link.id], "product.looked_again", subject)
    flash("Trellis is looking at both sides again. What it finds appears below.")
    return redirect(url_for(".show", product_id=product_id), 303)


@blueprint.post("/<uuid:product_id>/unlink")
@tenant("matches.decide")
def unlink(product_id: UUID) -> Any:
    """Take the item and the product of a SKU apart, so that each SKU is matched anew."""
    row = products.one(db.session(), here().id, product_id)
    if row is None:
        abort(404)
    connection = working.connection(row.link.connection_id)
    try:
        unlinking.unlink(db.session(), working.keys(), connection, row.link, actor=working.actor())
    except unlinking.CannotUnlink as refusal:
        db.session().rollback()
        flash(f"Nothing was changed: {refusal}")
        return redirect(url_for(".show", product_id=product_id), 303)
    working.commit()
    working.ring()
    flash("Item and product are unlinked. Each SKU is matched anew; what is found appears below.")
    return redirect(url_for(".show", product_id=product_id), 303)


def _view(product_id: UUID) -> product_pages.ProductView:
    view = product_pages.view(db.session(), here().id, product_id)
    if view is None:
        abort(404)
    return view
