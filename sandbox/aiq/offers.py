"""Offers: what they take off an order. A shopper takes one by its name; none applies by itself here.

Of a percentage, `rewardValue` is a share: 0.5 is half. Of AIQ's kinds, the sale of a product, the cart
discount and "buy one, get one" are played; bundles are not. Several are taken one after the other, each of
what the former ones left, and none takes off more than there is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox import reading
from sandbox.aiq.ids import new_id
from sandbox.aiq.products import of_sku
from sandbox.aiq.terms import CART, FLAT, ITEM, PERCENT, REWARDS, word
from sandbox.errors import BadValue
from sandbox.money import cents, decimal, number
from sandbox.office import Office
from sandbox.store import Body, Record, equal

SALE, CART_DISCOUNT, BOGO = "SALE", "CART_DISCOUNT", "BOGO"
DEALS = (SALE, CART_DISCOUNT, BOGO)
FIELDS = ("name", "dealType", "rewardType", "rewardValue", "minimumSpend", "skus", "promoCode")
WHOLE = Decimal(1)


@dataclass
class Reckoning:
    """What offers take off an order's lines and cart.

    Args:
        lines: the order's lines.
        of_lines: for each line, the discounts that it has.
        of_cart: the discounts of the order as a whole.
    """

    lines: Sequence[Record]
    of_lines: list[list[Body]] = field(default_factory=list)
    of_cart: list[Body] = field(default_factory=list)

    def rest(self, place: int) -> Decimal:
        """Return what a line comes to after its discounts."""
        return gross(self.lines[place]) - total(self.of_lines[place])

    def rest_of_all(self) -> Decimal:
        """Return what the order comes to after every discount."""
        lines = sum((self.rest(place) for place in range(len(self.lines))), Decimal(0))
        return lines - total(self.of_cart)


def gross(line: Record) -> Decimal:
    """Return what a line comes to by its list price."""
    return cents(Decimal(line["price"]) * Decimal(line["quantity"]))


def total(discounts: Sequence[Record]) -> Decimal:
    """Return what discounts come to."""
    return sum((Decimal(each["amount"]) for each in discounts), Decimal(0))


def reckon(lines: Sequence[Record], taken: Sequence[Record]) -> Reckoning:
    """Return what these offers take off these lines, one offer after the other.

    Raises:
        BadValue: the order is too small for one, or one takes nothing off.
    """
    found = Reckoning(lines, [[] for _ in lines])
    before = found.rest_of_all()
    for offer in taken:
        if before < Decimal(offer["minimumSpend"]):
            raise BadValue(
                f"The offer '{offer['name']}' is for orders from ${offer['minimumSpend']}.", "offers"
            )
        count = sum(map(len, found.of_lines)) + len(found.of_cart)
        _take(found, offer)
        if sum(map(len, found.of_lines)) + len(found.of_cart) == count:
            raise BadValue(f"The offer '{offer['name']}' takes nothing off this order.", "offers")
    return found


def _take(found: Reckoning, offer: Record) -> None:
    if offer["dealType"] == CART_DISCOUNT:
        amount = _off(offer, found.rest_of_all(), WHOLE)
        found.of_cart.extend(_discount(offer, amount, CART))
        return
    for place, line in enumerate(found.lines):
        if not offer["products"] or line["product"] in offer["products"]:
            amount = min(_of_line(offer, line, found.rest(place)), found.rest(place))
            found.of_lines[place].extend(_discount(offer, amount, ITEM))


def _of_line(offer: Record, line: Record, rest: Decimal) -> Decimal:
    quantity = Decimal(line["quantity"])
    if offer["dealType"] == BOGO:
        return cents(Decimal(line["price"]) * (quantity // 2))
    return _off(offer, rest, quantity)


def _off(offer: Record, rest: Decimal, pieces: Decimal) -> Decimal:
    """Return what an offer takes off a sum: a share of it, or so much off each piece, but not more."""
    value = Decimal(offer["rewardValue"])
    return min(rest, cents(rest * value) if offer["rewardType"] == PERCENT else cents(value * pieces))


def _discount(offer: Record, amount: Decimal, applies_to: str) -> list[Body]:
    """Return an offer as an order or a line shows it, or nothing when it takes nothing off."""
    if amount <= 0:
        return []
    flat = offer["dealType"] == BOGO or offer["rewardType"] == FLAT
    return [{
        "name": offer["name"], "value": str(amount) if flat else offer["rewardValue"], "amount": str(amount),
        "type": FLAT if flat else PERCENT, "appliesTo": applies_to, "productOffer": offer["id"],
        "promoCode": offer["promoCode"],
    }]  # fmt: skip


def shown(discount: Record) -> Body:
    """Return a discount in the API's form."""
    return {**discount, "value": number(discount["value"]), "amount": number(discount["amount"])}


def add(office: Office, venue: str, asked: Body) -> Body:
    """Make an offer of a venue.

    Args:
        office: the organisation.
        venue: its venue.
        asked: `name`, `dealType`; for other than BOGO `rewardType` and `rewardValue`; `minimumSpend`,
            `promoCode`, and `skus`, without which it is for every product.

    Raises:
        BadValue: a value is not valid, or the venue has an offer of the name.
    """
    reading.known(asked, FIELDS)
    name, deal = reading.text(asked, "name"), word(asked.get("dealType"), "dealType", DEALS)
    if office.first("offer", equal("$.name", name), equal("$.venue", venue)) is not None:
        raise BadValue(f"The venue has an offer '{name}' already.", "name")
    reward = PERCENT if deal == BOGO else word(asked.get("rewardType"), "rewardType", REWARDS)
    offer = {
        "id": new_id(office, "offer"), "venue": venue, "name": name, "type": "DEAL", "dealType": deal,
        "rewardType": reward, "rewardValue": "1" if deal == BOGO else _reward(asked, reward),
        "minimumSpend": reading.amount_or_none(asked, "minimumSpend") or "0.00",
        "promoCode": reading.text_or_none(asked, "promoCode"), "active": True,
        "products": [of_sku(office, venue, sku)["id"] for sku in _skus(asked.get("skus"))],
    }  # fmt: skip
    office.put("offer", offer["id"], offer)
    return offer


def _reward(asked: Body, reward: str) -> str:
    value = decimal(asked.get("rewardValue"), "rewardValue", reading.NOTHING)
    if not value or (reward == PERCENT and value > 1):
        raise BadValue("rewardValue is above 0, and a share is at most 1.", "rewardValue")
    return str(value)


def _skus(sent: Any) -> list[Any]:
    if sent is not None and not isinstance(sent, list):
        raise BadValue("skus is a list.", "skus")
    return sent or []


def named(office: Office, venue: str, names: Any) -> list[Body]:
    """Return a venue's offers of these names.

    Raises:
        BadValue: it is no list of names of active offers.
    """
    if not isinstance(names, list):
        raise BadValue("offers is a list of names.", "offers")
    found = {
        each["name"]: each for each in office.find("offer", equal("$.venue", venue), equal("$.active", 1))
    }
    for name in names:
        if not isinstance(name, str) or name not in found:
            raise BadValue(f"The venue has no offer '{name}'.", "offers")
    return [found[name] for name in names]
