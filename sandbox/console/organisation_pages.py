"""What an Ordo admin keeps under Manage Organization, and the items as Ordo shows them."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from sandbox.accounts import ORDO
from sandbox.console.pages import simulation
from sandbox.console.paging import LatestFirst
from sandbox.console.people import person
from sandbox.office import Office
from sandbox.ordo import organisation, shapes
from sandbox.ordo.organisation import LICENSE_FIELDS
from sandbox.store import Body

blueprint = Blueprint("organisation", __name__, url_prefix="/<world>/<any(rep, admin):part>")

LABELS = {
    "license_number": "License number",
    "street1": "Street address",
    "street2": "Street address line 2",
    "city": "City",
    "state": "State",
    "zip": "ZIP code",
}


@blueprint.get("/items/")
def items(world: str, part: str) -> ResponseReturnValue:
    """List the items, latest first, and say whose brand the organisation does not have."""
    office = simulation().office(ORDO, world)
    page = LatestFirst(office, "item", request.args.get("page", ""))
    return render_template(
        "ordo_items.html",
        who=person(world, part),
        items=[shapes.item(office, each) for each in page.bodies],
        brands=[each["name"] for each in office.find("brand")],
        page=page,
    )


@blueprint.get("/organisation/")
def show(world: str, part: str) -> ResponseReturnValue:
    """Show brands and licenses with the forms that change them."""
    office = simulation().office(ORDO, world)
    return render_template(
        "ordo_organisation.html",
        who=person(world, part),
        brands=office.find("brand"),
        licenses=office.find("license"),
        labels=LABELS,
    )


@blueprint.post("/organisation/brands")
def add_brand(world: str, part: str) -> ResponseReturnValue:
    """Add a brand."""
    with simulation().store.transaction():
        organisation.add_brand(_office(world), _form("name"))
    return _back(world, part)


@blueprint.post("/organisation/brands/<key>")
def rename_brand(world: str, part: str, key: str) -> ResponseReturnValue:
    """Rename a brand."""
    with simulation().store.transaction():
        organisation.rename_brand(_office(world), key, _form("name"))
    return _back(world, part)


@blueprint.post("/organisation/brands/<key>/remove")
def remove_brand(world: str, part: str, key: str) -> ResponseReturnValue:
    """Remove a brand."""
    with simulation().store.transaction():
        organisation.remove_brand(_office(world), key)
    return _back(world, part)


@blueprint.post("/organisation/licenses")
def add_license(world: str, part: str) -> ResponseReturnValue:
    """Add a license."""
    with simulation().store.transaction():
        organisation.add_license(_office(world), _form(*LICENSE_FIELDS))
    return _back(world, part)


@blueprint.post("/organisation/licenses/<key>")
def change_license(world: str, part: str, key: str) -> ResponseReturnValue:
    """Change a license; a form sends every field, the emptied ones too."""
    with simulation().store.transaction():
        organisation.change_license(_office(world), key, _form(*LICENSE_FIELDS))
    return _back(world, part)


@blueprint.post("/organisation/licenses/<key>/remove")
def remove_license(world: str, part: str, key: str) -> ResponseReturnValue:
    """Remove a license."""
    with simulation().store.transaction():
        organisation.remove_license(_office(world), key)
    return _back(world, part)


def _office(world: str) -> Office:
    return simulation().office(ORDO, world)


def _form(*names: str) -> Body:
    return {name: request.form.get(name, "") for name in names}


def _back(world: str, part: str) -> Response:
    return redirect(url_for("organisation.show", world=world, part=part), 303)
