"""The Marketplace V2 API as a Flask application of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from sandbox.errors import BadValue, Refused, Unauthorized
from sandbox.jsontext import Json, read_object
from sandbox.leaflink import filters, inventory, keys, limits, orders, products, shapes
from sandbox.leaflink.auth import key_of
from sandbox.leaflink.filters import Filter, conditions
from sandbox.leaflink.orders import Actor
from sandbox.office import Office
from sandbox.outbox import Outbox
from sandbox.rates import RateLimit
from sandbox.store import Record, Store, equal

PAGE, MAX_PAGE = 50, 100
Show = Callable[[Office, Record], dict[str, Any]]


@dataclass(frozen=True)
class Resource:
    """A list of the API with its single objects."""

    path: str
    kind: str
    filters: dict[str, Filter]
    show: Show = shapes.dated


RESOURCES = (
    Resource("products", "product", filters.PRODUCTS, shapes.product),
    Resource("customers", "customer", filters.CUSTOMERS),
    Resource("company-staff", "staff", filters.STAFF),
    Resource("brands", "brand", filters.BRANDS),
    Resource("product-lines", "line", filters.LINES),
    Resource("product-categories", "category", {}),
    Resource("product-subcategories", "subcategory", {}),
    Resource("strains", "strain", filters.STRAINS),
    Resource("licenses", "license", filters.LICENSES),
    Resource("license-types", "license_type", {}),
    Resource("batches", "batch", filters.BATCHES),
    Resource("product-batches", "product_batch", {}),
    Resource("inventory/facilities", "inventory_facility", {}),
    Resource("companies", "company", {}),
    Resource("order-event-logs", "event", filters.EVENTS),
)


def create_app(store: Store, outbox: Outbox) -> Flask:
    """Return the API.

    Args:
        store: all state.
        outbox: takes webhooks.
    """
    app = Flask("sandbox.leaflink")
    app.json = Json(app)
    app.before_request(_entrance(store, outbox))
    app.after_request(_tell_standing)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(HTTPException, _http_error)
    for resource in RESOURCES:
        app.add_url_rule(f"/{resource.path}/", f"{resource.path}_list", _lister(resource))
        app.add_url_rule(f"/{resource.path}/<int:key>/", f"{resource.path}_read", _reader(resource))
    app.add_url_rule("/products/", view_func=create_product, methods=["POST"])
    app.add_url_rule("/products/<int:key>/", view_func=change_product, methods=["PATCH"])
    app.add_url_rule("/products/<int:key>/", view_func=archive_product, methods=["DELETE"])
    app.add_url_rule("/strains/", view_func=create_strain, methods=["POST"])
    app.add_url_rule("/product-lines/", view_func=create_line, methods=["POST"])
    app.add_url_rule("/product-lines/<int:key>/", view_func=change_line, methods=["PATCH"])
    app.add_url_rule("/batches/", view_func=create_batch, methods=["POST"])
    app.add_url_rule("/product-batches/", view_func=assign_batch, methods=["POST"])
    app.add_url_rule("/inventory/items/", view_func=list_inventory)
    app.add_url_rule("/inventory/items/", view_func=create_inventory, methods=["POST"])
    app.add_url_rule("/inventory/items/<int:key>/", view_func=read_inventory)
    app.add_url_rule("/inventory/items/<int:key>/", view_func=change_inventory, methods=["PATCH"])
    app.add_url_rule("/orders-received/", view_func=list_orders)
    app.add_url_rule("/orders-received/<number>/", view_func=read_order)
    app.add_url_rule("/orders-received/<number>/", view_func=patch_order, methods=["PATCH"])
    app.add_url_rule("/orders-received/<number>/transition/<action>/", view_func=move_order, methods=["POST"])
    app.add_url_rule("/orders-received/<number>/line-items/", view_func=list_order_lines)
    app.add_url_rule("/line-items/", view_func=list_lines)
    app.add_url_rule("/order-sales-reps/", view_func=list_order_reps)
    return app


def _entrance(store: Store, outbox: Outbox) -> Callable[[], ResponseReturnValue | None]:
    """Return what every request passes first: its path's form, its key, the rate limit, permissions."""
    limit = RateLimit()

    def enter() -> ResponseReturnValue | None:
        if not request.path.endswith("/"):
            raise BadValue("Request paths must end in a slash.")
        given = key_of(request.headers)
        key = keys.find(store, given)
        if key is None:
            raise Unauthorized("Invalid token." if given else "Authentication credentials were not provided.")
        g.office = Office(store, outbox, key.account)
        rates = limits.rates(store)
        if rates is not None:
            g.standing = limit.count(key.owner, rates)
            if not g.standing.allowed:
                return jsonify(detail="Request was throttled."), 429
        key.allow(request.method, request.path)
        return None

    return enter


