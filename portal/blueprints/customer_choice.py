"""Who the customer of a shop's order is in Flourish: said by a person where Trellis does not guess (AQ-7)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from portal.access import here, tenant
from portal.blueprints import working
from portal.extensions import db
from portal.models import Link
from portal.queries import orders
from portal.sync import customer_choice
from portal.sync.errors import SyncError
from portal.sync.mapping.shop_orders import NEW_CUSTOMER

blueprint = Blueprint("customer_choice", __name__, url_prefix="/t/<slug>/orders")

_LONGEST_ID = 40


@blueprint.get("/<uuid:link_id>/customer")
@tenant("orders.decide")
def show(link_id: UUID) -> Any:
    """Offer to look at who it may be."""
    link = orders.one(db.session(), here().id, link_id)
    if link is not None and not customer_choice.is_open(link):
        # Somebody else answered meanwhile: its page says what.
        return redirect(url_for("orders.show", link_id=link_id), 303)
    return _page(_open(link_id), None)


@blueprint.post("/<uuid:link_id>/customer/look")
@tenant("orders.decide")
def look(link_id: UUID) -> Any:
    """Read on both sides who ordered and who that may be, and show of each what tells them apart."""
    link = _open(link_id)
    working.limit("customers", times=60)
    # No foreign API is called while a transaction is open.
    db.session.commit()
    try:
        found = customer_choice.choosing(working.desk(), here().id, link_id)
    except SyncError as error:
        return _page(_open(link_id), None, error=f"They could not be read: {error}"), 502
    return _page(link, found)


@blueprint.post("/<uuid:link_id>/customer")
@tenant("orders.decide")
def choose(link_id: UUID) -> Any:
    """Take down which customer it is, or that a new one is to be made."""
    _open(link_id)
    working.limit("choose-customer", times=200)
    chosen = request.form.get("customer", "").replace("\x00", "").strip()[:_LONGEST_ID]
    if not chosen:
        return _page(_open(link_id), None, error="Enter the id that the customer has in Flourish."), 422
    db.session.commit()
    desk, company, actor = working.desk(), here().id, working.actor()
    try:
        if chosen == NEW_CUSTOMER:
            customer_choice.make_new(desk, company, link_id, actor=actor)
        else:
            customer_choice.name(desk, company, link_id, chosen, actor=actor)
    except (customer_choice.CannotChoose, SyncError) as refusal:
        return _page(_open(link_id), None, error=str(refusal)), 422
    working.ring()
    flash("Noted. Trellis goes on with this order now.")
    return redirect(url_for("orders.show", link_id=link_id), 303)


def _page(link: Link, found: customer_choice.Choosing | None, *, error: str = "") -> str:
    return render_template(
        "orders/customer.html",
        link=link,
        found=found,
        error=error,
        may_be_new=customer_choice.may_be_new(link),
        chosen=customer_choice.chosen(link),
    )


def _open(link_id: UUID) -> Link:
    link = orders.one(db.session(), here().id, link_id)
    if link is None or not customer_choice.is_open(link):
        abort(404)
    return link
