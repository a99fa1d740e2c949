"""The control API's own description, put together from one table of routes."""

from typing import Any

from sandbox.accounts import LEAFLINK, PLATFORMS, WORLDS
from sandbox.control import aiq, flourish, ordo, retail
from sandbox.control.schemas import (
    ANY_OBJECT,
    COMPANY,
    FLAG,
    NUMBER,
    TEXT,
    WHOLE,
    Operation,
    Schema,
    list_of,
    nullable,
    object_of,
)
from sandbox.faults.table import KINDS
from sandbox.flourish.orders import LIVE
from sandbox.leaflink.keys import AREAS, LEVELS
from sandbox.leaflink.product_fields import READERS
from sandbox.leaflink.statuses import APP_ACTIONS, STATUSES

LINE = object_of(
    ("sku",),
    sku=TEXT,
    quantity={"type": ["number", "string"]},
    price={"type": ["number", "string"]},
    is_sample=FLAG,
    batch={"type": ["string", "null"], "description": "The number of a batch of the product."},
)

ORDER_FIELDS: dict[str, Schema] = {
    "lines": {"oneOf": [list_of(LINE), {"type": "integer", "minimum": 1, "maximum": 50}]},
    "customer": {"type": "string", "description": "A license number; by default one that Flourish knows."},
    "sales_rep": {
        "type": ["string", "null"],
        "description": "An e-mail, or null for none; by default one that matches.",
    },
    "status": {"type": "string", "enum": list(STATUSES)},
    "mismatch": {"type": "boolean", "description": "New orders: put in something that does not match."},
    "company": {"type": "string", "enum": list(WORLDS)},
    "discount": {"type": ["number", "string"]},
    "discount_type": {"type": "string", "enum": ["%", "$"]},
    "tax_amount": {"type": ["number", "string"], "description": "A percentage."},
    "shipping_charge": {"type": ["number", "string", "object"]},
    "credits": {"type": ["number", "string", "object"]},
    "payment_term": {"type": ["string", "integer", "null"], "description": "Code, id or words of a term."},
    "selected_payment_option": ANY_OBJECT,
    "payment_due_date": {"type": ["string", "null"], "format": "date-time"},
    "paid": FLAG,
    "paid_date": {"type": ["string", "null"], "format": "date"},
    "ship_date": {"type": ["string", "null"], "format": "date-time"},
    "shipping_details": {"type": ["string", "null"]},
    "notes": {"type": ["string", "null"]},
    "internal_notes": {"type": ["string", "null"]},
    "delivery_preferences": {"type": ["string", "null"]},
    "classification": TEXT,
    "delivery_provider": {"type": ["integer", "null"]},
    "delivery_info": {"type": ["object", "null"]},
    "external_ids": {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
}

FAULT = object_of(
    ("platform", "fault"),
    platform={"type": "string", "enum": list(PLATFORMS)},
    fault={
        "type": "string",
        "enum": list(KINDS),
        "description": " ".join(f"{name}: {kind.about}" for name, kind in KINDS.items()),
    },
    rate={"type": "number", "minimum": 0, "maximum": 1, "default": 1},
    seconds=nullable(NUMBER),
    argument={"description": " ".join(f"{name}: {kind.means}" for name, kind in KINDS.items() if kind.means)},
    times=nullable(WHOLE),
    only={
        "type": ["string", "null"],
        "description": "A method, a path below the API's base (* stands for anything), or both, as"
        " 'POST /outbound-orders': other requests are spared.",
    },
)

ACCOUNT = object_of(
    platform=TEXT,
    world=TEXT,
    company=TEXT,
    company_id=WHOLE,
    key=TEXT,
    username=nullable(TEXT),
    webhook_key=nullable(TEXT),
    base_url=TEXT,
    facilities=list_of(ANY_OBJECT),
    venues=list_of(ANY_OBJECT),
)

REQUEST = object_of(
    id=WHOLE,
    time=TEXT,
    platform=TEXT,
    key=nullable(TEXT),
    method=TEXT,
    path=TEXT,
    status=nullable(WHOLE),
    body_hash=TEXT,
    body=nullable(TEXT),
    fault=nullable(TEXT),
    retry_after=nullable(TEXT),
)

SETTINGS = object_of(
    (),
    leaflink_rate_limit={
        "type": ["integer", "null"],
        "description": "Requests a minute of one key owner in the long run; 0 or null is no limit.",
    },
    leaflink_burst={"type": "integer", "description": "Requests within one minute, at the most."},
    leaflink_per_second={
        "type": ["integer", "null"],
        "description": "Requests a second; 0 or null is no limit.",
    },
    ordo_rate_limit={
        "type": ["integer", "null"],
        "description": "Requests a minute of one key; 0 or null is no limit.",
    },
    **aiq.SETTINGS,
    **retail.SETTINGS,
    refuse_duplicate_original_order_id={
        "enum": [True, False, LIVE],
        "description": "Is a second order of one original id refused? live: a cancelled one frees its id.",
    },
)


def _records(*names: str) -> Schema:
    return object_of((), **dict.fromkeys(names, list_of(ANY_OBJECT)))


STATE = object_of(
    leaflink=_records("orders", "products", "inventory_items", "customers", "webhooks"),
    flourish=_records(
        "orders", "retail_orders", "items", "destinations", "customers", "discounts", "webhooks"
    ),
    ordo=_records("orders", "items", "brands", "licenses"),
    aiq=_records("orders", "products", "offers", "venues", "categories", "webhooks"),
)

KEY_FIELDS: dict[str, Schema] = {
    "company": {"type": "string", "enum": list(WORLDS)},
    "owner": {"type": "string", "description": "The user who made the key; the rate is counted by owner."},
    "permissions": object_of((), **{area: {"type": "string", "enum": list(LEVELS)} for area in AREAS}),
    "active": {"type": "boolean", "description": "False revokes the key."},
}
KEY = object_of(("key", *KEY_FIELDS), key=TEXT, **KEY_FIELDS)

PRODUCT_FIELDS: dict[str, Schema] = {
    "company": {"type": "string", "enum": list(WORLDS)},
    **{name: {"description": "As LeafLink's API takes it."} for name in READERS},
    "quantity": {"type": ["number", "string"], "description": "What is there."},
    "available_inventory": {"type": ["number", "string"], "description": "The same, less what is reserved."},
}


WEBHOOK = object_of(url=TEXT, key=TEXT, headers=ANY_OBJECT, company=TEXT)


OPERATIONS = (
    Operation("get", "/control/health", "Is the sandbox up?", 200, object_of(status=TEXT)),
    Operation("get", "/control/openapi.json", "This description.", 200, ANY_OBJECT),
    Operation("get", "/control/accounts", "The companies, their keys and base URLs.", 200, list_of(ACCOUNT)),
    Operation(
        "post",
        f"/control/{LEAFLINK}/orders",
        "Place a LeafLink order.",
        201,
        ANY_OBJECT,
        object_of(("lines",), **ORDER_FIELDS),
    ),
    Operation(
        "post",
        f"/control/{LEAFLINK}/orders/{{number}}",
        "Change a LeafLink order; any status may be set.",
        200,
        ANY_OBJECT,
        object_of((), **{name: each for name, each in ORDER_FIELDS.items() if name != "company"}),
    ),
    Operation(
        "post",
        f"/control/{LEAFLINK}/orders/{{number}}/{{action}}",
        f"Take one step as a person in the app: {', '.join(APP_ACTIONS)}.",
        200,
        ANY_OBJECT,
    ),
    Operation(
        "post",
        f"/control/{LEAFLINK}/combine",
        "Combine orders of one customer into a new one.",
        201,
        ANY_OBJECT,
        object_of(("numbers",), numbers=list_of(TEXT)),
    ),
    Operation(
        "post",
        f"/control/{LEAFLINK}/customers/{{license_number}}",
        "Change who a LeafLink customer's default sales reps are, by e-mail.",
        200,
        ANY_OBJECT,
        object_of(("sales_reps",), company=COMPANY, sales_reps=list_of(TEXT)),
    ),
    Operation(
        "post",
        f"/control/{LEAFLINK}/products",
        "Make a LeafLink product: a copy of the one of the SKU or id `like`, but for what is said.",
        201,
        ANY_OBJECT,
        object_of(("like",), like=TEXT, **PRODUCT_FIELDS),
    ),
    Operation(
        "post",
        f"/control/{LEAFLINK}/products/{{key}}",
        "Change a LeafLink product, by SKU or id, as a person or another program would.",
        200,
        ANY_OBJECT,
        object_of((), **PRODUCT_FIELDS),
    ),
    Operation("get", f"/control/{LEAFLINK}/keys", "The API keys and what they may do.", 200, list_of(KEY)),
    Operation(
        "post",
        f"/control/{LEAFLINK}/keys/{{key}}",
        "Make an API key, or change one; what is left out stays.",
        200,
        KEY,
        object_of((), **KEY_FIELDS),
    ),
    *flourish.OPERATIONS,
    *retail.OPERATIONS,
    *ordo.OPERATIONS,
    *aiq.OPERATIONS,
    Operation(
        "get",
        "/control/faults",
        "The faults that are on, and all there are, explained.",
        200,
        object_of(on=list_of(ANY_OBJECT), kinds=list_of(ANY_OBJECT), late_writes=WHOLE),
    ),
    Operation("post", "/control/faults", "Switch a fault on.", 201, ANY_OBJECT, FAULT),
    Operation("delete", "/control/faults", "Switch all faults off.", 204, None),
    Operation("delete", "/control/faults/{number}", "Switch one fault off.", 204, None),
    Operation(
        "get",
        "/control/ledger",
        "Every request, oldest first; since is a moment or an id, limit the most to list.",
        200,
        list_of(REQUEST),
        query=("platform", "since", "limit"),
    ),
    Operation(
        "post",
        "/control/reset",
        "Make all data anew from a seed; ledger and settings stay.",
        200,
        object_of(seed=WHOLE),
        object_of(seed=WHOLE, keep_webhooks=FLAG),
    ),
    Operation(
        "get",
        "/control/state",
        "Everything, in the platforms' own field names; or lists of one name, such as orders.",
        200,
        STATE,
        query=("of",),
    ),
    Operation(
        "post",
        f"/control/{LEAFLINK}/webhooks",
        "Register a webhook; a key becomes the company's.",
        201,
        WEBHOOK,
        object_of(("company", "url"), company=COMPANY, url=TEXT, key=nullable(TEXT)),
    ),
    Operation("get", "/control/settings", "The settings.", 200, SETTINGS),
    Operation("post", "/control/settings", "Change settings.", 200, SETTINGS, SETTINGS),
    Operation("get", "/control/deliveries", "The latest webhook deliveries.", 200, list_of(ANY_OBJECT)),
)


def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document."""
    paths: dict[str, dict[str, Any]] = {}
    for each in OPERATIONS:
        paths.setdefault(each.path, {})[each.method] = _operation(each)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Sandbox control API", "version": "1", "description": "On loopback only."},
        "paths": paths,
        "components": {"schemas": {"Error": object_of(("error",), error=TEXT)}},
    }


def _operation(each: Operation) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "Done."}
    if each.answer is not None:
        answer["content"] = {"application/json": {"schema": each.answer}}
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    shown: dict[str, Any] = {
        "summary": each.summary,
        "parameters": [
            *_in_path(each.path),
            *({"name": name, "in": "query", "schema": TEXT} for name in each.query),
        ],
        "responses": {
            str(each.status): answer,
            "400": {"description": "Refused, in words.", "content": error},
        },
    }
    if "{" in each.path:
        shown["responses"]["404"] = {"description": "There is no such thing.", "content": error}
    if each.asked is not None:
        shown["requestBody"] = {"content": {"application/json": {"schema": each.asked}}}
    return shown


def _in_path(path: str) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]
