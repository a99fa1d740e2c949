"""LeafLink's objects in Trellis's words. Pure: every rule that is LeafLink's own stands in this file.

Facts are from LeafLink's Marketplace V2 API description unless a line names another source. Quantities are
in units and prices per selling unit (a case of `unit_multiplier` units): line total = price x quantity /
multiplier.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType

from portal.sync.domain import Address, Customer, Hint, Json, Line, SourceOrder, Stage
from portal.sync.errors import Unreadable
from portal.sync.mapping.keys import license_key
from portal.sync.mapping.money import cents, line_total
from portal.sync.platforms.leaflink.terms import offered, read_term
from portal.sync.reading import Fields, Notice, Shape, words

# Order statuses (API: Order.status). From Fulfilled on the goods have left stock: an order that is first
# seen there is not brought in (LL-30).
STAGES = MappingProxyType(
    {
        "Draft": Stage.DRAFT,
        "Submitted": Stage.OPEN,
        "Accepted": Stage.OPEN,
        "Backorder": Stage.OPEN,
        "Fulfilled": Stage.FINISHED,
        "Shipped": Stage.FINISHED,
        "Complete": Stage.FINISHED,
        "Rejected": Stage.CANCELLED,
        "Cancelled": Stage.CANCELLED,
        "Combined": Stage.MERGED,
    }
)

# How goods are handed over (API: delivery_info.acquire_type).
_ACQUIRE_TYPES = {1: "Drop Off", 2: "Pick Up", 3: "In Storage", 4: "Will Call"}

CURRENCY = "USD"

_ORDER = Shape(
    "LeafLink order",
    required=words("number status customer line_items total created_on modified"),
    used=words("""
        short_id available_transitions sales_reps discount discount_type shipping_charge final_tax tax_amount
        tax_type credits notes shipping_details delivery_preferences delivery_info ship_date payment_term
        selected_payment_option available_payment_options is_combination delivery_address user paid
        external_ids external_id_seller external_id_buyer
    """),
    ignored=words("""
        ext_acct_id buyer seller brand manual payment_methods
        payment_due_date paid_date internal_notes classification
        payment_balance has_special_requests delivery_provider order_taxes llf_payment_method facility_id
        order_number order_seller_number order_buyer_number order_short_number distributor
        corporate_address created_by last_changed_by
    """),
)

_LINE = Shape(
    "LeafLink line item",
    required=words("id ordered_unit_price quantity"),
    used=words("product unit_multiplier on_sale sale_price is_sample batch frozen_data"),
    ignored=words("""
        order order_id notes is_medical_line_item is_packed packed_at packed_by unit_of_measure position
        bulk_units is_backorder package_tags wholesale_price sold_by_case facility hide_batch
    """),
)

_CUSTOMER = Shape(
    "LeafLink customer",
    required=words("id"),
    used=words("""
        display_name name nickname dba license_number license_type email phone address unit_number city state
        zipcode delivery_address corporate_address managers
    """),
    ignored=words("""
        ext_acct_id delinquent created_on modified next_contact_date external_id old_license_number
        license_inactive business_identifier ein directions delivery_preferences currency shipping_charge
        brand business_license_name description website county country lat long phone_extension notes
        leaflink_last_views leaflink_source archived discount_percent owner partner tier price_schedule
        service_zone payment_term payment_methods available_payment_options status external_ids tags contacts
    """),
)


def read_order(payload: Json, notice: Notice) -> SourceOrder:
    """Read an order with its lines and its customer's details.

    Args:
        payload: the order, with `line_items` and `customer` expanded.
        notice: told of fields that no table above names.

    Raises:
        Unreadable: a field that is used is missing, has another type, or an unknown value.
    """
    order = Fields.of(payload).check(_ORDER, notice)
    status = order.choice("status", frozenset(STAGES))
    found = order.children("line_items")
    lines = tuple(_line(line.check(_LINE, notice)) for line in found)
    line_sum = sum((line_total(line) for line in lines), Decimal(0))
    discount = _discount(order, line_sum)
    term = read_term(order)
    return SourceOrder(
        number=order.ident("number"),
        label=order.text_or_empty("short_id") or order.ident("number"),
        status=status,
        stage=STAGES[status],
        transitions=_transitions(order),
        customer=_customer(order.child("customer").check(_CUSTOMER, notice), order),
        reps=tuple(rep.ident("id") for rep in order.children_or_none("sales_reps")),
        lines=lines,
        total=money(order, "total"),
        placed_at=order.time("created_on"),
        updated_at=order.time("modified"),
        discount=discount,
        shipping=money_or_zero(order, "shipping_charge"),
        tax=_tax(order, line_sum - discount),
        credits=money_or_zero(order, "credits"),
        notes=_notes(order),
        ship_at=_ship_at(order),
        term=term.name,
        term_shown=term.shown,
        terms_offered=offered(order),
        changed_by=order.text_or_empty("user"),
        is_combination=order.flag_or_no("is_combination"),
        other_numbers=_other_numbers(order),
        external_ids=_external_ids(order),
        paid=order.flag_or_no("paid"),
        unsupported=_unsupported(found),
    )


def _line(line: Fields) -> Line:
    quantity = line.number("quantity")
    if quantity < 0:
        raise Unreadable(line.at("quantity"), "is negative")
    sku, name = _product(line)
    return Line(
        ref=line.ident("id"),
        sku=sku,
        name=name or sku,
        eaches=quantity,
        multiplier=multiplier(line),
        case_price=_price(line),
        lot=_batch_number(line),
        is_sample=line.flag_or_no("is_sample"),
    )


def _batch_number(line: Fields) -> str:
    """Read the number of a line's batch, which is the lot's number in Flourish (LL-7); empty without one."""
    batch = line.value.get("batch")
    return line.child("batch").text_or_empty("production_batch_number") if isinstance(batch, dict) else ""


def product_id(line: Fields) -> str:
    """Name the product of a line that says nothing else about it; empty when the SKU is already there."""
    if line.child_or_empty("frozen_data").child_or_empty("product").text_or_empty("sku"):
        return ""
    return (
        "" if isinstance(line.value.get("product"), dict) or not line.has("product") else line.text("product")
    )


def _product(line: Fields) -> tuple[str, str]:
    """Find SKU and name: as they were when the order was placed, else as the product has them now."""
    product = line.value.get("product")
    now = Fields.of(product, line.at("product")) if isinstance(product, dict) else Fields({}, "")
    frozen = line.child_or_empty("frozen_data").child_or_empty("product")
    for source in (frozen, now):
        if sku := source.text_or_empty("sku"):
            return sku, source.text_or_empty("name") or now.text_or_empty("name")
    raise Unreadable(line.at("frozen_data.product.sku"), "is missing")


def multiplier(line: Fields) -> int:
    """Read how many units a line or product is sold by; null, 0 and 1 all mean one (LL-20)."""
    units = line.number_or_zero("unit_multiplier")
    if units != units.to_integral_value() or units < 0:
        raise Unreadable(line.at("unit_multiplier"), f"should be a whole number, but is {units}")
    return int(units) or 1


def _price(line: Fields) -> Decimal:
    """Choose the price of a selling unit: the sale price of a line on sale, where "0.00" means no sale."""
    sale = money_or_zero(line, "sale_price")
    price = sale if line.flag_or_no("on_sale") and sale > 0 else money(line, "ordered_unit_price")
    if price < 0:
        raise Unreadable(line.at("ordered_unit_price"), "is negative")
    return price


def money(fields: Fields, name: str) -> Decimal:
    """Read an amount in dollars: `{amount, currency}` or a bare number, each as a number or as text.

    Raises:
        Unreadable: it is something else, or in another currency.
    """
    value = fields.value.get(name)
    if not isinstance(value, dict):
        return fields.number(name)
    amount = fields.child(name)
    currency = amount.text("currency")
    if currency != CURRENCY:
        raise Unreadable(amount.at("currency"), f"should be {CURRENCY}, but is {currency[:10]!r}")
    return amount.number("amount")


def money_or_zero(fields: Fields, name: str) -> Decimal:
    """Read an amount; zero when it is missing or null."""
    return money(fields, name) if fields.has(name) else Decimal(0)


def _discount(order: Fields, line_sum: Decimal) -> Decimal:
    """Read the order's discount in dollars; a percentage is one of the sum of the lines."""
    discount = money_or_zero(order, "discount")
    if discount == 0:
        return Decimal(0)
    kind = order.choice("discount_type", frozenset({"%", "$"}))
    if discount < 0 or (kind == "%" and discount > 100):
        raise Unreadable(order.at("discount"), f"is out of range: {discount}{kind}")
    return cents(line_sum * discount / 100) if kind == "%" else discount


