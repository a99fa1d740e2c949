"""What an administrator changes in Flourish's screens: items and their stock, destinations, sales reps."""

import copy
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sandbox.clock import stamp
from sandbox.errors import BadValue
from sandbox.flourish import webhooks
from sandbox.flourish.orders import STAFF_USER, save
from sandbox.flourish.seed import UOMS, padded
from sandbox.money import decimal, number
from sandbox.office import Office
from sandbox.store import Body, equal

Reader = Callable[[Office, str, Any], dict[str, Any]]


def _amount(_office: Office, name: str, value: Any) -> dict[str, Any]:
    return {name: number(decimal(value, name, least=Decimal(0)))}


def _text(_office: Office, name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, str) or not value.strip():
        raise BadValue(f"'{name}' is a text.", name)
    return {name: value}


def _text_or_none(office: Office, name: str, value: Any) -> dict[str, Any]:
    return {name: None} if value is None else _text(office, name, value)


def _flag(_office: Office, name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, bool):
        raise BadValue(f"'{name}' is true or false.", name)
    return {name: value}


def _uom(_office: Office, name: str, value: Any) -> dict[str, Any]:
    if value not in UOMS:
        raise BadValue(f"'{name}' is one of {', '.join(UOMS)}.", name)
    return {
        "uom": value,
        "uom_description": UOMS[value],
        "standard_qty_uom_id": list(UOMS).index(value) + 1,
    }


def _brand(office: Office, name: str, value: Any) -> dict[str, Any]:
    if value is not None and office.first("brand", equal("$.brand_name", value)) is None:
        raise BadValue(f"There is no brand '{value}'.", name)
    return {name: value}


def _strain(office: Office, name: str, value: Any) -> dict[str, Any]:
    strain = None if value is None else office.first("strain", equal("$.strain_name", value))
    if value is not None and strain is None:
        raise BadValue(f"There is no strain '{value}'.", name)
    kind = strain["type"] if strain else None
    return {
        "strain_id": strain["id"] if strain else None,
        "strain_name": value,
        "strain_type_name": kind,
        "item_strain_type_name": kind,
    }


def _facility(office: Office, name: str, value: Any) -> dict[str, Any]:
    if value is not None and (not isinstance(value, str) or office.get("facility", value) is None):
        raise BadValue(f"There is no facility '{value}'.", name)
    return {name: value}


# Texts of an item that may be empty.
TEXTS = (
    "item_description", "retail_display_name", "item_category", "ecommerce_item_name",
    "ecommerce_category_name", "ecommerce_sub_category_name", "ref_field_1", "ref_field_2", "ref_field_3",
    "ref_field_4", "ref_field_5", "weight_uom",
)  # fmt: skip
ITEM_READERS: dict[str, Reader] = {
    **dict.fromkeys(TEXTS, _text_or_none),
    "unit_weight": _amount,
    "sku": _text,
    "item_name": _text,
    "price": _amount,
    "cost": _amount,
    "active": _flag,
    "sellable": _flag,
    "ecommerce_active": _flag,
    "strain_required": _flag,
    "uom": _uom,
    "brand": _brand,
    "strain_name": _strain,
}
DESTINATION_READERS: dict[str, Reader] = {
    "name": _text,
    "alias": _text_or_none,
    "license_number": _text_or_none,
    "active": _flag,
}
REP_READERS: dict[str, Reader] = {
    "email": _text_or_none,
    "active": _flag,
    "facility_id": _facility,
}


def _read(office: Office, readers: dict[str, Reader], asked: Body) -> Body:
    """Return the new values of a record's fields.

    Raises:
        BadValue: a field is unknown, or its value not valid.
    """
    found: Body = {}
    for name, value in asked.items():
        if name not in readers:
            raise BadValue(f"Unknown field: {name}.", name)
        found |= readers[name](office, name, value)
    return found


