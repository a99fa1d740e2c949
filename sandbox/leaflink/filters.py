"""Query parameters as conditions, one table per resource; what a table lacks is ignored, as in LeafLink."""

from collections.abc import Callable

from sandbox.clock import parse, stamp
from sandbox.errors import BadValue
from sandbox.store import Condition, compare, contains, equal, in_list, none_of, one_of, starts_with

Filter = Callable[[str], Condition]
OPERATORS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
LISTING_STATES = ("Available", "Archived", "Sample", "Backorder", "Internal", "Unavailable")
MAX_DIGITS = 18
TRUE, FALSE = ("true", "1", "yes"), ("false", "0", "no")


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        raise BadValue("Enter a number.")
    return int(text)


def _yes(text: str) -> bool:
    if text.lower() not in (*TRUE, *FALSE):
        raise BadValue("Enter true or false.")
    return text.lower() in TRUE


def _id(path: str) -> dict[str, Filter]:
    return {path: lambda text: equal(f"$.{path}", _whole(text))}


def _flag(path: str) -> dict[str, Filter]:
    return {path: lambda text: equal(f"$.{path}", int(_yes(text)))}


def _time(path: str) -> dict[str, Filter]:
    def at(operator: str) -> Filter:
        return lambda text: compare(f"$.{path}", operator, stamp(parse(text)))

    return {f"{path}__{name}": at(operator) for name, operator in OPERATORS.items()}


def _text(path: str) -> dict[str, Filter]:
    return {
        path: lambda text: equal(f"$.{path}", text),
        f"{path}__in": lambda text: one_of(f"$.{path}", text.split(",")),
        f"{path}__startswith": lambda text: starts_with(f"$.{path}", text),
        f"{path}__icontains": lambda text: contains(f"$.{path}", text),
    }


def _statuses(text: str) -> list[str]:
    return [each.strip().lower().capitalize() for each in text.split(",")]


def _listing_state(text: str) -> Condition:
    """Take a listing state's id, its place in the list, or its name: the spec says id and defines none."""
    if text.isdigit() and 1 <= int(text) <= len(LISTING_STATES):
        return equal("$.listing_state", LISTING_STATES[int(text) - 1])
    return equal("$.listing_state", text.capitalize())


def _archived(text: str) -> Condition:
    test = equal if _yes(text) else lambda path, value: none_of(path, (value,))
    return test("$.listing_state", "Archived")


ORDERS: dict[str, Filter] = {
    **_time("modified"),
    **_time("created_on"),
    **_text("external_id_seller"),
    **_id("buyer"),
    **_id("customer"),
    **_id("brand"),
    **_flag("paid"),
    **_flag("manual"),
    "classification": lambda text: equal("$.classification", text),
    "number": lambda text: one_of("$.number", text.split(",")),
    "order_id": lambda text: one_of("$.short_id", text.split(",")),
    "status": lambda text: one_of("$.status", _statuses(text)),
    "status__not": lambda text: none_of("$.status", _statuses(text)),
    "sales_rep": lambda text: Condition(
        "EXISTS (SELECT 1 FROM json_each(body, '$.sales_reps') WHERE json_extract(value, '$.rep') = ?)",
        (_whole(text),),
    ),
}

PRODUCTS: dict[str, Filter] = {
    **_time("modified"),
    **_time("last_edit"),
    **_time("created_on"),
    **_id("id"),
    **_id("brand"),
    **_id("product_line"),
    **_id("category"),
    **_id("sub_category"),
    **_text("name"),
    **_text("display_name"),
    **_text("seller_internal_id"),
    "sku": lambda text: one_of("$.sku", text.split(",")),
    "search": lambda text: contains("$.name", text),
    "company": lambda text: equal("$.seller", _whole(text)),
    "license": lambda text: equal("$.license.id", _whole(text)),
    "listing_state": _listing_state,
    "archived": _archived,
    "strains": lambda text: in_list("$.strains", _whole(text)),
    "parent": lambda text: equal("$.parent.id", _whole(text)),
    "parent__isnull": lambda text: Condition(
        f"json_extract(body, '$.parent') IS {'' if _yes(text) else 'NOT '}NULL", ()
    ),
}

CUSTOMERS: dict[str, Filter] = {
    **_time("modified"),
    **_time("created_on"),
    **_id("id"),
    **_id("owner"),
    **_id("partner"),
    **_id("license_type"),
    **_flag("archived"),
    **_flag("delinquent"),
    **_flag("license_inactive"),
    **_text("name"),
    **_text("nickname"),
    **_text("dba"),
    **_text("license_number"),
    **_text("old_license_number"),
    **_text("ext_acct_id"),
    **_text("external_id"),
    **_text("email"),
    **_text("phone"),
    "state": lambda text: equal("$.state", text),
    "id__in": lambda text: one_of("$.id", [_whole(each) for each in text.split(",")]),
}

STAFF: dict[str, Filter] = {**_id("company"), **_flag("is_admin"), **_flag("is_active")}

LINES: dict[str, Filter] = {**_id("id"), **_id("brand")}

STRAINS: dict[str, Filter] = {
    **_id("id"),
    **_id("company"),
    **_text("name"),
    "strain_classification": lambda text: equal("$.strain_classification", text),
}

LICENSES: dict[str, Filter] = {**_id("id"), **_text("number")}

EVENTS: dict[str, Filter] = {
    **_id("id"),
    "order": lambda text: equal("$.order", text),
    "by": lambda text: equal("$.by", text),
}

BATCHES: dict[str, Filter] = {
    **_id("id"),
    "owner": lambda text: equal("$.owner", text),
    **_text("production_batch_number"),
    "products": lambda text: Condition(
        "json_extract(body, '$.id') IN (SELECT json_extract(link.body, '$.batch') FROM record AS link"
        " WHERE link.kind = 'leaflink.product_batch' AND json_extract(link.body, '$.product') = ?)",
        (_whole(text),),
    ),
}

INVENTORY: dict[str, Filter] = _id("product")

BRANDS: dict[str, Filter] = _id("company")


def conditions(table: dict[str, Filter], query: dict[str, str]) -> list[Condition]:
    """Return the conditions that a query asks for.

    Args:
        table: what the resource can be filtered by.
        query: the parameters; unknown ones and empty values are ignored.

    Raises:
        BadValue: a value cannot be read; its `field` is the parameter.
    """
    found = []
    for name, text in query.items():
        if name in table and text:
            try:
                found.append(table[name](text))
            except BadValue as error:
                raise BadValue(error.message, name) from error
    return found + _external_ids(query)


def _external_ids(query: dict[str, str]) -> list[Condition]:
    """Return the condition on external ids; it takes both the key and the values."""
    key, values = query.get("external_id_key"), query.get("external_id_values")
    if not key or not values:
        return []
    wanted = values.split(",")
    marks = ", ".join("?" * len(wanted))
    sql = f"EXISTS (SELECT 1 FROM json_each(body, '$.external_ids') WHERE key = ? AND value IN ({marks}))"  # noqa: S608 - question marks only
    return [Condition(sql, (key, *wanted))]
