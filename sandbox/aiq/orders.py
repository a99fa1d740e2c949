"""Orders: a shopper places one, the shop confirms or cancels it, and the API says what became of it.

No call that writes orders is documented. Assumed is `PATCH /orders/{id}`:

| Sent | What it does |
|---|---|
| `status` | becomes the order's, where `statuses.moved` allows it; a cancelled order was cancelled by POS |
| `posOrderId` | is shown on the order's page; null takes it away |
| `fullfilled` | true ends AIQ's hold of the stock, false holds it again |
"""

import copy
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox import reading
from sandbox.aiq import offers, products, statuses, stock, webhooks
from sandbox.aiq.ids import new_id
from sandbox.aiq.offers import Reckoning
from sandbox.aiq.refusals import Unavailable
from sandbox.aiq.statuses import CANCELLED, CONFIRM, PENDING
from sandbox.aiq.terms import DELIVERY
from sandbox.clock import stamp
from sandbox.errors import BadValue
from sandbox.money import cents
from sandbox.office import Office
from sandbox.store import Body, equal

API, SHOPPER = "POS", "CUSTOMER"
PATCHED = ("status", "posOrderId", "fullfilled")
DELIVERY_FEE = Decimal("5.00")
TAX_PERCENT = Decimal(15)
FIRST_NUMBER = 1001
MAX_LINES = 100
SOLD_OUT, TOO_MANY = "SOLD_OUT", "QUANTITY_NOT_AVAILABLE"


@dataclass(frozen=True)
class Wanted:
    """An order as a shopper places it.

    Args:
        venue: the venue's record.
        lines: as `read_lines` returns them.
        pick_up: one of `terms.PICK_UP_TYPES`.
        taken: the offers that are taken.
        fields: whose it is, in the order's own names.
        number: the number that the shopper is shown, or None for the venue's next one.
    """

    venue: Body
    lines: list[Body]
    pick_up: str
    taken: list[Body] = field(default_factory=list)
    fields: Body = field(default_factory=dict)
    number: int | None = None


def read_lines(office: Office, venue: str, sent: Any) -> list[Body]:
    """Return an order's lines: each names a SKU of the venue, and takes the list price.

    Raises:
        BadValue: there is no line, or one is not valid.
    """
    if not isinstance(sent, list) or not sent or not all(isinstance(each, dict) for each in sent):
        raise BadValue("lines is a list of at least one object.", "lines")
    if len(sent) > MAX_LINES:
        raise BadValue(f"lines has at most {MAX_LINES} objects.", "lines")
    return [_line(office, venue, each) for each in sent]


def _line(office: Office, venue: str, each: Body) -> Body:
    reading.known(each, ("sku", "quantity"))
    product = products.of_sku(office, venue, each.get("sku"))
    quantity = Decimal(reading.quantity(each, "quantity", above=True))
    if quantity != quantity.to_integral_value():
        raise BadValue("quantity is a whole number.", "quantity")
    return {
        "id": new_id(office, "line"),
        "product": product["id"],
        "quantity": str(int(quantity)),
        "price": str(products.price_of(product)),
        "discounts": [],
    }


def place(office: Office, wanted: Wanted) -> Body:
    """Place an order, which is Pending until the shop confirms it.

    Raises:
        Unavailable: AIQ does not have so much left of a product.
        BadValue: an offer does not fit.
    """
    _refuse_more_than_there_is(office, wanted)
    moment, venue = stamp(), wanted.venue["id"]
    reckoning = offers.reckon(wanted.lines, wanted.taken)
    lines = [{**line, "discounts": off} for line, off in zip(wanted.lines, reckoning.of_lines, strict=True)]
    order: Body = {
        "id": new_id(office, "order"),
        "orderId": next_number(office, venue) if wanted.number is None else wanted.number,
        "venue": venue, "created": moment, "status": PENDING, "subStatus": None, "statusChangedOn": moment,
        "confirmed": False, "cancelled": False, "cancelledOn": None, "cancelledBy": None, "printed": False,
        "fullfilled": False, "pickUpType": wanted.pick_up, "type": "PRE_ORDER", "posOrderId": None,
        "deliveryAddress": None, "idPhotoUrl": None, **wanted.fields, "lines": lines,
        "cartDiscounts": reckoning.of_cart, **_sums(wanted, reckoning), "happened": [],
    }  # fmt: skip
    _save(office, None, order, "shopper", "placed")
    webhooks.announce_order(office, order, webhooks.CREATED)
    return order


