"""Products of a venue: what the hub writes by the assumed call, and what people entered before it.

No call that writes products is documented. Assumed is `PUT /products/{posProductId}?venueId=`:

| Sent | What it does |
|---|---|
| the fields of `READERS` | those change, others stay; `sku` and `name` are needed at first |
| `quantity` | is what the store has, before what AIQ holds for orders |
| `productCategory` | the id of a category of the venue; another one is refused |
| `labs` | takes the place of all labs; an amount that AIQ does not know is refused |
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sandbox import endpoints, reading
from sandbox.aiq import webhooks
from sandbox.aiq.ids import new_id
from sandbox.aiq.labs import read_labs
from sandbox.aiq.terms import CANNABIS_TYPES, COMPLIANCE_TYPES, WEIGHT_UNITS, word
from sandbox.clock import stamp
from sandbox.errors import BadValue
from sandbox.money import decimal
from sandbox.office import Office
from sandbox.store import Body, equal

MAX_DESCRIPTION = 20_000
NEEDED = ("sku", "name")
Reader = Callable[[Body, str], Any]


def _word(words: tuple[str, ...]) -> Reader:
    return lambda body, name: None if body[name] is None else word(body[name], name, words)


def _flag(body: Body, name: str) -> bool:
    if not isinstance(body[name], bool):
        raise BadValue(f"{name} is true or false.", name)
    return bool(body[name])


def _eaches(body: Body, name: str) -> str:
    """Read a number of eaches: a whole one, as a shop has no half jars."""
    found = decimal(body[name], name, reading.NOTHING)
    if found != found.to_integral_value():
        raise BadValue(f"{name} is a whole number.", name)
    return str(int(found))


def _eaches_or_none(body: Body, name: str) -> str | None:
    return None if body[name] is None else _eaches(body, name)


def _weight(body: Body, name: str) -> str | None:
    return None if body[name] is None else str(decimal(body[name], name, reading.NOTHING))


def _image(body: Body, name: str) -> str | None:
    address = reading.text_or_none(body, name, longest=MAX_DESCRIPTION)
    return None if address is None else endpoints.url(address, name)


READERS: dict[str, Reader] = {
    "sku": reading.text,
    "name": reading.text,
    "description": lambda body, name: reading.text_or_none(body, name, longest=MAX_DESCRIPTION),
    "brand": reading.text_or_none,
    "productCategory": reading.text_or_none,
    "cannabisComplianceType": _word(COMPLIANCE_TYPES),
    "subType": reading.text_or_none,
    "cannabisType": _word(CANNABIS_TYPES),
    "cannabisStrain": reading.text_or_none,
    "weight": _weight,
    "weightUnit": _word(WEIGHT_UNITS),
    "price": reading.amount_or_none,
    "quantity": _eaches,
    "quantityThreshold": _eaches_or_none,
    "enable": _flag,
    "image": _image,
    "labs": lambda body, _name: read_labs(body["labs"]),
}


def put(office: Office, venue: str, pos_id: str, body: Body) -> tuple[Body, bool]:
    """Change a product by its id in the point of sale, and return it and whether it is new.

    The first time, a product of the same SKU that people entered, and that has no such id yet, becomes it.

    Raises:
        BadValue: a field is missing, unknown or not valid.
    """
    fields = _read(office, venue, body)
    present = _present(office, venue, pos_id, fields.get("sku"))
    if present is None:
        for name in NEEDED:
            reading.text(body, name)
    product = {**(present or new(office, venue)), **fields, "posProductId": pos_id}
    if product != present:
        product["modified"] = stamp()
        office.put("product", product["id"], product)
        webhooks.announce_product(office, product, is_new=present is None)
    return product, present is None


def _present(office: Office, venue: str, pos_id: str, sku: str | None) -> Body | None:
    here = equal("$.venue", venue)
    linked = office.first("product", here, equal("$.posProductId", pos_id))
    if linked is not None or sku is None:
        return linked
    return office.first("product", equal("$.sku", sku), here, equal("$.posProductId", None))


def _read(office: Office, venue: str, body: Body) -> Body:
    reading.known(body, READERS)
    fields = {name: read(body, name) for name, read in READERS.items() if name in body}
    if "quantity" in fields:
        fields["quantityTotal"] = fields.pop("quantity")
    if fields.get("productCategory") is not None:
        category = office.get("category", fields["productCategory"])
        if category is None or category["venue"] != venue:
            raise BadValue("productCategory is none of the venue's categories.", "productCategory")
    return fields


def new(office: Office, venue: str) -> Body:
    """Return a product of a venue with a new id, that is nothing yet."""
    moment = stamp()
    return {
        "id": new_id(office, "product"), "venue": venue, "posProductId": None, "sku": None, "name": None,
        **dict.fromkeys(READERS), "quantityTotal": "0", "enable": True, "labs": {}, "created": moment,
        "modified": moment,
    }  # fmt: skip


def of_sku(office: Office, venue: str, sku: Any) -> Body:
    """Return a venue's product of a SKU.

    Raises:
        BadValue: there is none.
    """
    found = (
        office.first("product", equal("$.sku", sku), equal("$.venue", venue))
        if isinstance(sku, str)
        else None
    )
    if found is None:
        raise BadValue(f"The venue has no product of the SKU '{sku}'.", "lines")
    return found


def price_of(product: Body) -> Decimal:
    """Return what a product costs.

    Raises:
        BadValue: it has no price.
    """
    if product["price"] is None:
        raise BadValue(f"The product '{product['sku']}' has no price.", "lines")
    return Decimal(product["price"])