def _tax(order: Fields, taxed: Decimal) -> Decimal:
    """Read the tax in dollars: `final_tax`, else `tax_amount`, a percentage when its type says so."""
    if order.has("final_tax"):
        return money(order, "final_tax")
    tax = money_or_zero(order, "tax_amount")
    if tax == 0 or not order.has("tax_type"):
        return tax
    kind = order.choice("tax_type", frozenset({"%", "$"}))
    return cents(taxed * tax / 100) if kind == "%" else tax


def _other_numbers(order: Fields) -> tuple[str, ...]:
    """Read the seller's own number of an order and the buyer's."""
    numbers = (order.text_or_empty(name) for name in ("external_id_seller", "external_id_buyer"))
    return tuple(filter(None, numbers))


def _external_ids(order: Fields) -> dict[str, str]:
    """Read the ids that other systems have for an order, by LeafLink's key for each; null means none."""
    ids = order.child_or_empty("external_ids")
    return {key: ids.text(key) for key in ids.value if ids.has(key)}


def _transitions(order: Fields) -> tuple[str, ...]:
    """Read the states offered next, in lower case; described as a text, shown and seen as a list."""
    value = order.value.get("available_transitions")
    states = value.split(",") if isinstance(value, str) else value
    if not isinstance(states, list | None) or any(not isinstance(state, str) for state in states or ()):
        raise Unreadable(order.at("available_transitions"), "should be a list of states")
    return tuple(state.strip().lower() for state in states or () if state.strip())


