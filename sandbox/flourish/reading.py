"""What a caller sends, read field by field, with Flourish's plain sentences for what is wrong."""

from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.clock import parse, stamp
from sandbox.errors import BadValue
from sandbox.flourish import seed
from sandbox.money import decimal
from sandbox.office import Office
from sandbox.store import Body, Condition, equal

DESTINATION_TYPES = (
    "Laboratory", "Processor", "Grower", "Dispensary", "Distributor", "Manufacturer", "Other",
    "Microbusiness",
)  # fmt: skip
DESTINATION_FIELDS = (
    "type", "name", "alias", "company_email", "company_phone_number", "address_line_1", "address_line_2",
    "city", "state", "zip_code", "country", "timezone", "billing", "license_number", "local_license_number",
    "external_id", "website", "notes", "active",
)  # fmt: skip
DESTINATION_NEEDS = ("type", "name", "address_line_1", "city", "state", "zip_code")
METHODS = ("dollar", "percentage")
STATE_LETTERS = 2


def text(body: Body, name: str, *, needed: bool = False) -> str | None:
    """Return a text field, or None when it is absent.

    Raises:
        BadValue: it is no text, or is needed and empty.
    """
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise BadValue(f"{name} must be a string")
    if needed and not (value or "").strip():
        raise BadValue(f"{name} is required")
    return value


def moment(body: Body, name: str) -> str | None:
    """Return a date and time in the stored form, or None."""
    value = text(body, name)
    try:
        return stamp(parse(value)) if value else None
    except BadValue as error:
        raise BadValue(f"{name} is not a valid timestamp") from error


def day(body: Body, name: str) -> str | None:
    """Return a date, or None; a time after it is cut off."""
    value = text(body, name)
    try:
        return date.fromisoformat(value[:10]).isoformat() if value else None
    except ValueError as error:
        raise BadValue(f"{name} is not a valid date") from error


def rows(body: Body, name: str) -> list[Body]:
    """Return a list of objects; absent and null are empty."""
    value = body.get(name) or []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise BadValue(f"{name} must be a list of objects")
    return value


def amounts(office: Office, body: Body, name: str) -> list[Body]:
    """Return charges or discounts: an amount and a method each."""
    found = []
    for each in rows(body, name):
        if each.get("method") not in METHODS:
            raise BadValue(f"{name} method must be dollar or percentage")
        amount = _number(each.get("amount"), f"{name} amount", least=Decimal(0))
        found.append({"id": office.next_number(name), "amount": str(amount), "method": each["method"]})
    return found


def notes(office: Office, body: Body) -> list[Body]:
    """Return notes: subject, text and whether only staff see them."""
    return [
        {
            "id": office.next_number("note"),
            "subject": text(each, "subject") or "",
            "note": text(each, "note") or "",
            "internal_only": bool(each.get("internal_only", False)),
        }
        for each in rows(body, "notes")
    ]


def lines(office: Office, body: Body) -> list[Body]:
    """Return order lines; each names an active item by item_id or sku.

    Raises:
        BadValue: there is no line, or one cannot be.
    """
    found = [_line(office, each) for each in rows(body, "order_lines")]
    if not found:
        raise BadValue("order_lines is required")
    return found


def _line(office: Office, each: Body) -> Body:
    item = _item(office, each)
    variation = each.get("item_variation_pk")
    quantity = _number(each.get("order_qty"), "order_qty")
    if quantity <= 0:
        raise BadValue(f"order_qty must be greater than 0 for {item['sku']}")
    return {
        "item_id": item["id"],
        "strain_id": _strain(office, each, item),
        "item_variation_pk": variation,
        "lot_number": text(each, "lot_number") or None,
        "order_qty": str(quantity),
        "allocated_qty": "0",
        "unit_price": str(_number(each.get("unit_price", 0), "unit_price", least=Decimal(0))),
        "discount_price": str(_number(each.get("discount_price") or 0, "discount_price", least=Decimal(0))),
    }


