"""Items and their stock, as staff see and change them in Flourish."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.accounts import FLOURISH
from sandbox.console.pages import simulation
from sandbox.console.people import person
from sandbox.flourish import changes
from sandbox.flourish.seed import UOMS
from sandbox.flourish.stock import summary
from sandbox.office import Office
from sandbox.store import Body, Condition, equal

blueprint = Blueprint("items", __name__, url_prefix="/<world>/<any(warehouse):part>/items")

MOST = 50
TEXTS = ("sku", "item_name", "price", "uom")
FLAGS = ("active", "sellable", "ecommerce_active", "strain_required")
# What an item may lack.
CHOICES = ("brand", "strain_name")


@blueprint.get("/")
def listing(world: str, part: str) -> ResponseReturnValue:
    """List the items whose SKU or name holds the words that are looked for."""
    office = simulation().office(FLOURISH, world)
    words = request.args.get("q", "").strip()
    found = office.find("item", *_holding(words), limit=MOST)
    total = office.count("item", *_holding(words))
    return render_template(
        "flourish_items.html", who=person(world, part), items=found, total=total, words=words
    )


def _holding(words: str) -> list[Condition]:
    if not words:
        return []
    both = "lower(json_extract(body, '$.sku') || ' ' || json_extract(body, '$.item_name'))"
    return [Condition(f"instr({both}, lower(?)) > 0", (words,))]


@blueprint.get("/<item_id>")
def one(world: str, part: str, item_id: str) -> ResponseReturnValue:
    """Show an item with the form that changes it."""
    office = simulation().office(FLOURISH, world)
    item = office.need("item", item_id)
    return render_template(
        "flourish_item.html",
        who=person(world, part),
        item=item,
        stock=_stock(office, item),
        uoms=UOMS,
        brands=[each["brand_name"] for each in office.find("brand")],
        strains=[each["strain_name"] for each in office.find("strain")],
        flags=FLAGS,
    )


def _stock(office: Office, item: Body) -> list[tuple[Body, Body]]:
    """Return each facility with its row of the item's stock."""
    rows = office.find("stock", equal("$.sku", item["sku"]), equal("$.item_id", item["id"]))
    return [(office.need("facility", each["facility_id"]), summary(office, each)) for each in rows]


@blueprint.post("/<item_id>")
def change(world: str, part: str, item_id: str) -> ResponseReturnValue:
    """Change an item's own fields; a form sends every one, and a box that is not ticked is not sent."""
    asked: dict[str, Any] = {name: request.form.get(name, "").strip() for name in TEXTS}
    asked |= {name: name in request.form for name in FLAGS}
    asked |= {name: request.form.get(name) or None for name in CHOICES}
    return _changed(world, part, item_id, asked)


@blueprint.post("/<item_id>/quantity")
def count(world: str, part: str, item_id: str) -> ResponseReturnValue:
    """Set what a facility has of an item."""
    names = ("quantity", "facility_id")
    return _changed(world, part, item_id, {name: request.form.get(name, "").strip() for name in names})


def _changed(world: str, part: str, item_id: str, asked: Body) -> ResponseReturnValue:
    office = simulation().office(FLOURISH, world)
    with simulation().store.transaction():
        changes.change_item(office, office.need("item", item_id), asked)
    return redirect(url_for("items.one", world=world, part=part, item_id=item_id), 303)