def _ship_at(order: Fields) -> datetime | None:
    """Read when the order is to ship; a bare date as its noon in UTC, the same day all over America."""
    if not order.has("ship_date"):
        return None
    written = order.text("ship_date")
    if len(written) == len("2026-11-30"):
        return Fields({"ship_date": f"{written}T12:00:00"}).time("ship_date", naive_is_utc=True)
    return order.time("ship_date").astimezone(UTC)


def _notes(order: Fields) -> str:
    """Join the buyer's notes with what they ask of the delivery, which Flourish has no field for."""
    info = order.child_or_empty("delivery_info")
    how = _ACQUIRE_TYPES.get(int(info.number("acquire_type"))) if info.has("acquire_type") else None
    parts = (
        ("", order.text_or_empty("notes")),
        ("Shipping: ", order.text_or_empty("shipping_details")),
        ("Delivery preferences: ", order.text_or_empty("delivery_preferences")),
        ("Handover: ", how or ""),
        ("Manifest: ", info.text_or_empty("manifest_number")),
    )
    return "\n".join(label + text.strip() for label, text in parts if text.strip())


def _unsupported(lines: tuple[Fields, ...]) -> tuple[tuple[str, str], ...]:
    """Name what the order carries that cannot be carried over: (what it is, what to do)."""
    nameless = [_product(line)[0] for line in lines if line.value.get("batch") and not _batch_number(line)]
    if not nameless:
        return ()
    what = f"lines of batches whose number LeafLink does not tell: {', '.join(nameless)}"
    return ((what, "Choose the batches of these lines in LeafLink again, and give each its number."),)


