"""The shell: what every page shows around its content."""

from __future__ import annotations

from typing import Any

from flask import Flask, g, request

from portal.access import STAFF_PERMISSIONS, Here
from portal.blueprints.auth import THEME_COOKIE, THEMES
from portal.extensions import db
from portal.identity.accounts import memberships_of
from portal.identity.people import current_person
from portal.queries import problems, stops

NAVIGATION = (
    ("dashboard", "dashboard.show", "Dashboard"),
    ("orders", "orders.index", "Orders"),
    ("problems", "problems.index", "Problems"),
    ("runs", "runs.index", "Runs"),
    ("connections", "connections.index", "Connections"),
    ("audit", "audit.index", "Audit"),
)
# What not everybody in a company may open.
_NEEDS = {"audit": "audit.see"}


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
    here = g.get("here")
    return {
        "person": person,
        "navigation": [item for item in NAVIGATION if _may_open(item[0], here)],
        "tenants": [row.tenant for row in memberships_of(db.session(), person.id)] if person else [],
        "open_problems": problems.open_count(db.session(), here.id) if here else 0,
        "stops": stops.standing(db.session(), here.id if here else None) if person else [],
        "is_staff": bool(person and "support.see" in STAFF_PERMISSIONS.get(person.staff_role or "", ())),
    }


def _may_open(name: str, here: Here | None) -> bool:
    return name not in _NEEDS or (here is not None and here.may(_NEEDS[name]))
