"""The stock of batches, as seller staff see and change it in LeafLink."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.accounts import LEAFLINK
from sandbox.console.pages import simulation
from sandbox.console.people import person
from sandbox.leaflink import inventory
from sandbox.office import Office
from sandbox.store import Body

blueprint = Blueprint("inventory", __name__, url_prefix="/<world>/<any(seller):part>/inventory")

MOST = 100


@blueprint.get("/")
def listing(world: str, part: str) -> ResponseReturnValue:
    """List what is there of each batch."""
    office = simulation().office(LEAFLINK, world)
    found = office.find("inventory_item", limit=MOST)
    total = office.count("inventory_item")
    rows = [(item, *_named(office, item)) for item in found]
    return render_template("leaflink_inventory.html", who=person(world, part), rows=rows, total=total)


def _named(office: Office, item: Body) -> tuple[Body, str]:
    """Return an inventory item's product, and the number of its batch."""
    batch = office.get("batch", item["batch"])
    return office.need("product", item["product"]), batch["production_batch_number"] if batch else ""


@blueprint.post("/<int:key>")
def change(world: str, part: str, key: int) -> ResponseReturnValue:
    """Set the quantity of one batch."""
    with simulation().store.transaction():
        asked = {"quantity": request.form.get("quantity", "").strip()}
        inventory.change(simulation().office(LEAFLINK, world), key, asked)
    return redirect(url_for("inventory.listing", world=world, part=part), 303)
