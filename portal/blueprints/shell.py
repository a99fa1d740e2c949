"""The shell: what every page shows around its content."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, g, request

from portal.access import STAFF_PERMISSIONS, Here, companies
from portal.blueprints.auth import THEME_COOKIE, THEMES
from portal.extensions import db
from portal.identity.people import current_person
from portal.queries import frame, stops

# What everybody sees, and what the company's owners and admins see beside it: name, page, label, permission.
NAVIGATION = (
    ("dashboard", "dashboard.show", "Dashboard", "overview.see"),
    ("orders", "orders.index", "Orders", "orders.see"),
    ("products", "products.index", "Products", "products.see"),
    ("problems", "problems.index", "Problems", "problems.see"),
    ("runs", "runs.index", "Runs", "runs.see"),
    ("writes", "writes.index", "Changes", "writes.see"),
    ("connections", "connections.index", "Connections", "connections.see"),
    ("deliveries", "deliveries.index", "Deliveries", "connections.see"),
)
COMPANY_NAVIGATION = (
    ("people", "people.index", "People", "people.manage"),
    ("notices", "notices.index", "Notifications", "notices.manage"),
    ("grants", "grants.index", "Support access", "grants.manage"),
    ("tokens", "tokens.index", "API tokens", "tokens.manage"),
    ("audit", "audit.index", "Audit", "audit.see"),
    ("company", "company.show", "Company settings", "company.settings"),
)


def install(app: Flask) -> None:
    """Give the shell's values to full pages; fragments ask for none of them."""
    app.context_processor(_always)
    app.jinja_env.globals.update(shell=_shell)


def _always() -> dict[str, Any]:
    theme = request.cookies.get(THEME_COOKIE, "system")
    return {"theme": theme if theme in THEMES else "system", "here": g.get("here")}


def _shell() -> dict[str, Any]:
    """Read what the shell shows; called by layouts, so that only full pages pay for it."""
    person = current_person()
    here, session = g.get("here"), db.session()
    if here:
        around = frame.of_company(session, here.id)
    else:
        around = frame.Frame(stops.standing(session) if person else [])
    return {
        "person": person,
        "navigation": _entries(NAVIGATION, here),
        "company_navigation": _entries(COMPANY_NAVIGATION, here),
        "tenants": companies(session, person) if person else [],
        "open_problems": around.open_problems,
        "open_requests": around.open_requests if here and here.may("grants.manage") else 0,
        # Whoever is a guest sees their own banner, and no others.
        "guests": around.guests if here and not here.grant else (),
        "leaving": around.leaving,
        "stops": around.stops,
        "is_staff": bool(person and "support.see" in STAFF_PERMISSIONS.get(person.staff_role or "", ())),
    }


def _entries(navigation: tuple[tuple[str, str, str, str], ...], here: Here | None) -> list[tuple[str, ...]]:
    """The entries that lead somewhere for this person."""
    return [
        (name, endpoint, label)
        for name, endpoint, label, permission in navigation
        if here is not None and here.may(permission) and endpoint in current_app.view_functions
    ]
