"""Items: what the hub puts, of the organisation's brands alone, and what people entered by hand before it."""

from sandbox import reading
from sandbox.clock import stamp
from sandbox.office import Office
from sandbox.ordo.organisation import has_brand
from sandbox.ordo.refusals import Unprocessable
from sandbox.store import Body, equal

FIELDS = ("sku", "name", "brand", "category", "unit", "price", "sellable_quantity", "updated_at")


def put(office: Office, external_id: str, body: Body) -> tuple[Body, bool]:
    """Make an item what was sent, and return it and whether it is new.

    The first time, an item of the same SKU that was entered by hand, and has no external id yet, becomes it.

    Raises:
        BadValue: a field is missing or not valid.
        Unprocessable: the brand is none of the organisation's.
    """
    fields = _read(body)
    if not has_brand(office, fields["brand"]):
        raise Unprocessable(
            "unknown_brand", f"The organisation has no brand '{fields['brand'] or ''}'.", "brand"
        )
    present = office.first("item", equal("$.external_id", external_id)) or office.first(
        "item", equal("$.sku", fields["sku"]), equal("$.external_id", None)
    )
    item = {**(present or new(office)), **fields, "external_id": external_id}
    if item != present:
        office.put("item", item["id"], item)
    return item, present is None


def _read(body: Body) -> Body:
    reading.known(body, FIELDS)
    return {
        "sku": reading.text(body, "sku"),
        "name": reading.text(body, "name"),
        "brand": reading.text_or_none(body, "brand"),
        "category": reading.text_or_none(body, "category"),
        "unit": reading.text_or_none(body, "unit"),
        "price": reading.amount_or_none(body, "price"),
        "sellable_quantity": reading.quantity(body, "sellable_quantity"),
        "updated_at": reading.moment(body, "updated_at") or stamp(),
    }


def new(office: Office) -> Body:
    """Return an item with a new id, that is nothing yet."""
    return {"id": f"itm-{office.next_number('item')}", "external_id": None}