def _tell_standing(response: Response) -> Response:
    """Tell in headers how the key's owner stands, while there is a rate limit."""
    if "standing" in g:
        response.headers.update(g.standing.headers())
    return response


def _refused(error: Refused) -> ResponseReturnValue:
    if isinstance(error, products.Invalid):
        return jsonify(error.errors), error.status
    body = {error.field: [error.message]} if error.field else {"detail": error.message}
    return jsonify(body), error.status


def _http_error(error: HTTPException) -> ResponseReturnValue:
    return jsonify(detail="Not found." if error.code == 404 else error.description), error.code or 500


def _lister(resource: Resource) -> Callable[[], ResponseReturnValue]:
    def list_all() -> ResponseReturnValue:
        office: Office = g.office
        where = conditions(resource.filters, request.args)
        limit, offset = _window()
        found = office.find(resource.kind, *where, limit=limit, offset=offset)
        shown = [_chosen_fields(resource.show(office, body)) for body in found]
        return _page(shown, office.count(resource.kind, *where), limit, offset)

    return list_all


def _reader(resource: Resource) -> Callable[[int], ResponseReturnValue]:
    def read(key: int) -> ResponseReturnValue:
        office: Office = g.office
        return jsonify(_chosen_fields(resource.show(office, office.look(resource.kind, key))))

    return read


def create_product() -> ResponseReturnValue:
    """Make a product."""
    office: Office = g.office
    return jsonify(shapes.product(office, products.create(office, read_object(request.get_data())))), 201


def change_product(key: int) -> ResponseReturnValue:
    """Change fields of a product, as a program does."""
    office: Office = g.office
    changed = products.change(office, key, read_object(request.get_data()), by_user=False)
    return jsonify(shapes.product(office, changed))


def archive_product(key: int) -> ResponseReturnValue:
    """Archive a product: there is no other way to delete one."""
    office: Office = g.office
    return jsonify(shapes.product(office, products.archive(office, key)))


def create_strain() -> ResponseReturnValue:
    """Make a strain."""
    return jsonify(products.create_strain(g.office, read_object(request.get_data()))), 201


def create_line() -> ResponseReturnValue:
    """Make a product line."""
    return jsonify(products.save_line(g.office, read_object(request.get_data()))), 201


def change_line(key: int) -> ResponseReturnValue:
    """Change a product line."""
    office: Office = g.office
    line = office.need("line", key)
    return jsonify(products.save_line(office, read_object(request.get_data()), line))


def create_batch() -> ResponseReturnValue:
    """Make a batch, of no product yet."""
    return jsonify(inventory.create_batch(g.office, read_object(request.get_data()))), 201


def assign_batch() -> ResponseReturnValue:
    """Say that a product has a batch."""
    return jsonify(inventory.assign(g.office, read_object(request.get_data()))), 201


def list_inventory() -> ResponseReturnValue:
    """List inventory items, archived ones only where they are asked for."""
    office: Office = g.office
    where = conditions(filters.INVENTORY, request.args)
    if request.args.get("include_archived", "").lower() not in filters.TRUE:
        where.append(equal("$.is_archived", 0))
    limit, offset = _window()
    found = office.find("inventory_item", *where, limit=limit, offset=offset)
    shown = [_chosen_fields(inventory.shown(body)) for body in found]
    return _page(shown, office.count("inventory_item", *where), limit, offset)


def create_inventory() -> ResponseReturnValue:
    """Make an inventory item."""
    return jsonify(inventory.shown(inventory.create(g.office, read_object(request.get_data())))), 201