def _item(office: Office, each: Body) -> Body:
    item_id, sku = text(each, "item_id"), text(each, "sku")
    if item_id:
        item = office.get("item", item_id)
    elif sku:
        item = office.first("item", equal("$.sku", sku), equal("$.active", 1)) or office.first(
            "item", equal("$.sku", sku)
        )
    else:
        raise BadValue("item_id or sku is required on every order line")
    if item is None:
        raise BadValue(f"Item not found: {item_id or sku}")
    if not item["active"]:
        raise BadValue(f"Item is not active: {item['sku']}")
    return item


def _strain(office: Office, each: Body, item: Body) -> str | None:
    strain = text(each, "strain_id") or item["strain_id"]
    if strain and office.get("strain", strain) is None:
        raise BadValue(f"Strain not found: {strain}")
    if item["strain_required"] and not strain:
        raise BadValue(f"strain_id is required for {item['sku']}")
    return strain


def _number(value: Any, name: str, least: Decimal | None = None) -> Decimal:
    try:
        return decimal(value, name, least)
    except BadValue as error:
        raise BadValue(
            f"{name} must be a number" if least is None else f"{name} must be a number not below 0"
        ) from error


def destination_fields(body: Body) -> Body:
    """Return a destination's fields as sent, checked.

    Raises:
        BadValue: one is needed and missing, or is no valid value.
    """
    for name in DESTINATION_NEEDS:
        text(body, name, needed=True)
    if body["type"] not in DESTINATION_TYPES:
        raise BadValue(f"type must be one of {', '.join(DESTINATION_TYPES)}")
    if len(body["state"]) != STATE_LETTERS:
        raise BadValue("state must be a two letter abbreviation")
    return {name: body[name] for name in DESTINATION_FIELDS if name in body}


def destination(office: Office, body: Body) -> Body:
    """Return the destination that an order names: by id alone, or found or created by its name."""
    sent = body.get("destination")
    if not isinstance(sent, dict) or not sent:
        raise BadValue("destination is required")
    if sent.get("id"):
        _alone(sent, "destination")
        found = office.get("destination", sent["id"])
        if found is None:
            raise BadValue(f"Destination not found: {sent['id']}")
        return _active(found, f"Destination is not active: {found['name']}")
    name = text(sent, "name", needed=True)
    by_name = Condition("lower(json_extract(body, '$.name')) = lower(?)", (name,))
    found = office.first("destination", by_name, equal("$.active", 1)) or office.first("destination", by_name)
    if found is not None:
        return _active(found, f"Destination is not active: {found['name']}")
    fields = {field: sent[field] for field in DESTINATION_FIELDS if field in sent}
    return seed.add_destination(office, fields)


def contact(body: Body) -> Body | None:
    """Return the contact sent with an order's destination, or None."""
    sent = body.get("destination")
    found = sent.get("contact") if isinstance(sent, dict) else None
    return found if isinstance(found, dict) else None


def sales_rep(office: Office, body: Body) -> int | None:
    """Return the id of the rep that an order names: by id alone, or found or created by e-mail."""
    sent = body.get("sales_rep")
    if not sent:
        return None
    if not isinstance(sent, dict):
        raise BadValue("sales_rep must be an object")
    if sent.get("id") is not None:
        _alone(sent, "sales_rep")
        found = office.get("sales_rep", sent["id"])
        if found is None:
            raise BadValue(f"Sales rep not found: {sent['id']}")
        return int(_active(found, f"Sales rep is not active: {sent['id']}")["sales_rep_id"])
    email = text(sent, "email", needed=True)
    by_email = Condition("lower(json_extract(body, '$.email')) = lower(?)", (email,))
    found = office.first("sales_rep", by_email) or seed.add_rep(
        office,
        {name: text(sent, name) or "" for name in ("first_name", "last_name")} | {"email": email},
    )
    return int(_active(found, f"Sales rep is not active: {email}")["sales_rep_id"])


def _active(found: Body, refusal: str) -> Body:
    """Return a record that new orders may name; no source says so of any but items, whose error is known."""
    if not found["active"]:
        raise BadValue(refusal)
    return found


def _alone(sent: Body, name: str) -> None:
    """Refuse other fields beside an id, as Flourish says of its writes."""
    if set(sent) - {"id"}:
        raise BadValue(f"{name}: no other field can be sent together with id")
