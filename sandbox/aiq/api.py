"""The API of the version 2023-03, as a Flask application of its own.

Every list is `{count, pageCount, skip, limit, data}`, where `pageCount` is the rows of this page; every
refusal `{name, message, errors}`. Documented or seen in public code are the reads. The two writes are
assumed: `products.py` and `orders.py` say what each takes. Carts and shoppers' sessions are not played.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, g, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from sandbox import reading
from sandbox.aiq import filters, limits, orders, products, refusals, shapes, venues
from sandbox.aiq.auth import account_of
from sandbox.aiq.filters import Piece, piece
from sandbox.errors import Missing, Refused, Unauthorized
from sandbox.jsontext import Json, read_object
from sandbox.office import Office
from sandbox.outbox import Outbox
from sandbox.queries import Filter, conditions
from sandbox.rates import RateLimit
from sandbox.store import Body, Condition, Store, equal, one_of

Show = Callable[[Office, list[Body]], list[dict[str, Any]]]


def _each(show: Callable[[Office, Body], dict[str, Any]]) -> Show:
    return lambda office, bodies: [show(office, each) for each in bodies]


@dataclass(frozen=True)
class Resource:
    """A list of the API.

    Args:
        path: its path.
        kind: the record kind.
        filters: what it can be filtered by.
        show: makes the shapes of a page.
        sortable: the stored fields that it can be sorted by.
        of_venues: whether it is asked for by venue.
    """

    path: str
    kind: str
    filters: dict[str, Filter]
    show: Show
    sortable: tuple[str, ...] = ("name",)
    of_venues: bool = True


RESOURCES = (
    Resource("venues", "venue", filters.VENUES, _each(shapes.plain), of_venues=False),
    Resource("categories", "category", filters.CATEGORIES, _each(shapes.plain), ("name", "order")),
    Resource("product-categories", "category", filters.CATEGORIES, _each(shapes.plain), ("name", "order")),
    Resource(
        "products", "product", filters.PRODUCTS, shapes.products, ("name", "sku", "created", "modified")
    ),
    Resource("offers", "offer", filters.OFFERS, _each(shapes.offer)),
    Resource(
        "orders", "order", filters.ORDERS, _each(shapes.order), ("created", "modified", "orderId"),
        of_venues=False,
    ),
)  # fmt: skip


def create_app(store: Store, outbox: Outbox) -> Flask:
    """Return the API.

    Args:
        store: all state.
        outbox: takes webhooks.
    """
    app = Flask("sandbox.aiq")
    app.json = Json(app)
    app.before_request(_entrance(store, outbox))
    app.after_request(_tell_of_the_rate)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(HTTPException, _http_error)
    for resource in RESOURCES:
        app.add_url_rule(f"/{resource.path}", f"{resource.path}_list", _lister(resource))
    app.add_url_rule("/venues/<key>", view_func=read_venue)
    app.add_url_rule("/products/<key>", view_func=read_product)
    app.add_url_rule("/products/<key>", view_func=put_product, methods=["PUT"])
    app.add_url_rule("/offers/<key>/products", view_func=list_offer_products)
    app.add_url_rule("/orders/<key>", view_func=read_order)
    app.add_url_rule("/orders/<key>", view_func=patch_order, methods=["PATCH"])
    return app


def _entrance(store: Store, outbox: Outbox) -> Callable[[], ResponseReturnValue | None]:
    """Return what every request passes first: its key, and the rate limit."""
    limit = RateLimit()

    def enter() -> ResponseReturnValue | None:
        account = account_of(request.headers)
        if account is None:
            raise Unauthorized("unauthenticated")
        g.office = Office(store, outbox, account)
        rates = limits.rates(store)
        g.standing = standing = limit.count(account.key, rates) if rates is not None else None
        if standing is None or standing.allowed:
            return None
        return jsonify(refusals.body("TooManyRequestsError", "Too many requests.")), 429

    return enter


def _tell_of_the_rate(response: Any) -> Any:
    standing = g.get("standing")
    if standing is not None:
        response.headers.update(limits.headers(standing))
    return response


def _refused(error: Refused) -> ResponseReturnValue:
    return jsonify(refusals.body(refusals.name_of(error), error.message, error.field)), error.status


def _http_error(error: HTTPException) -> ResponseReturnValue:
    name = f"{error.name.title().replace(' ', '')}Error"
    return jsonify(refusals.body(name, error.description or "")), error.code or 500


def _lister(resource: Resource) -> Callable[[], ResponseReturnValue]:
    def list_all() -> ResponseReturnValue:
        office: Office = g.office
        if resource.of_venues:
            venues.refuse_unknown(office, request.args.getlist("venueId"))
        return _page(resource, conditions(resource.filters, request.args, filters.PAGING), request.args)

    return list_all


def _page(resource: Resource, where: list[Condition], query: MultiDict[str, str]) -> ResponseReturnValue:
    office: Office = g.office
    asked = piece(query, resource.sortable)
    where = [*where, *_of_standing_venues(office, resource)]
    rows = resource.show(office, _found(office, resource.kind, where, asked))
    count = office.count(resource.kind, *where)
    return jsonify(count=count, pageCount=len(rows), skip=asked.skip, limit=asked.limit, data=rows)


def _of_standing_venues(office: Office, resource: Resource) -> list[Condition]:
    """Leave out what belonged to a deleted venue: its lists are empty, and no error."""
    if not resource.of_venues:
        return [equal("$.deleted", 0)] if resource.kind == "venue" else []
    return [one_of("$.venue", [each["id"] for each in office.find("venue", equal("$.deleted", 0))])]


def _found(office: Office, kind: str, where: list[Condition], asked: Piece) -> list[Body]:
    if not asked.sort:
        return office.find(kind, *where, limit=asked.limit, offset=asked.skip)
    rows = sorted(office.find(kind, *where), key=lambda each: each[asked.field], reverse=asked.downwards)
    return rows[asked.skip : asked.skip + asked.limit]


def read_venue(key: str) -> ResponseReturnValue:
    """Return one venue; of a deleted one, that it is not there."""
    office: Office = g.office
    return jsonify(shapes.plain(office, venues.standing(office, key)))


def _venue() -> str:
    """Return the one venue that a request names."""
    office: Office = g.office
    key = request.args.get("venueId", "")
    if not key:
        raise Unauthorized("invalid venue id")
    return str(venues.standing(office, key)["id"])


def read_product(key: str) -> ResponseReturnValue:
    """Return one product of a venue."""
    office: Office = g.office
    venue, product = _venue(), office.need("product", key)
    if product["venue"] != venue:
        raise Missing("product not found")
    return jsonify(shapes.product(office, product))


def put_product(key: str) -> ResponseReturnValue:
    """Make a product what is sent, by its id in the point of sale (assumed)."""
    office: Office = g.office
    pos_id = reading.text({"posProductId": key}, "posProductId")
    product, is_new = products.put(office, _venue(), pos_id, read_object(request.get_data()))
    return jsonify(shapes.product(office, product)), 201 if is_new else 200


def list_offer_products(key: str) -> ResponseReturnValue:
    """List the products that an offer is for."""
    office: Office = g.office
    offer = office.need("offer", key)
    where = [equal("$.venue", offer["venue"])]
    if offer["products"]:
        where.append(one_of("$.id", offer["products"]))
    resource = next(each for each in RESOURCES if each.kind == "product")
    return _page(resource, where, request.args)


def read_order(key: str) -> ResponseReturnValue:
    """Return one order."""
    office: Office = g.office
    return jsonify(shapes.order(office, office.look("order", key)))


def patch_order(key: str) -> ResponseReturnValue:
    """Change an order (assumed)."""
    office: Office = g.office
    return jsonify(shapes.order(office, orders.change(office, key, read_object(request.get_data()))))