def read_inventory(key: int) -> ResponseReturnValue:
    """Return one inventory item."""
    return jsonify(_chosen_fields(inventory.shown(g.office.look("inventory_item", key))))


def change_inventory(key: int) -> ResponseReturnValue:
    """Change the quantity of an inventory item, or archive it."""
    return jsonify(inventory.shown(inventory.change(g.office, key, read_object(request.get_data()))))


def list_orders() -> ResponseReturnValue:
    """List the company's orders, drafts of buyers not among them."""
    office: Office = g.office
    where = conditions(filters.ORDERS, request.args)
    limit, offset = _window()
    children = _names("include_children")
    found = office.find("order", *where, limit=limit, offset=offset)
    shown = [_chosen_fields(shapes.order(office, body, children)) for body in found]
    return _page(shown, office.count("order", *where), limit, offset)


def read_order(number: str) -> ResponseReturnValue:
    """Return one order."""
    office: Office = g.office
    return jsonify(
        _chosen_fields(shapes.order(office, office.look("order", number), _names("include_children")))
    )


def patch_order(number: str) -> ResponseReturnValue:
    """Change the fields of an order that the API may change."""
    office: Office = g.office
    order = orders.change(office, number, read_object(request.get_data()), _actor(office))
    return jsonify(shapes.order(office, order))


def move_order(number: str, action: str) -> ResponseReturnValue:
    """Take one step of the status machine."""
    office: Office = g.office
    order = orders.transition(office, number, action, _actor(office))
    return jsonify(shapes.order(office, order))


def list_order_lines(number: str) -> ResponseReturnValue:
    """Return an order's lines as a bare list."""
    office: Office = g.office
    order = office.look("order", number)
    return jsonify([_line(office, order, each) for each in order["line_items"]])


def list_lines() -> ResponseReturnValue:
    """List lines over all orders, or of one."""
    office: Office = g.office
    where = [equal("$.number", request.args["order"])] if "order" in request.args else []
    shown = [
        _line(office, order, each) for order in office.find("order", *where) for each in order["line_items"]
    ]
    limit, offset = _window()
    return _page(shown[offset : offset + limit], len(shown), limit, offset)


def list_order_reps() -> ResponseReturnValue:
    """List which rep is assigned to which order."""
    office: Office = g.office
    shown = [
        {**each, "order": order["number"], "created_on": shapes.moment(each["created_on"])}
        for order in office.find("order")
        for each in order["sales_reps"]
    ]
    limit, offset = _window()
    return _page(shown[offset : offset + limit], len(shown), limit, offset)


def _line(office: Office, order: Record, each: Record) -> dict[str, Any]:
    expanded = None
    if request.args.get("expand") == "product":
        expanded = shapes.product(office, office.look("product", each["product"]))
    return shapes.line(order, each, expanded)


def _actor(office: Office) -> Actor:
    return Actor(f"{office.account.world}.api", "api")


def _names(parameter: str) -> list[str]:
    return [name for name in request.args.get(parameter, "").split(",") if name]


def _chosen_fields(shown: dict[str, Any]) -> dict[str, Any]:
    include, exclude = _names("fields_include"), _names("fields_exclude")
    return {
        name: value
        for name, value in shown.items()
        if (not include or name in include) and name not in exclude
    }


def _window() -> tuple[int, int]:
    limit, offset = (_count(name, default) for name, default in (("limit", PAGE), ("offset", 0)))
    return min(limit or PAGE, MAX_PAGE), offset


def _count(name: str, default: int) -> int:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


def _page(shown: list[dict[str, Any]], count: int, limit: int, offset: int) -> ResponseReturnValue:
    after = _link(limit, offset + limit) if offset + limit < count else None
    before = _link(limit, max(0, offset - limit)) if offset > 0 else None
    return jsonify(count=count, next=after, previous=before, results=shown)


def _link(limit: int, offset: int) -> str:
    """Return this request's absolute URL at another place of the list."""
    query = [
        (name, value) for name, value in request.args.items(multi=True) if name not in ("limit", "offset")
    ]
    return f"{request.base_url}?{urlencode([*query, ('limit', limit), ('offset', offset)])}"