def _customer(customer: Fields, order: Fields) -> Customer:
    shown = customer.text_or_empty("license_number").strip()
    license_type, license_type_ref = _license_type(customer)
    names = (customer.text_or_empty(name).strip() for name in ("display_name", "name", "dba", "nickname"))
    return Customer(
        ref=customer.ident("id"),
        name=next(filter(None, names), ""),
        license=license_key(shown),
        license_shown=shown,
        license_type=license_type,
        license_type_ref=license_type_ref,
        email=customer.text_or_empty("email").strip(),
        phone=customer.text_or_empty("phone").strip(),
        address=_address(customer, order),
        reps=_managers(customer),
    )


def _managers(customer: Fields) -> tuple[str, ...]:
    """Read the customer's default sales reps (API: managers): ids, or objects that carry them."""
    value = customer.value.get("managers")
    if not isinstance(value, list | None):
        raise Unreadable(customer.at("managers"), "should be a list of sales reps")
    rows = [one if isinstance(one, dict) else {"id": one} for one in value or ()]
    return tuple(Fields(row, customer.at("managers")).ident("id") for row in rows)


def _license_type(customer: Fields) -> tuple[str, str]:
    """Read the license type's name, or its id where the customer tells no more: it is asked for if needed."""
    kind = customer.value.get("license_type")
    if isinstance(kind, dict):
        return license_type_name(customer.child("license_type")), ""
    shown = str(kind) if isinstance(kind, int | str) and not isinstance(kind, bool) else ""
    return ("", shown) if shown.isdigit() else (shown, "")


def license_type_name(kind: Fields) -> str:
    """Read the name of a license type."""
    return kind.text_or_empty("display_type") or kind.text_or_empty("type")


def _address(customer: Fields, order: Fields) -> Address:
    """Choose the first address with a street: the customer's, its delivery, its office, the order's."""
    places = (
        customer,
        customer.child_or_empty("delivery_address"),
        customer.child_or_empty("corporate_address"),
        order.child_or_empty("delivery_address"),
    )
    place = next((place for place in places if place.has("address") and place.text("address").strip()), None)
    if place is None:
        return Address()
    parts = ("address", "unit_number", "city", "state", "zipcode")
    return Address(*(place.text_or_empty(part).strip() for part in parts))


def read_page(payload: Json) -> tuple[tuple[Hint, ...], str, int | None]:
    """Read one page of changed orders: its hints, the address of the next page, and the count of all.

    Raises:
        Unreadable: it is no page, does not say whether more follows, or a row has no number.
    """
    page = Fields.of(payload)
    if "next" not in page.value:
        raise Unreadable("next", "is missing")
    hints = tuple(
        Hint(
            kind="order",
            ref=row.ident("number"),
            topic="poll",
            updated_at=row.time("modified"),
            label=row.text_or_empty("short_id"),
        )
        for row in page.children("results")
    )
    total = int(page.number("count")) if page.has("count") else None
    return hints, page.text_or_empty("next"), total


def read_webhook(payload: Json) -> Hint:
    """Read what a webhook is about; its data are not LeafLink's REST objects, so no more is read of them.

    Raises:
        Unreadable: it is about an order or a product, but does not say which.
    """
    envelope = Fields.of(payload)
    kind = payload.get("type")
    if kind not in ("order", "product") or not isinstance(payload.get("data"), dict):
        return Hint(kind="", ref="", topic=str(kind)[:60] if isinstance(kind, str) else "unknown")
    data = envelope.child("data")
    topic = f"{kind}/{envelope.text_or_empty('action')[:40]}"
    if kind == "order":
        return Hint("order", data.ident("number"), topic, label=data.text_or_empty("short_id"))
    changed = data.time("modified") if data.has("modified") else None
    ref = data.text_or_empty("sku") or data.ident("id")
    return Hint("item", ref, topic, changed, label=data.text_or_empty("name"), figures=_figures(data))


def _figures(product: Fields) -> str:
    """Quantity and what is reserved, as a product's facts have them; empty when it does not tell both."""
    names = ("quantity", "reserved_qty")
    if not all(product.has(name) for name in names):
        return ""
    return " ".join(f"{product.number(name).normalize():f}" for name in names)
