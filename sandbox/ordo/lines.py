"""The lines of an Ordo order, as they are sent."""

from typing import Any

from sandbox import reading
from sandbox.errors import BadValue
from sandbox.office import Office
from sandbox.ordo.refusals import Unprocessable
from sandbox.store import Body, equal

MAX_LINES = 500
LINE_FIELDS = ("sku", "item_external_id", "quantity", "unit_price")


def read_lines(office: Office, sent: Any) -> list[Body]:
    """Return an order's lines; each names an item of the organisation by external id or SKU.

    Raises:
        BadValue: there is no line, or one is not valid.
        Unprocessable: one names an item that is not there.
    """
    if not isinstance(sent, list) or not sent or not all(isinstance(each, dict) for each in sent):
        raise BadValue("lines is a list of at least one object.", "lines")
    if len(sent) > MAX_LINES:
        raise BadValue(f"lines has at most {MAX_LINES} objects.", "lines")
    return [_line(office, each) for each in sent]


def _line(office: Office, each: Body) -> Body:
    reading.known(each, LINE_FIELDS)
    item = find_item(
        office, reading.text_or_none(each, "item_external_id"), reading.text_or_none(each, "sku")
    )
    price = reading.price_or_none(each, "unit_price") or item["price"]
    if price is None:
        raise BadValue(f"unit_price is needed: the item '{item['sku']}' has no price.", "lines")
    return {
        "item": item["id"],
        "quantity": reading.quantity(each, "quantity", above=True),
        "unit_price": price,
    }


def find_item(office: Office, external_id: str | None, sku: str | None) -> Body:
    """Return the item of an external id, else of a SKU.

    Raises:
        BadValue: neither is given.
        Unprocessable: the organisation has no such item.
    """
    if external_id is None and sku is None:
        raise BadValue("A line needs an item_external_id or a sku.", "lines")
    item = office.first("item", equal("$.external_id", external_id)) if external_id else None
    if item is None and sku is not None:
        item = office.first("item", equal("$.sku", sku))
    if item is None:
        raise Unprocessable("unknown_item", f"The organisation has no item '{external_id or sku}'.", "lines")
    return item
