"""Inventory items: how much of each batch a facility has, which the API calls beta.

Where no source says how LeafLink does it, it is done as with products: an order reserves of its line's batch
while it is Submitted or Accepted and takes it away once Fulfilled; a product with batches has their sum.
"""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from sandbox.clock import stamp
from sandbox.errors import BadValue, Missing
from sandbox.leaflink import webhooks
from sandbox.leaflink.products import REQUIRED, Invalid
from sandbox.leaflink.statuses import RESERVING, TAKEN
from sandbox.leaflink.stock import quantity
from sandbox.money import decimal, number
from sandbox.office import Office
from sandbox.store import Body, Record, equal

POTENCIES = ("thc", "thca", "total_thc", "cbd", "cbda", "cbg", "cbn", "total_cannabinoids")
NEEDED = ("batch", "is_archived", "facility", "product", "quantity")


def shown(body: Record) -> dict[str, Any]:
    """Return an item as the API shows it; its own unit is that of its product."""
    return {
        **body,
        "quantity": number(body["quantity"]),
        "quantity_in_product_uom": body["quantity"],
        "reserved_qty_in_product_uom": body["reserved_qty"],
    }


def add(
    office: Office, product: int, batch: int | None, facility: int, amount: Decimal, *, archived: bool = False
) -> Body:
    """Write a new item."""
    key = office.next_number("inventory_item")
    item = {
        "id": key, "facility": facility, "inventory": key, "product": product, "batch": batch,
        "quantity": quantity(amount), "reserved_qty": "0.0000", "is_archived": archived,
    }  # fmt: skip
    office.put("inventory_item", key, item)
    return item


def create(office: Office, asked: Body) -> Body:
    """Make an item; one of the same product and facility that is of no batch is archived by that.

    Raises:
        Invalid: fields are missing. BadValue: a value cannot be.
    """
    missing = [name for name in NEEDED if asked.get(name) is None]
    if missing:
        raise Invalid(dict.fromkeys(missing, REQUIRED))
    for name, kind in (("product", "product"), ("batch", "batch"), ("facility", "inventory_facility")):
        if office.get(kind, asked[name]) is None:
            raise BadValue(f'Invalid pk "{asked[name]}" - object does not exist.', name)
    where = (equal("$.product", asked["product"]), equal("$.facility", asked["facility"]))
    for other in office.find("inventory_item", *where):
        if other["batch"] is None and not other["is_archived"]:
            office.put("inventory_item", other["id"], {**other, "is_archived": True})
    amount = decimal(asked["quantity"], "quantity", least=Decimal(0))
    product, batch, facility = (int(asked[name]) for name in ("product", "batch", "facility"))
    made = add(office, product, batch, facility, amount, archived=bool(asked["is_archived"]))
    _sum_up(office, made["product"])
    return made


def change(office: Office, key: int, asked: Body) -> Body:
    """Change an item's quantity, or archive it.

    Raises:
        Missing: there is none. BadValue: a value cannot be.
    """
    item = office.need("inventory_item", key)
    if asked.get("quantity") is not None:
        item["quantity"] = quantity(decimal(asked["quantity"], "quantity", least=Decimal(0)))
    if "is_archived" in asked:
        item["is_archived"] = bool(asked["is_archived"])
    office.put("inventory_item", key, item)
    _sum_up(office, item["product"])
    return item


def assign(office: Office, asked: Body) -> Body:
    """Say that a product has a batch.

    Raises:
        Invalid: product or batch is missing. BadValue: there is no such one.
    """
    missing = [name for name in ("product", "batch") if asked.get(name) is None]
    if missing:
        raise Invalid(dict.fromkeys(missing, REQUIRED))
    for name in ("product", "batch"):
        if office.get(name, asked[name]) is None:
            raise BadValue(f'Invalid pk "{asked[name]}" - object does not exist.', name)
    key = office.next_number("product_batch")
    link = {"id": key, "product": int(asked["product"]), "batch": int(asked["batch"])}
    office.put("product_batch", key, link)
    return link


def create_batch(office: Office, asked: Body) -> Body:
    """Make a batch.

    Raises:
        Invalid: fields are missing.
    """
    needed = ("owner", "production_batch_number", "batch_date", "testing_source")
    missing = [name for name in needed if not asked.get(name)]
    if missing:
        raise Invalid(dict.fromkeys(missing, REQUIRED))
    return add_batch(office, **{name: str(asked[name]) for name in needed[1:]})


def add_batch(office: Office, **fields: str) -> Body:
    """Write a new batch of the company's."""
    key = office.next_number("batch")
    batch = {
        "id": key, "owner": str(office.account.company_id), **dict.fromkeys(POTENCIES, "0.00"),
        "cannabinoid_unit": "%", "is_from_api": True, "documents": [], **fields,
    }  # fmt: skip
    office.put("batch", key, batch)
    return batch


def settle(office: Office, before: Body | None, order: Body) -> None:
    """Bring the items of batches that an order's lines name in line with its change."""
    old, new = _held(before), _held(order)
    for product, batch in sorted({*old, *new}):
        item = office.first("inventory_item", equal("$.product", product), equal("$.batch", batch))
        if item is None:
            continue
        was, now = old[product, batch], new[product, batch]
        item["reserved_qty"] = quantity(Decimal(item["reserved_qty"]) + now[0] - was[0])
        item["quantity"] = quantity(Decimal(item["quantity"]) - now[1] + was[1])
        office.put("inventory_item", item["id"], item)


def _held(order: Body | None) -> dict[tuple[int, int], list[Decimal]]:
    """Return per product and batch what an order reserves and what it has taken away."""
    sums: dict[tuple[int, int], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    if order is not None and order["status"] in (*RESERVING, *TAKEN):
        place = 0 if order["status"] in RESERVING else 1
        for line in order["line_items"]:
            if line["batch"] is not None:
                sums[line["product"], line["batch"]][place] += Decimal(line["quantity"])
    return sums


def _sum_up(office: Office, key: int) -> None:
    """Let a product have what its batches have, and tell of it."""
    product = office.get("product", key)
    if product is None:
        raise Missing("Not found.")
    items = office.find("inventory_item", equal("$.product", key))
    product["quantity"] = quantity(
        sum((Decimal(one["quantity"]) for one in items if not one["is_archived"]), Decimal(0))
    )
    product["modified"] = stamp()
    office.put("product", key, product)
    webhooks.announce_product(office, product, "edit")
