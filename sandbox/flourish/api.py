"""The external API as a Flask application of its own: version 1, and the few operations of version 2."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Flask, g, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from sandbox.clock import stamp
from sandbox.errors import BadValue, Missing, Refused, Unauthorized
from sandbox.flourish import filters, labs, orders, reading, seed, shapes, variations
from sandbox.flourish.answers import facility_id, is_version_2, one, sent
from sandbox.flourish.auth import account_of
from sandbox.flourish.filters import Filter, conditions
from sandbox.flourish.retail.api import CREATE, add_routes
from sandbox.flourish.retail.shapes import customer as customer_shape
from sandbox.flourish.retail.shapes import listed as listed_retail_order
from sandbox.flourish.retail.shapes import read as retail_order
from sandbox.flourish.stock import summary
from sandbox.jsontext import Json
from sandbox.money import decimal
from sandbox.office import Office
from sandbox.outbox import Outbox
from sandbox.store import Condition, Record, Store, equal

MAX_PAGE = 50
Show = Callable[[Office, Record], Any]


def _list_order(office: Office, body: Record) -> dict[str, Any]:
    return shapes.order(office, body, with_notes=False)


def _strain_alone(_office: Office, body: Record) -> list[Record]:
    """Return a single strain in a list, as the documented example does."""
    return [body]


@dataclass(frozen=True)
class Resource:
    """A list of the API with, where it has them, its single objects.

    Args:
        path: its path.
        kind: the record kind.
        filters: what a list can be filtered by.
        listed: the shape in a list.
        read: the shape alone, or None when there is no such operation.
        facility: "" when the FacilityID header says nothing, "needed" or "optional" when it narrows the list.
    """

    path: str
    kind: str
    filters: dict[str, Filter]
    listed: Show = shapes.plain
    read: Show | None = None
    facility: str = ""


RESOURCES = (
    Resource("facilities", "facility", filters.FACILITIES, read=shapes.plain),
    Resource("items", "item", filters.ITEMS, shapes.item, shapes.item),
    Resource("brands", "brand", filters.BRANDS),
    Resource("strains", "strain", {}, read=_strain_alone),
    Resource("uoms", "uom", {}),
    Resource("itemcategories", "category", {}),
    Resource("inventory/summary", "stock", filters.STOCK, summary, facility="needed"),
    Resource("sales-reps", "sales_rep", {}, facility="checked"),
    Resource("order-payment-terms", "term", filters.TERMS, read=shapes.plain, facility="checked"),
    Resource("destinations", "destination", filters.DESTINATIONS, shapes.destination, shapes.destination),
    Resource("customers", "customer", filters.CUSTOMERS, read=customer_shape),
    Resource("outbound-orders", "order", filters.ORDERS, _list_order, shapes.order, facility="optional"),
    Resource(
        "retail-orders",
        "retail_order",
        filters.RETAIL_ORDERS,
        listed_retail_order,
        retail_order,
        facility="optional",
    ),
    Resource("lab-test-results", "lab", filters.LABS, labs.shown, labs.shown),
)
# Of version 2 the documentation shows these.
IN_VERSION_2 = (CREATE, "lab-test-results_read")


def create_app(store: Store, outbox: Outbox) -> Flask:
    """Return the API.

    Args:
        store: all state.
        outbox: takes webhooks.
    """
    app = Flask("sandbox.flourish")
    app.json = Json(app)

    @app.before_request
    def enter() -> None:
        account = account_of(request.headers)
        if account is None:
            raise Unauthorized("Unauthorized")
        g.office = Office(store, outbox, account)
        if is_version_2() and request.endpoint not in IN_VERSION_2:
            raise Missing("Not Found")

    app.register_error_handler(Refused, _refused)
    app.register_error_handler(HTTPException, _http_error)
    for resource in RESOURCES:
        app.add_url_rule(f"/{resource.path}", f"{resource.path}_list", _lister(resource))
        if resource.read is not None:
            app.add_url_rule(
                f"/{resource.path}/<key>", f"{resource.path}_read", _reader(resource, resource.read)
            )
    app.add_url_rule("/items/<key>/itemvariations", view_func=list_variations)
    app.add_url_rule("/order-payment-terms", view_func=add_term, methods=["POST"])
    app.add_url_rule("/destinations", view_func=add_destination, methods=["POST"])
    app.add_url_rule("/destinations/<key>", view_func=change_destination, methods=["PUT"])
    app.add_url_rule("/outbound-orders", view_func=create_order, methods=["POST"])
    app.add_url_rule("/outbound-orders/<key>", view_func=update_order, methods=["PUT"])
    add_routes(app)
    return app


def _refused(error: Refused) -> ResponseReturnValue:
    return jsonify(message=error.message, status=error.status), error.status


def _http_error(error: HTTPException) -> ResponseReturnValue:
    return jsonify(message=error.name, status=error.code), error.code or 500


def _lister(resource: Resource) -> Callable[[], ResponseReturnValue]:
    def list_all() -> ResponseReturnValue:
        office: Office = g.office
        where = [*conditions(resource.filters, request.args), *_scope(office, resource)]
        return _page(office, resource.kind, where, resource.listed)

    return list_all


def _page(office: Office, kind: str, where: list[Condition], show: Show) -> ResponseReturnValue:
    limit, offset = min(_count("limit", MAX_PAGE) or MAX_PAGE, MAX_PAGE), _count("offset", 0)
    found = office.find(kind, *where, limit=limit, offset=offset)
    total = office.count(kind, *where)
    more = _link(limit, offset + limit) if offset + limit < total else ""
    meta = {"total": total, "offset": offset, "limit": limit, "count": len(found), "next": more}
    data = [show(office, body) for body in found]
    return jsonify(message="Success", status=200, meta=meta, data=data)


def list_variations(key: str) -> ResponseReturnValue:
    """List the variations of an item."""
    office: Office = g.office
    office.need("item", key)
    return _page(office, "variation", [equal("$.item_id", key)], variations.shown)


def _reader(resource: Resource, show: Show) -> Callable[[str], ResponseReturnValue]:
    def read(key: str) -> ResponseReturnValue:
        office: Office = g.office
        where = _scope(office, resource)
        body = office.look(resource.kind, key)
        if where and resource.facility == "optional" and body["facility_id"] != request.headers["FacilityID"]:
            return _refused(_missing(resource))
        return one(show(office, body))

    return read


def _missing(resource: Resource) -> Refused:
    error = Refused(f"No {resource.kind} with this id")
    error.status = 404
    return error


def _scope(office: Office, resource: Resource) -> list[Condition]:
    """Return what the FacilityID header narrows a list to, after checking it where it is needed."""
    given = request.headers.get("FacilityID")
    if not resource.facility or (resource.facility == "optional" and not given):
        return []
    facility = facility_id(office)
    return [] if resource.facility == "checked" else [equal("$.facility_id", facility)]


def add_term() -> ResponseReturnValue:
    """Add a payment term."""
    office: Office = g.office
    facility_id(office)
    body = sent()
    name = reading.text(body, "order_payment_term", needed=True) or ""
    days = int(decimal(body.get("due_num_days", 0), "due_num_days"))
    if office.first("term", equal("$.order_payment_term", name)) is not None:
        raise BadValue(f"Payment term already exists: {name}")
    return one(seed.add_term(office, name, days))


def add_destination() -> ResponseReturnValue:
    """Add a destination."""
    office: Office = g.office
    return one(shapes.destination(office, seed.add_destination(office, reading.destination_fields(sent()))))


def change_destination(key: str) -> ResponseReturnValue:
    """Change a destination."""
    office: Office = g.office
    present = office.need("destination", key)
    changed = {
        **present,
        **reading.destination_fields({**present, **sent()}),
        "last_updated_timestamp": stamp(),
    }
    office.put("destination", key, changed)
    return one(shapes.destination(office, changed))


def create_order() -> ResponseReturnValue:
    """Create an outbound order in the facility of the header."""
    office: Office = g.office
    return one(shapes.order(office, orders.create(office, facility_id(office), sent())))


def update_order(key: str) -> ResponseReturnValue:
    """Change or cancel an outbound order of the facility of the header."""
    office: Office = g.office
    return one(shapes.order(office, orders.update(office, facility_id(office), key, sent())))


def _count(name: str, default: int) -> int:
    text = request.args.get(name, request.args.get(name.title(), ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


def _link(limit: int, offset: int) -> str:
    """Return this request's absolute URL at another place of the list."""
    paging = ("limit", "offset", "Limit", "Offset")
    query = [(name, value) for name, value in request.args.items(multi=True) if name not in paging]
    return f"{request.base_url}?{urlencode([*query, ('limit', limit), ('offset', offset)])}"