def change_item(office: Office, item: Body, asked: Body) -> Body:
    """Change an item and what is there of it; webhooks tell of the item, and of stock that changed.

    Args:
        office: the company.
        item: the item's record.
        asked: fields by the names of `ITEM_READERS`; `quantity` (what is there) with `facility_id` (the
            company's first, unless given).

    Raises:
        BadValue: a field is unknown, or its value not valid.
    """
    fields = dict(asked)
    quantity, facility = fields.pop("quantity", None), fields.pop("facility_id", None)
    changed = {**item, **_read(office, ITEM_READERS, fields)}
    if changed != item:
        changed |= {"last_updated_by": STAFF_USER, "last_updated_timestamp": stamp()}
        office.put("item", item["id"], changed)
        _rename_stock(office, item, changed)
        webhooks.announce_item(office, changed)
    if quantity is not None:
        _count(office, changed, quantity, facility)
    return changed


def add_item(office: Office, like: Body, asked: Body) -> Body:
    """Make an item as another one is, but for what is asked; there is nothing of it unless said.

    Args:
        office: the company.
        like: the other item's record.
        asked: as `change_item` takes it.

    Raises:
        BadValue: a field is unknown, or its value not valid.
    """
    fields = dict(asked)
    quantity, facility = fields.pop("quantity", None), fields.pop("facility_id", None)
    key, moment = padded(office.next_number("item")), stamp()
    stamps = {"created_timestamp": moment, "last_updated_timestamp": moment, "last_updated_by": STAFF_USER}
    item = {**like, **_read(office, ITEM_READERS, fields), "id": key, "created_by": STAFF_USER, **stamps}
    office.put("item", key, item)
    for place in office.find("facility"):
        office.put("stock", f"{place['id']}:{key}", {
            "item_id": key, "sku": item["sku"], "facility_id": place["id"], "lot_number": f"{key}-A",
            "qty": "0", "allocated": "0", "on_order": "0", "last_updated_timestamp": moment,
        })  # fmt: skip
    webhooks.announce_item(office, item, "create")
    if quantity is not None:
        _count(office, item, quantity, facility)
    return item


def _rename_stock(office: Office, before: Body, item: Body) -> None:
    """Let stock follow its item's SKU, by which it is looked for."""
    if item["sku"] == before["sku"]:
        return
    for stock in office.find("stock", equal("$.sku", before["sku"]), equal("$.item_id", item["id"])):
        office.put("stock", f"{stock['facility_id']}:{item['id']}", {**stock, "sku": item["sku"]})


def _count(office: Office, item: Body, quantity: Any, facility: Any) -> None:
    """Set how much of an item a facility has, as after a count."""
    found = decimal(quantity, "quantity", least=Decimal(0))
    place = facility or office.find("facility", limit=1)[0]["id"]
    _facility(office, "facility_id", place)
    key = f"{place}:{item['id']}"
    stock = {**office.need("stock", key), "qty": str(found), "last_updated_timestamp": stamp()}
    office.put("stock", key, stock)
    webhooks.announce_stock(office, stock)


def change_destination(office: Office, destination: Body, asked: Body) -> Body:
    """Change a destination, or merge it into another, by `merged_into`.

    No source says how Flourish merges destinations. Of its customers the help says that the merged one
    becomes inactive and its orders move to the one that is kept: so it is here.

    Raises:
        BadValue: a field is unknown, or its value not valid.
    """
    fields = dict(asked)
    kept_id = fields.pop("merged_into", None)
    changed = {**destination, **_read(office, DESTINATION_READERS, fields)}
    if kept_id is not None:
        kept = office.get("destination", kept_id)
        if kept is None or kept["id"] == destination["id"] or not kept["active"]:
            raise BadValue(f"There is no active destination '{kept_id}' to merge into.", "merged_into")
        changed["active"] = False
        _move_orders(office, destination["id"], kept["id"])
    changed["last_updated_timestamp"] = stamp()
    office.put("destination", destination["id"], changed)
    return changed


def _move_orders(office: Office, old: str, new: str) -> None:
    for order in office.find("order", equal("$.destination_id", old)):
        before = copy.deepcopy(order)
        order["destination_id"] = new
        save(office, before, order, STAFF_USER)


def change_rep(office: Office, rep: Body, asked: Body) -> Body:
    """Change a sales rep: e-mail, facility, whether active.

    Raises:
        BadValue: a field is unknown, or its value not valid.
    """
    changed = {**rep, **_read(office, REP_READERS, asked)}
    changed |= {"last_updated_by": STAFF_USER, "last_updated_timestamp": stamp()}
    office.put("sales_rep", rep["sales_rep_id"], changed)
    return changed
