"""The web application, put together."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from flask import Flask, Response, abort, current_app, g, has_app_context, request
from flask.templating import Environment
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined, pass_context
from redis import Redis

from portal import access, logs, visits
from portal.blueprints import (
    account,
    adding,
    api,
    audit,
    auth,
    company,
    company_data,
    connections,
    customer_choice,
    dashboard,
    deliveries,
    demo,
    earlier,
    errors,
    grants,
    handling,
    health,
    hub_webhook,
    invitations,
    match_files,
    matching,
    metrics,
    notices,
    orders,
    presentation,
    previews,
    problems,
    products,
    proofs,
    readiness,
    reconciliations,
    reports,
    reset,
    rules,
    runs,
    second_factor,
    shell,
    states,
    support,
    tokens,
    writes,
)
from portal.blueprints import (
    people as people_pages,
)
from portal.config import Settings, from_environment
from portal.extensions import ENGINE_OPTIONS, Sessions, ask_before_use, db, new_redis
from portal.headers import HEADERS, PRIVATE, STRICT_TRANSPORT
from portal.identity import people
from portal.identity.throttle import Throttle
from portal.live.shared import Shared
from portal.proxies import behind
from portal.sync.engine.budget import Budget
from portal.sync.engine.desk import Desk

_log = logging.getLogger("portal.web")

_PACKAGE = Path(__file__).parent
# From a checkout, and from a wheel, into which the build puts it.
_STATIC = next(folder for folder in (_PACKAGE / "static", _PACKAGE.parent / "static") if folder.is_dir())
# What somebody does about their own sign-in.
_OWN = (account, second_factor, reset, invitations, demo)
# What belongs to a company, and what its owners and admins see of it beside that.
_COMPANY = (dashboard, orders, earlier, customer_choice, products, runs, writes, problems, handling, proofs)
_CONNECTING = (connections, adding, states, hub_webhook, readiness, matching, match_files, previews, rules)
_BOOKS = (deliveries, reconciliations)
_OFFICE = (people_pages, notices, grants, company, company_data, tokens, audit)
_BLUEPRINTS = (auth, *_OWN, *_COMPANY, *_CONNECTING, *_BOOKS, *_OFFICE, support, api, health, metrics)
_WEBHOOKS = "portal.blueprints.webhooks"

# Sixteen threads serve pages, eight read for live ones (portal/asgi.py).
_ENGINE_OPTIONS = {**ENGINE_OPTIONS, "pool_size": 8, "max_overflow": 16, "pool_timeout": 10}
LARGEST_BODY = 1024 * 1024

# Ids in an address that log lines name, and how they call them. A token in an address is none of them.
_LOGGED = {"link_id": "link", "product_id": "link", "run_id": "run", "connection_id": "connection"}
# The blueprint that other companies' programs call.
_MACHINES = "webhooks"
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Trellis:
    """What views need beside the request: `current_app.extensions["trellis"]`."""

    desk: Desk
    throttle: Throttle
    shared: Shared = field(default_factory=Shared)

    @property
    def settings(self) -> Settings:
        """What this installation runs with."""
        return self.desk.settings

    @property
    def redis(self) -> Redis:
        """The doorbell."""
        return self.desk.redis

    @property
    def sessions(self) -> Sessions:
        """Sessions beside the request's own."""
        return self.desk.sessions


