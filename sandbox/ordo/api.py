"""The assumed API, version 1, as a Flask application of its own.

Every list is `{data, next_cursor}`; every refusal `{error: {code, message, field}}`. Ordo is not known to
send webhooks: its orders are polled.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, g, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from sandbox import cursors, reading
from sandbox.errors import BadValue, Refused, Unauthorized
from sandbox.jsontext import Json, read_object
from sandbox.office import Office
from sandbox.ordo import filters, items, limits, orders, repeats, shapes
from sandbox.ordo.auth import account_of
from sandbox.ordo.refusals import code_of
from sandbox.outbox import Outbox
from sandbox.queries import Filter, conditions
from sandbox.rates import RateLimit
from sandbox.store import Record, Store

PAGE, MAX_PAGE = 50, 100
MAX_DIGITS = 9
Show = Callable[[Office, Record], dict[str, Any]]


@dataclass(frozen=True)
class Resource:
    """A list of the API.

    Args:
        path: its path.
        kind: the record kind.
        filters: what it can be filtered by.
        show: the shape of its objects.
    """

    path: str
    kind: str
    filters: dict[str, Filter]
    show: Show = shapes.plain


RESOURCES = (
    Resource("brands", "brand", {}),
    Resource("licenses", "license", {}),
    Resource("items", "item", filters.ITEMS, shapes.item),
    Resource("orders", "order", filters.ORDERS, shapes.order),
)


def create_app(store: Store, outbox: Outbox) -> Flask:
    """Return the API.

    Args:
        store: all state.
        outbox: takes webhooks, of which Ordo sends none.
    """
    app = Flask("sandbox.ordo")
    app.json = Json(app)
    app.before_request(_entrance(store, outbox))
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(HTTPException, _http_error)
    for resource in RESOURCES:
        app.add_url_rule(f"/{resource.path}", f"{resource.path}_list", _lister(resource))
    app.add_url_rule("/organization", view_func=read_organization)
    app.add_url_rule("/items/<external_id>", view_func=put_item, methods=["PUT"])
    app.add_url_rule("/orders/<order_id>", view_func=read_order)
    app.add_url_rule("/orders/<order_id>", view_func=patch_order, methods=["PATCH"])
    return app


def _entrance(store: Store, outbox: Outbox) -> Callable[[], ResponseReturnValue | None]:
    """Return what every request passes first: its key, and the rate limit."""
    limit = RateLimit()

    def enter() -> ResponseReturnValue | None:
        account = account_of(request.headers)
        if account is None:
            raise Unauthorized("The key is missing or unknown.")
        g.office = Office(store, outbox, account)
        rates = limits.rates(store)
        standing = limit.count(account.key, rates) if rates is not None else None
        if standing is None or standing.allowed:
            return None
        return *_error("rate_limited", "Too many requests.", 429), standing.headers()

    return enter


def _error(code: str, message: str, status: int, field: str | None = None) -> tuple[Any, int]:
    error = {"code": code, "message": message} | ({"field": field} if field else {})
    return jsonify(error=error), status


def _refused(error: Refused) -> ResponseReturnValue:
    return _error(code_of(error), error.message, error.status, error.field)


def _http_error(error: HTTPException) -> ResponseReturnValue:
    return _error(error.name.lower().replace(" ", "_"), error.description or "", error.code or 500)


def _lister(resource: Resource) -> Callable[[], ResponseReturnValue]:
    def list_all() -> ResponseReturnValue:
        office: Office = g.office
        where = conditions(resource.filters, request.args, filters.PAGING)
        limit, offset = _limit(), cursors.place(request.args.get("cursor", ""))
        found = office.find(resource.kind, *where, limit=limit, offset=offset)
        after = offset + limit if office.count(resource.kind, *where) > offset + limit else None
        return jsonify(
            data=[resource.show(office, each) for each in found],
            next_cursor=None if after is None else cursors.cursor(after),
        )

    return list_all


def _limit() -> int:
    text = request.args.get("limit", str(PAGE))
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else 0
    if not 1 <= number <= MAX_PAGE:
        raise BadValue(f"limit is a number from 1 to {MAX_PAGE}.", "limit")
    return number


def read_organization() -> ResponseReturnValue:
    """Return whose key it is."""
    office: Office = g.office
    return jsonify(id=f"org-{office.account.company_id}", name=office.account.company)


def put_item(external_id: str) -> ResponseReturnValue:
    """Make an item what is sent."""
    office: Office = g.office
    key = reading.text({"external_id": external_id}, "external_id")
    item, is_new = items.put(office, key, read_object(request.get_data()))
    return jsonify(shapes.item(office, item)), 201 if is_new else 200


def read_order(order_id: str) -> ResponseReturnValue:
    """Return one order."""
    office: Office = g.office
    return jsonify(shapes.order(office, office.look("order", order_id)))


def patch_order(order_id: str) -> ResponseReturnValue:
    """Change an order, once for each idempotency key."""
    office: Office = g.office
    body = read_object(request.get_data())
    return jsonify(
        repeats.once(
            office,
            request.headers.get(repeats.HEADER),
            {"order": order_id, "body": body},
            lambda: shapes.order(office, orders.change(office, order_id, body)),
        )
    )
