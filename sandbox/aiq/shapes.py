"""The objects of the API. Money and quantities are numbers, ids say nothing, `fullfilled` is spelt so.

| Keys that are assumed, as no document shows them | |
|---|---|
| an order's `items`, `pickUpType`, `venue`, `deliveryAddress`, `posOrderId` | named as elsewhere in the API |
| `items[].discounts` | a line's own discounts, as a product has; `discounts` holds all of the order |
| `items[].product` | `id`, `sku`, `posProductId`, `name` |
"""

from decimal import Decimal
from typing import Any

from sandbox.aiq import offers, stock
from sandbox.aiq.stock import Eaches
from sandbox.money import number
from sandbox.office import Office
from sandbox.store import Body, Record

PLAIN = (
    "id", "sku", "posProductId", "venue", "created", "modified", "name", "description",
    "productCategory", "cannabisComplianceType", "subType", "cannabisType", "cannabisStrain", "weightUnit",
    "enable", "image", "labs",
)  # fmt: skip
NUMBERS = ("price", "weight", "quantityTotal", "quantityThreshold")
ORDER = (
    "id", "orderId", "created", "modified", "status", "subStatus", "statusChangedOn", "confirmed",
    "cancelled", "cancelledOn", "cancelledBy", "printed", "fullfilled", "name", "firstName", "lastName",
    "email", "phone", "birthday", "birthdayDay", "birthdayMonth", "birthdayYear", "idPhotoUrl", "user",
    "medicalId", "medicalExpiration", "venue", "pickUpType", "type", "deliveryAddress", "posOrderId",
)  # fmt: skip
SUMS = (
    "subtotal", "subtotalWithoutDiscounts", "tax", "totalTax", "taxPercent", "feeTotal", "discountTotal",
    "total",
)  # fmt: skip
UNSEEN = ("deleted",)


def plain(_office: Office, body: Record) -> dict[str, Any]:
    """Return a record whose stored fields are the API's."""
    return {name: value for name, value in body.items() if name not in UNSEEN}


def offer(_office: Office, body: Record) -> dict[str, Any]:
    """Return an offer."""
    return {
        **body,
        "rewardValue": number(body["rewardValue"]),
        "minimumSpend": number(body["minimumSpend"]),
        "promoCodeRequired": body["promoCode"] is not None,
        "disableStacking": False,
    }


def product(office: Office, body: Record) -> dict[str, Any]:
    """Return one product."""
    return products(office, [body])[0]


def products(office: Office, bodies: list[Body] | list[Record]) -> list[dict[str, Any]]:
    """Return products, each with what is left of it."""
    venues = {each["venue"] for each in bodies}
    held = {venue: stock.held(office, venue) for venue in venues}
    sold = {venue: stock.sold(office, venue) for venue in venues}
    return [_product(office, each, held[each["venue"]], sold[each["venue"]]) for each in bodies]


def _product(office: Office, body: Record, held: Eaches, sold: Eaches) -> dict[str, Any]:
    category = office.look("category", body["productCategory"]) if body["productCategory"] else None
    price = None if body["price"] is None else number(body["price"])
    return {
        **{name: body[name] for name in PLAIN},
        **{name: None if body[name] is None else number(body[name]) for name in NUMBERS},
        "_id": body["id"],
        "organization": organisation_id(office),
        "type": body["cannabisComplianceType"],
        "brand": {"name": body["brand"]} if body["brand"] else None,
        "productCategoryName": category["name"] if category else None,
        "priceWithDiscounts": price,
        "priceType": "REGULAR",
        "discounts": [],
        "quantity": number(stock.left(body, held)),
        "quantitySold": sold[body["id"]],
        "images": [{"fileUrl": body["image"], "order": 0}] if body["image"] else [],
    }


def organisation_id(office: Office) -> str:
    """Return the id of whose key it is."""
    return f"{office.account.company_id:016x}"


def order(office: Office, body: Record) -> dict[str, Any]:
    """Return an order."""
    of_lines = [discount for line in body["lines"] for discount in line["discounts"]]
    return {
        **{name: body[name] for name in ORDER},
        **{name: number(body[name]) for name in SUMS},
        "organization": organisation_id(office),
        "items": [_line(office, each) for each in body["lines"]],
        "discounts": [offers.shown(each) for each in (*of_lines, *body["cartDiscounts"])],
        "fees": [
            {**each, "value": number(each["value"]), "amount": number(each["amount"])}
            for each in body["fees"]
        ],
        "taxes": [],
    }


def _line(office: Office, line: Record) -> dict[str, Any]:
    found = office.look("product", line["product"])
    off, quantity = offers.total(line["discounts"]), Decimal(line["quantity"])
    return {
        "id": line["id"],
        "product": {name: found[name] for name in ("id", "sku", "posProductId", "name")},
        "name": found["name"],
        "quantity": number(quantity),
        "price": number(line["price"]),
        "priceWithDiscounts": number(((offers.gross(line) - off) / quantity).quantize(Decimal("0.0001"))),
        "discounts": [offers.shown(each) for each in line["discounts"]],
        "discountTotal": number(off),
    }