def next_number(office: Office, venue: str) -> int:
    """Return a venue's next number for shoppers; each venue counts by itself, so that two have the same."""
    return FIRST_NUMBER - 1 + office.next_number(f"number.{venue}")


def _refuse_more_than_there_is(office: Office, wanted: Wanted) -> None:
    held = stock.held(office, wanted.venue["id"])
    asked: Counter[str] = Counter()
    for line in wanted.lines:
        asked[line["product"]] += int(line["quantity"])
    for key, quantity in asked.items():
        product = office.need("product", key)
        left = stock.left(product, held)
        if not stock.is_shown(product, left):
            raise Unavailable(SOLD_OUT, f"'{product['sku']}' is sold out ({SOLD_OUT}).")
        if quantity > left:
            raise Unavailable(TOO_MANY, f"There are only {left} of '{product['sku']}' ({TOO_MANY}).")


def _sums(wanted: Wanted, reckoning: Reckoning) -> Body:
    """Return what an order comes to: the list prices, less discounts, with tax, and the fee of a delivery."""
    listed = sum((offers.gross(line) for line in wanted.lines), Decimal(0))
    subtotal = reckoning.rest_of_all()
    tax = cents(subtotal * TAX_PERCENT / 100)
    fee = DELIVERY_FEE if wanted.pick_up == DELIVERY else Decimal(0)
    fees = [{"name": "Delivery", "value": str(fee), "amount": str(fee), "type": "FLAT"}] if fee else []
    return {
        "subtotalWithoutDiscounts": str(listed), "discountTotal": str(listed - subtotal),
        "subtotal": str(subtotal), "taxPercent": str(TAX_PERCENT), "tax": str(tax), "totalTax": str(tax),
        "fees": fees, "feeTotal": str(fee), "total": str(subtotal + tax + fee),
    }  # fmt: skip


def act(office: Office, key: str, action: str, who: str) -> Body:
    """Do with an order what people do: confirm it, check its shopper in, cancel it.

    Args:
        office: the organisation.
        key: the order's id.
        action: one of `statuses.ACTIONS`.
        who: STORE or CUSTOMER.

    Raises:
        Missing: there is no such order.
        Conflict: it cannot be done now.
    """
    order = office.need("order", key)
    before = copy.deepcopy(order)
    _set_status(order, statuses.acted(order["status"], action), who)
    _save(office, before, order, who, action)
    return order


def _set_status(order: Body, status: str, who: str) -> None:
    if status == order["status"]:
        return
    moment = stamp()
    order |= {"status": status, "statusChangedOn": moment}
    if status == statuses.BECOMES[CONFIRM]:
        order["confirmed"] = True
    if status == CANCELLED:
        order |= {"cancelled": True, "cancelledOn": moment, "cancelledBy": who}


def change(office: Office, key: str, body: Body) -> Body:
    """Change an order as the assumed call of the API does.

    Raises:
        Missing: there is no such order.
        BadValue: a field is unknown or not valid.
        Conflict: the status cannot become that.
    """
    order = office.need("order", key)
    before = copy.deepcopy(order)
    reading.known(body, PATCHED)
    if "status" in body:
        _set_status(order, statuses.moved(order["status"], statuses.status(body["status"])), API)
    if "posOrderId" in body:
        order["posOrderId"] = reading.text_or_none(body, "posOrderId")
    if "fullfilled" in body:
        if not isinstance(body["fullfilled"], bool):
            raise BadValue("fullfilled is true or false.", "fullfilled")
        order["fullfilled"] = body["fullfilled"]
    changed = [name for name in PATCHED if order[name] != before[name]]
    _save(office, before, order, API, f"changed {', '.join(changed)}")
    return order


def _save(office: Office, before: Body | None, order: Body, who: str, what: str) -> None:
    """Keep a changed order and tell of it. A change of nothing is none."""
    if order == before:
        return
    moment = stamp()
    order["modified"] = moment
    order["happened"].append({"at": moment, "who": who, "what": what, "status": order["status"]})
    office.put("order", order["id"], order)
    if before is not None:
        moved = order["status"] != before["status"]
        event = webhooks.BY_STATUS.get(order["status"]) if moved else None
        webhooks.announce_order(office, order, event or webhooks.UPDATED)


def latest_number(office: Office, venue: str) -> int | None:
    """Return the number of a venue's latest order, or None before the first."""
    found = office.find("order", equal("$.venue", venue))
    return found[-1]["orderId"] if found else None
