"""AIQ's orders in Trellis's words. Pure.

Documented are an order's own fields; the keys of its lines, `pickUpType`, `venue`, `deliveryAddress` and
`posOrderId` are assumed (docs/aiq.md). Quantities are in eaches, prices in dollars for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from portal.sync.domain import Address, Customer, Hint, Json, Line
from portal.sync.errors import Unreadable
from portal.sync.mapping.money import cents
from portal.sync.platforms.aiq.status import stage_of
from portal.sync.platforms.aiq.terms import AT_COUNTER, FULFILMENTS, ITEM, PERCENT
from portal.sync.reading import Fields, Notice, Shape, words
from portal.sync.retail import Offer, OfferedLine, Person
from portal.sync.shopping import ShopOrder

# AIQ's field for an order's id in Flourish, and the key under which Trellis knows it.
EXTERNAL_ID = "posOrderId"

_ORDER = Shape(
    "AIQ order",
    required=words("id orderId status created modified items venue pickUpType"),
    used=words(f"""
        discounts discountTotal feeTotal totalTax total firstName lastName name email phone birthday user
        medicalId medicalExpiration medicalState deliveryAddress cancelledBy fullfilled type {EXTERNAL_ID}
    """),
    ignored=words("""
        subStatus statusChangedOn subStatusChangedOn confirmed cancelled cancelledOn printed birthdayDay
        birthdayMonth birthdayYear idPhotoUrl customer subtotal subtotalWithoutDiscounts tax taxPercent
        taxes fees organization attribution
    """),
)
_LINE = Shape(
    "AIQ order line",
    required=words("quantity price product"),
    used=words("id name discounts purchaseWeight priceWithDiscounts"),
    ignored=words("discountTotal size weightFormatted"),
)
_NOT_A_LETTER = re.compile(r"[^a-z]+")


def read_order(payload: Json, notice: Notice) -> ShopOrder:
    """Read an order.

    Args:
        payload: the order.
        notice: told of fields that no table above names.

    Raises:
        Unreadable: a field that is used is missing, has another type, or cannot be.
    """
    order = Fields.of(payload).check(_ORDER, notice)
    status = _word(order, "status")
    person, hand_over = _person(order), _word(order, "pickUpType")
    rows = order.children("items")
    lines = tuple(_line(row.check(_LINE, notice), place) for place, row in enumerate(rows))
    offered = tuple(map(_offered, rows, lines))
    return ShopOrder(
        number=order.ident("id"),
        label=order.ident("orderId"),
        status=status,
        stage=stage_of(status),
        transitions=(),
        customer=_customer(order, person),
        reps=(),
        lines=lines,
        total=order.number("total"),
        placed_at=order.time("created", naive_is_utc=True),
        updated_at=order.time("modified", naive_is_utc=True),
        discount=order.number_or_zero("discountTotal"),
        shipping=order.number_or_zero("feeTotal"),
        tax=order.number_or_zero("totalTax"),
        external_ids=_external_ids(order),
        person=person,
        offered=offered,
        offers=tuple(_of_order(order, are_in_lines=any(each.offers for each in offered))),
        fulfilment=FULFILMENTS.get(hand_over),
        hand_over=hand_over,
        is_at_counter=order.text_or_empty("type").strip().upper() in AT_COUNTER,
        cancelled_by=order.text_or_empty("cancelledBy").strip().upper(),
        is_released=order.flag_or_no("fullfilled"),
    )


def venue_of(payload: Json) -> str:
    """Read which of the organisation's stores an order is of."""
    return Fields.of(payload).ident("venue")


def read_hint(row: Fields) -> Hint:
    """Read of a row of the list of orders which one changed."""
    changed = row.time("modified", naive_is_utc=True)
    return Hint("order", row.ident("id"), "poll", changed, label=row.text_or_empty("orderId"))


