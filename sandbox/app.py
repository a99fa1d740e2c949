"""The whole sandbox as one WSGI application: platforms behind gates, control API and console beside."""

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request
from werkzeug.middleware.dispatcher import DispatcherMiddleware

import sandbox.aiq.api
import sandbox.aiq.auth
import sandbox.console.aiq_pages
import sandbox.console.endpoint_pages
import sandbox.console.flourish_pages
import sandbox.console.inventory_pages
import sandbox.console.item_pages
import sandbox.console.key_pages
import sandbox.console.leaflink_pages
import sandbox.console.ordo_pages
import sandbox.console.organisation_pages
import sandbox.console.pages
import sandbox.console.retail_pages
import sandbox.control.routes
import sandbox.flourish.api
import sandbox.flourish.auth
import sandbox.leaflink.api
import sandbox.leaflink.auth
import sandbox.ordo.api
import sandbox.ordo.auth
from sandbox.accounts import AIQ, ALSO_AT, BASE_PATHS, FLOURISH, LEAFLINK, ORDO
from sandbox.gate import Gate
from sandbox.simulation import Simulation
from sandbox.sink import PATH as SINK
from sandbox.sink import Sink

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)

APPS = {
    LEAFLINK: (sandbox.leaflink.api.create_app, sandbox.leaflink.auth.key_of),
    FLOURISH: (sandbox.flourish.api.create_app, sandbox.flourish.auth.key_of),
    ORDO: (sandbox.ordo.api.create_app, sandbox.ordo.auth.key_of),
    AIQ: (sandbox.aiq.api.create_app, sandbox.aiq.auth.key_of),
}
PAGES = (
    sandbox.console.pages,
    sandbox.console.leaflink_pages,
    sandbox.console.inventory_pages,
    sandbox.console.flourish_pages,
    sandbox.console.item_pages,
    sandbox.console.retail_pages,
    sandbox.console.key_pages,
    sandbox.console.endpoint_pages,
    sandbox.console.ordo_pages,
    sandbox.console.organisation_pages,
    sandbox.console.aiq_pages,
)


def create_app(simulation: Simulation) -> "WSGIApplication":
    """Return the application that serves a simulation."""
    gates: dict[str, WSGIApplication] = {}
    for platform, (make, key_of) in APPS.items():
        app = make(simulation.store, simulation.outbox)
        gate = Gate(
            platform,
            app,
            key_of,
            simulation.store,
            simulation.ledger,
            simulation.faults,
            simulation.late,
        )
        gates.update(dict.fromkeys((BASE_PATHS[platform].rstrip("/"), *ALSO_AT.get(platform, ())), gate))
    gates[SINK] = Sink(simulation.ledger)
    return DispatcherMiddleware(_staff_side(simulation), gates)


def _staff_side(simulation: Simulation) -> Flask:
    """Return control API and console, which anyone on this machine may use, and no one else."""
    app = Flask("sandbox")
    app.extensions["simulation"] = simulation
    app.before_request(refuse_strangers)
    app.after_request(protect)
    app.register_blueprint(sandbox.control.routes.blueprint)
    for pages in PAGES:
        app.register_blueprint(pages.blueprint)
    return app


def refuse_strangers() -> None:
    """Refuse requests from other machines, under other names, and writes that another site's page sends."""
    host = urlsplit(f"//{request.host}").hostname or ""
    if not _is_loopback(request.remote_addr or "") or not (host == "localhost" or _is_loopback(host)):
        abort(403, "The sandbox answers this machine only.")
    if request.method in ("GET", "HEAD"):
        return
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site", "same-origin")
    if site not in ("same-origin", "none") or (
        origin is not None and urlsplit(origin).netloc != request.host
    ):
        abort(403, "This was sent by another site's page.")


def protect(response: Response) -> Response:
    """Say that pages bring no script, style or form of anyone else's."""
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
