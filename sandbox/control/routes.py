"""The routes of the control API."""

from dataclasses import asdict

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from sandbox.accounts import ACCOUNTS, AIQ, BASE_PATHS, LEAFLINK, ORDO, PLATFORMS
from sandbox.aiq import limits as aiq_limits
from sandbox.aiq import stock as aiq_stock
from sandbox.clock import parse, stamp
from sandbox.control import aiq, asking, faults, flourish, leaflink, ordo, retail
from sandbox.control import state as everything
from sandbox.control.openapi import document
from sandbox.control.served import simulation
from sandbox.errors import BadValue, Missing, Refused
from sandbox.flourish.orders import LIVE
from sandbox.flourish.retail.orders import COUNTS
from sandbox.leaflink.limits import BURST, PER_MINUTE, PER_SECOND
from sandbox.leaflink.webhooks import webhook_key
from sandbox.ordo import limits as ordo_limits
from sandbox.shopping import RANDOMIZED
from sandbox.simulation import SEED
from sandbox.sink import PLATFORM as SINK
from sandbox.store import Body, equal

blueprint = Blueprint("control", __name__, url_prefix="/control")
for part in (leaflink, flourish, retail, ordo, aiq, faults):
    blueprint.register_blueprint(part.blueprint)

# The settings of rates, each with its least value.
RATES = {
    "leaflink_rate_limit": 0,
    "leaflink_burst": 1,
    "leaflink_per_second": 0,
    ordo_limits.SETTING: 0,
    aiq_limits.SETTING: 0,
}
# The settings that are on or off, each with what it is at first.
SWITCHES = {aiq_stock.SETTING: True, RANDOMIZED: True, COUNTS: True}
MAX_RATE = 1_000_000


@blueprint.errorhandler(Refused)
def refused(error: Refused) -> ResponseReturnValue:
    """Answer a refusal in words."""
    return jsonify(error=error.message), error.status


@blueprint.errorhandler(HTTPException)
def http_error(error: HTTPException) -> ResponseReturnValue:
    """Answer an HTTP error as JSON too."""
    return jsonify(error=error.description), error.code or 500


@blueprint.get("/health")
def health() -> ResponseReturnValue:
    """Say that the sandbox is up."""
    return jsonify(status="ok")


@blueprint.get("/openapi.json")
def openapi() -> ResponseReturnValue:
    """Describe this API."""
    return jsonify(document())


@blueprint.get("/accounts")
def accounts() -> ResponseReturnValue:
    """List the companies and their keys."""
    return jsonify([_account(each.platform, each.world) for each in ACCOUNTS])


def _account(platform: str, world: str) -> Body:
    office = simulation().office(platform, world)
    shown = asdict(office.account) | {"base_url": request.host_url.rstrip("/") + BASE_PATHS[platform]}
    if platform == ORDO:
        return shown | {"facilities": []}
    if platform == AIQ:
        venues = office.find("venue", equal("$.deleted", 0))
        return shown | {
            "facilities": [],
            "venues": [{name: each[name] for name in ("id", "name")} for each in venues],
        }
    if platform == LEAFLINK:
        return shown | {"webhook_key": webhook_key(office), "facilities": []}
    facilities = office.find("facility")
    return shown | {
        "facilities": [
            {name: each[name] for name in ("id", "facility_name", "license_number")} for each in facilities
        ]
    }


@blueprint.get("/ledger")
def ledger() -> ResponseReturnValue:
    """List requests, oldest first, from a moment (ISO 8601) or after a number, as many as `limit` at most."""
    platform, since = request.args.get("platform") or None, request.args.get("since", "")
    if platform not in (None, *PLATFORMS, SINK):
        raise BadValue(f"The platform is one of {', '.join(PLATFORMS)}.")
    limit = asking.digits(request.args.get("limit", ""))
    number = asking.digits(since)
    if number is not None:
        return jsonify(simulation().ledger.since(after=number, platform=platform, limit=limit))
    moment = stamp(parse(since)) if since else ""
    return jsonify(simulation().ledger.since(moment=moment, platform=platform, limit=limit))


@blueprint.post("/reset")
def reset() -> ResponseReturnValue:
    """Make all data anew."""
    asked = asking.body()
    seed = asking.whole(asked, "seed", SEED, 0, 2**31)
    simulation().reset(SEED if seed is None else seed, keep_webhooks=asking.flag(asked, "keep_webhooks"))
    return jsonify(seed=seed)


@blueprint.get("/state")
def state() -> ResponseReturnValue:
    """Show everything, of all companies, in the platforms' own field names; or lists of one name."""
    with simulation().store.transaction():
        return jsonify(everything.state(simulation(), request.args.get("of", "")))


@blueprint.post("/leaflink/webhooks")
def add_leaflink_webhook() -> ResponseReturnValue:
    """Register a webhook of a LeafLink company; a key given here becomes the company's webhook key."""
    asked = asking.body()
    url = asking.url(asked, "url")
    office = simulation().office(LEAFLINK, asking.text(asked, "company"))
    with simulation().store.transaction():
        if asked.get("key") is not None:
            key_name = f"leaflink.webhook_key.{office.account.world}"
            simulation().store.set_setting(key_name, asking.text(asked, "key"))
        webhook = {"url": url, "headers": {}}
        office.put("webhook", f"{office.account.world} {url}", webhook)
        return jsonify(everything.webhook(office, webhook) | {"company": office.account.world}), 201


@blueprint.get("/settings")
def settings() -> ResponseReturnValue:
    """Show the settings."""
    return jsonify(_settings())


def _settings() -> Body:
    store = simulation().store
    return {
        "leaflink_rate_limit": store.setting("leaflink_rate_limit", PER_MINUTE),
        "leaflink_burst": store.setting("leaflink_burst", BURST),
        "leaflink_per_second": store.setting("leaflink_per_second", PER_SECOND),
        ordo_limits.SETTING: store.setting(ordo_limits.SETTING, ordo_limits.PER_MINUTE),
        aiq_limits.SETTING: store.setting(aiq_limits.SETTING, aiq_limits.PER_SECOND),
        **{name: store.setting(name, first) for name, first in SWITCHES.items()},
        "refuse_duplicate_original_order_id": store.setting("refuse_duplicate_original_order_id", False),
    }


@blueprint.post("/settings")
def change_settings() -> ResponseReturnValue:
    """Change rates (0 or null lifts a bound), switches, and whether Flourish refuses a second order."""
    asked = asking.body()
    with simulation().store.transaction():
        for name, least in RATES.items():
            if name in asked:
                simulation().store.set_setting(name, asking.whole(asked, name, least, least, MAX_RATE))
        for name in SWITCHES:
            if name in asked:
                simulation().store.set_setting(name, asking.flag(asked, name))
        if "refuse_duplicate_original_order_id" in asked:
            refuse = asked["refuse_duplicate_original_order_id"]
            if refuse != LIVE:
                refuse = asking.flag(asked, "refuse_duplicate_original_order_id")
            simulation().store.set_setting("refuse_duplicate_original_order_id", refuse)
        return jsonify(_settings())


@blueprint.get("/deliveries")
def deliveries() -> ResponseReturnValue:
    """List the latest webhook deliveries, newest first."""
    return jsonify(simulation().outbox.last(200))


@blueprint.route("/<path:_path>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def unknown(_path: str) -> ResponseReturnValue:
    """Answer as JSON that there is no such route."""
    raise Missing("There is no such route; GET /control/openapi.json lists them.")