class Portal(Flask):
    """Flask, with templates that fail on a missing value and a log that names no address."""

    jinja_options = {  # noqa: RUF012 - Flask reads this name from the class
        "trim_blocks": True,
        "lstrip_blocks": True,
        "undefined": StrictUndefined,
    }

    @cached_property
    def _pages(self) -> Environment:
        return self.create_jinja_environment()

    @cached_property
    def _pages_of_guests(self) -> Environment:
        """Every value of every template passes `hidden`, so that no page forgets what must be hidden."""
        return self._pages.overlay(finalize=pass_context(lambda _context, value: presentation.hidden(value)))

    @property
    def jinja_env(self) -> Environment:
        """The templates as whoever asks may see them."""
        return self._pages_of_guests if has_app_context() and presentation.hides() else self._pages

    def url_for(self, /, endpoint: str, **values: Any) -> str:
        """Build an address: see `Flask`.

        The rows of a list lead to addresses that differ in their ids alone. Of each kind a request builds
        one, which takes as long as writing ten rows, and writes the ids of the others in its place.
        """
        if not values or not all(type(value) is UUID for value in values.values()):
            return super().url_for(endpoint, **values)
        built: dict[tuple[str, ...], tuple[str, list[str]]] = g.setdefault("built_addresses", {})
        kind = (endpoint, *values)
        if kind not in built:
            marks: dict[str, Any] = {name: uuid4() for name in values}
            built[kind] = super().url_for(endpoint, **marks), [str(mark) for mark in marks.values()]
        address, standing = built[kind]
        for mark, value in zip(standing, values.values(), strict=True):
            address = address.replace(mark, str(value))
        return address

    def log_exception(self, exc_info: Any) -> None:
        """Log a bug by its route: an address may hold a webhook's token."""
        _log.error("bug in %s, reference %s", request.endpoint, g.get("reference"), exc_info=exc_info)


def build(settings: Settings | None = None) -> Flask:
    """Build the application."""
    settings = settings or from_environment()
    app = Portal(
        "portal",
        template_folder=str(_PACKAGE / "templates"),
        static_folder=str(_STATIC),
        static_url_path="/static",
    )
    _configure(app, settings)
    db.init_app(app)
    redis = new_redis(settings.redis_url)
    with app.app_context():
        sessions = Sessions(ask_before_use(db.engine))
    app.wsgi_app = behind(settings.proxies, app.wsgi_app)  # type: ignore[assignment,method-assign]
    app.extensions["trellis"] = Trellis(Desk(settings, sessions, redis, Budget(redis)), Throttle(redis))
    _secure(app)
    presentation.install(app)
    shell.install(app)
    errors.install(app)
    for module in _BLUEPRINTS:
        app.register_blueprint(module.blueprint)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    secure = settings.public_url.startswith("https:")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=list(settings.secret_key_fallbacks),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_ENGINE_OPTIONS,
        # The prefix makes browsers insist on https and on this very host.
        SESSION_COOKIE_NAME="__Host-session" if secure else "trellis_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        # Another name in Host would end up in links.
        TRUSTED_HOSTS=[*settings.hosts],
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        # A page stays open for hours; its token ends with the session.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_HEADERS=["X-CSRFToken"],
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )


def _secure(app: Flask) -> None:
    exempt: set[str] = set()
    app.before_request(_number)
    metrics.install(app)
    csrf = CSRFProtect(app)
    # Browsers send these by themselves, with no token; those of other sites are refused all the same.
    csrf.exempt(reports.blueprint)
    app.register_blueprint(reports.blueprint)
    if importlib.util.find_spec(_WEBHOOKS):
        # Deliveries prove themselves by their signature, not by a cookie and a token.
        webhooks = importlib.import_module(_WEBHOOKS).blueprint
        csrf.exempt(webhooks)
        exempt.add(webhooks.name)
        app.register_blueprint(webhooks)

    @app.before_request
    def refuse_foreign_origin() -> None:
        if request.method not in _SAFE_METHODS and request.blueprint not in exempt:
            _check_origin()

    people.install(app)
    access.install(app)
    visits.install(app)
    app.after_request(_harden)


def _number() -> None:
    """Give the request the reference by which its log lines, its error page and the audit name it."""
    g.reference = secrets.token_hex(6)
    named = request.view_args or {}
    logs.begin_request(g.reference, {thing: named[name] for name, thing in _LOGGED.items() if name in named})


def _check_origin() -> None:
    """Refuse what another site's page sent: a second wall beside the token."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    if site not in ("same-origin", "none") or (origin and origin.partition("://")[2] != request.host):
        abort(400, "This form was sent from another site.")


def _harden(response: Response) -> Response:
    response.headers.setdefault("X-Request-ID", g.get("reference", ""))
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    if request.blueprint == _MACHINES:
        return response  # nobody's browser reads it
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure or current_app.config["SESSION_COOKIE_SECURE"]:
        for name, value in STRICT_TRANSPORT.items():
            response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", PRIVATE["Cache-Control"])
        response.vary.update(PRIVATE["Vary"].split(", "))
    return response
