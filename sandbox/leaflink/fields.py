"""The fields of an order that may be changed, each with its reader; what is not here, PATCH leaves alone."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.clock import parse, stamp
from sandbox.errors import BadValue
from sandbox.leaflink.terms import METHODS, OFFERED, term
from sandbox.money import decimal
from sandbox.store import Body

MAX_EXTERNAL_ID = 36
DISCOUNT_TYPES = ("%", "$")


def _amount(name: str, value: Any) -> dict[str, Any]:
    return {name: str(decimal(value, name, least=Decimal(0)))}


def _money(name: str, value: Any) -> dict[str, Any]:
    amount = value.get("amount") if isinstance(value, dict) else value
    return {name: f"{decimal(amount, name, least=Decimal(0)):.2f}"}


def _discount_type(name: str, value: Any) -> dict[str, Any]:
    if value not in DISCOUNT_TYPES:
        raise BadValue(f'"{value}" is not a valid choice.', name)
    return {name: value}


def _text(limit: int) -> Callable[[str, Any], dict[str, Any]]:
    def read(name: str, value: Any) -> dict[str, Any]:
        if value is not None and not isinstance(value, str):
            raise BadValue("Not a valid string.", name)
        if value is not None and len(value) > limit:
            raise BadValue(f"Ensure this field has no more than {limit} characters.", name)
        return {name: value}

    return read


def _flag(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, bool):
        raise BadValue("Must be a valid boolean.", name)
    return {name: value}


def _moment(name: str, value: Any) -> dict[str, Any]:
    if value is None:
        return {name: None}
    if not isinstance(value, str):
        raise BadValue("Datetime has wrong format.", name)
    try:
        return {name: stamp(parse(value))}
    except BadValue as error:
        raise BadValue("Datetime has wrong format.", name) from error


def _day(name: str, value: Any) -> dict[str, Any]:
    if value is None:
        return {name: None}
    try:
        return {name: date.fromisoformat(value).isoformat()}
    except (TypeError, ValueError) as error:
        raise BadValue("Date has wrong format.", name) from error


def _term(_name: str, value: Any) -> dict[str, Any]:
    chosen = term(value)
    return {"term": chosen.code if chosen else None}


def _option(name: str, value: Any) -> dict[str, Any]:
    """Read a payment option: both ids, of a term that orders are offered and of a method."""
    ids = {each.id: each.code for each in OFFERED}
    if not isinstance(value, dict):
        raise BadValue("Invalid data. Expected a dictionary.", name)
    for needed in ("payment_term_id", "payment_method_id"):
        if needed not in value:
            raise BadValue(f"{needed}: This field is required.", name)
        if isinstance(value[needed], bool) or not isinstance(value[needed], int):
            raise BadValue(f"{needed}: A valid integer is required.", name)
    if value["payment_term_id"] not in ids or value["payment_method_id"] not in METHODS:
        raise BadValue("Invalid payment option.", name)
    return {"term": ids[value["payment_term_id"]], "method": value["payment_method_id"]}


def _object(name: str, value: Any) -> dict[str, Any]:
    if value is not None and not isinstance(value, dict):
        raise BadValue("Invalid data. Expected a dictionary.", name)
    return {name: value}


def _number(name: str, value: Any) -> dict[str, Any]:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise BadValue("A valid integer is required.", name)
    return {name: value}


READERS: dict[str, Callable[[str, Any], dict[str, Any]]] = {
    "discount": _amount,
    "discount_type": _discount_type,
    "tax_amount": _amount,
    "shipping_charge": _money,
    "payment_term": _term,
    "selected_payment_option": _option,
    "payment_due_date": _moment,
    "paid": _flag,
    "paid_date": _day,
    "ship_date": _moment,
    "shipping_details": _text(4000),
    "notes": _text(2000),
    "internal_notes": _text(2000),
    "delivery_preferences": _text(4000),
    "classification": _text(50),
    "delivery_provider": _number,
    "delivery_info": _object,
}

# What the app sets besides, and PATCH leaves alone.
APP_READERS = {**READERS, "credits": _money}


def change_fields(
    order: Body, fields: dict[str, Any], readers: dict[str, Callable[[str, Any], dict[str, Any]]]
) -> None:
    """Put new values into an order; fields without a reader are left alone.

    Raises:
        BadValue: a value has the wrong type or form.
    """
    for name, value in fields.items():
        if name in readers:
            order.update(readers[name](name, value))
    if "external_ids" in fields:
        order["external_ids"] = _merged(order["external_ids"], fields["external_ids"])


def _merged(present: dict[str, str], new: Any) -> dict[str, str]:
    """Merge external ids by key; null takes a key away."""
    if not isinstance(new, dict):
        raise BadValue("Invalid data. Expected a dictionary.", "external_ids")
    merged = dict(present)
    for key, value in new.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, str) and len(value) <= MAX_EXTERNAL_ID:
            merged[key] = value
        else:
            raise BadValue(f"Values are texts of up to {MAX_EXTERNAL_ID} characters.", "external_ids")
    return merged