def read_webhook(payload: Json) -> Hint:
    """Read what a webhook is about and of which version, and nothing more: no signature says that AIQ sent
    it, so that whoever acts on it asks AIQ. Types are written in more than one way, as `ORDER_CREATED` and
    `order.created`.

    Raises:
        Unreadable: it is about an order and does not say which.
    """
    envelope = Fields.of(payload)
    kind = envelope.value.get("type")
    topic = kind[:60] if isinstance(kind, str) else "none"
    subject = _NOT_A_LETTER.split(topic.casefold())[0]
    if subject != "order":
        return Hint("", "", topic)
    data = envelope.child("data")
    changed = data.time("modified", naive_is_utc=True) if data.has("modified") else None
    return Hint("order", data.ident("id"), topic, changed, label=data.text_or_empty("orderId"))


def _word(order: Fields, name: str) -> str:
    """Read a word of an enumeration, also one that Trellis does not know."""
    return order.ident(name).upper()[:60]


def _line(line: Fields, place: int) -> Line:
    quantity, price = _positive(line, "quantity"), _positive(line, "price")
    # Of what is sold by weight; each is a gram then.
    weight = line.number_or_zero("purchaseWeight")
    product = line.child("product")
    sku = product.text_or_empty("sku").strip()
    return Line(
        ref=line.text_or_empty("id") or str(place + 1),
        sku=sku,
        name=line.text_or_empty("name").strip() or product.text_or_empty("name").strip() or sku,
        eaches=weight if weight > 0 else quantity,
        multiplier=1,
        case_price=price,
    )


def _positive(line: Fields, name: str) -> Decimal:
    found = line.number(name)
    if found < 0:
        raise Unreadable(line.at(name), "is negative")
    return found


def _offered(row: Fields, line: Line) -> OfferedLine:
    paid = row.number("priceWithDiscounts") if row.has("priceWithDiscounts") else None
    offers = tuple(map(_offer, row.children_or_none("discounts")))
    return OfferedLine(line.sku, line.eaches, line.case_price, offers, paid)


def _of_order(order: Fields, *, are_in_lines: bool) -> Iterator[Offer]:
    """Read what was taken off the whole order; its list holds once more what lines tell of themselves."""
    for discount in order.children_or_none("discounts"):
        if not (are_in_lines and discount.text_or_empty("appliesTo").upper() == ITEM):
            yield _offer(discount)


def _offer(discount: Fields) -> Offer:
    return Offer(
        name=discount.text_or_empty("name").strip(),
        amount=cents(_positive(discount, "amount")),
        value=_positive(discount, "value"),
        is_percentage=discount.text_or_empty("type").upper() == PERCENT,
        promo_code=discount.text_or_empty("promoCode").strip(),
    )


def _person(order: Fields) -> Person:
    return Person(
        first_name=order.text_or_empty("firstName").strip(),
        last_name=order.text_or_empty("lastName").strip(),
        email=order.text_or_empty("email").strip(),
        phone=order.text_or_empty("phone").strip(),
        born=order.day_or_none("birthday"),
        patient_id=order.text_or_empty("medicalId").strip(),
        card_state=order.text_or_empty("medicalState").strip(),
        card_expires=order.day_or_none("medicalExpiration"),
    )


def _customer(order: Fields, person: Person) -> Customer:
    """The person as every order has a customer; shops ask for no license."""
    whole = f"{person.first_name} {person.last_name}".strip()
    return Customer(
        ref=order.text_or_empty("user").strip() or order.ident("id"),
        name=whole or order.text_or_empty("name").strip(),
        license="",
        email=person.email,
        phone=person.phone,
        address=_address(order.child_or_empty("deliveryAddress")),
    )


def _address(address: Fields) -> Address:
    street = (address.text_or_empty(name).strip() for name in ("number", "street"))
    return Address(
        line_1=" ".join(filter(None, street)),
        line_2=address.text_or_empty("unit").strip(),
        city=address.text_or_empty("city").strip(),
        state=address.text_or_empty("administrativeArea").strip(),
        zip_code=address.text_or_empty("postalCode").strip(),
    )


def _external_ids(order: Fields) -> dict[str, str]:
    found = order.text_or_empty(EXTERNAL_ID).strip()
    return {EXTERNAL_ID: found} if found else {}
