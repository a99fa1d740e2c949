"""Query parameters as conditions; a repeated name means any of its values."""

from collections.abc import Callable, Sequence

from werkzeug.datastructures import MultiDict

from sandbox.clock import parse, stamp
from sandbox.errors import BadValue
from sandbox.store import Condition, compare, contains, one_of

Filter = Callable[[Sequence[str]], Condition]
MAX_DIGITS = 18
FLAGS = {"true": 1, "1": 1, "false": 0, "0": 0}


def _any(path: str) -> Filter:
    return lambda values: one_of(f"$.{path}", values)


def _flag(path: str) -> Filter:
    def read(values: Sequence[str]) -> Condition:
        unknown = [value for value in values if value.lower() not in FLAGS]
        if unknown:
            raise BadValue(f"'{unknown[0]}' is not true or false")
        return one_of(f"$.{path}", [FLAGS[value.lower()] for value in values])

    return read


def _whole(path: str) -> Filter:
    def read(values: Sequence[str]) -> Condition:
        if not all(value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS for value in values):
            raise BadValue(f"{path} must be a number")
        return one_of(f"$.{path}", [int(value) for value in values])

    return read


def _window(name: str, path: str | None = None) -> dict[str, Filter]:
    place = f"$.{path or name}"
    return {
        f"{name}_start": lambda values: compare(place, ">=", stamp(parse(values[0]))),
        f"{name}_end": lambda values: compare(place, "<=", stamp(parse(values[0]))),
    }


def _has_available(values: Sequence[str]) -> Condition:
    operator = ">" if FLAGS.get(values[0].lower()) else "<="
    sql = f"json_extract(body, '$.qty') - json_extract(body, '$.allocated') {operator} 0"
    return Condition(sql, ())


FACILITIES: dict[str, Filter] = {"facility_type": _any("facility_type"), "active": _flag("active")}

ITEMS: dict[str, Filter] = {
    "item_id": _any("id"), "sku": _any("sku"), "item_name": _any("item_name"), "active": _flag("active"),
    "sellable": _flag("sellable"), "ecommerce_active": _flag("ecommerce_active"), "brand_name": _any("brand"),
    "strain_name": _any("strain_name"), "strain_required": _flag("strain_required"), "uom": _any("uom"),
    "inventory_type": _any("inventory_type"), "item_class": _any("item_class"),
    "item_category": _any("item_category"), "ecommerce_category_name": _any("ecommerce_category_name"),
    "ecommerce_sub_category_name": _any("ecommerce_sub_category_name"), "is_external": _flag("external"),
    "is_medical": _flag("is_medical"), **_window("last_updated_timestamp"),
}  # fmt: skip

STOCK: dict[str, Filter] = {
    "item_id": _any("item_id"), "sku": _any("sku"), "lot_number": _any("lot_number"),
    "has_available_qty": _has_available, **_window("last_updated_timestamp"),
}  # fmt: skip

BRANDS: dict[str, Filter] = {
    "brand_id": _whole("brand_id"), "brand_name": _any("brand_name"), "active": _flag("active"),
}  # fmt: skip

TERMS: dict[str, Filter] = {
    "order_payment_term": _any("order_payment_term"),
    "search": lambda values: contains("$.order_payment_term", values[0]),
}

CUSTOMERS: dict[str, Filter] = {
    **{name: _any(name) for name in ("first_name", "last_name", "dob", "state", "patient_id")},
    "phone_number": _any("phone"),
    "email": lambda values: one_of("$.email", [value.lower() for value in values]),
    **_window("last_updated_timestamp"),
}


def _of_patient(values: Sequence[str]) -> Condition:
    """Return the condition that an order's customer has one of these patient ids."""
    patient = one_of("$.patient_id", values)
    theirs = f"SELECT key FROM record WHERE kind = ? AND {patient.sql}"  # noqa: S608 - code's own words
    sql = f"json_extract(body, '$.customer_id') IN ({theirs})"
    return Condition(sql, ("flourish.customer", *patient.arguments))


RETAIL_ORDERS: dict[str, Filter] = {
    "customer_id": _any("customer_id"), "patient_id": _of_patient, "order_status": _any("order_status"),
    "order_origin": _any("order_origin"), "order_fulfillment_type": _any("fulfillment_type"),
    "order_payment_status": _any("payment_status"), "order_id": _any("id"),
    **{name: _flag(name) for name in ("is_backorder", "is_preorder", "needs_review")},
    **{
        name: each
        for moment in ("created", "submitted", "packed", "completed")
        for name, each in _window(f"{moment}_timestamp").items()
    },
}  # fmt: skip

LABS: dict[str, Filter] = {
    "lab_test_result_id": _whole("lab_test_result_id"), "lot_number": _any("lot_number"),
    "lab_test_id": _any("lab_test_id"), "laboratory_id": _any("laboratory_id"),
    "lab_test_result_status": _any("status"), "is_final": _flag("is_final"),
    **_window("created_timestamp"), **_window("last_updated_timestamp"),
    **_window("sample_analyzed_timestamp"),
}  # fmt: skip

DESTINATIONS: dict[str, Filter] = {
    "destination_type": _any("type"), "facility_name": _any("name"), "alias": _any("alias"),
    "license_number": _any("license_number"), "search": lambda values: contains("$.name", values[0]),
    **_window("last_updated_timestamp"),
}  # fmt: skip

ORDERS: dict[str, Filter] = {
    "order_status": _any("order_status"), "order_origin": _any("origin_type"),
    "order_payment_status": _any("payment_status"), "order_id": _any("id"), **_window("created_timestamp"),
    **_window("last_updated_timestamp"), **_window("completed_timestamp", "shipped_timestamp"),
}  # fmt: skip


def conditions(table: dict[str, Filter], query: MultiDict[str, str]) -> list[Condition]:
    """Return the conditions that a query asks for; unknown parameters and empty values are ignored.

    Raises:
        BadValue: a value cannot be read.
    """
    return [table[name](query.getlist(name)) for name in query if name in table and query[name]]
