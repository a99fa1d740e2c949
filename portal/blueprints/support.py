"""Support: all tenants by counts, for Trellis's own people. What is in a tenant takes a grant."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, render_template

from portal.access import staff
from portal.queries import support

blueprint = Blueprint("support", __name__, url_prefix="/support")


@blueprint.get("/")
@staff("support.see")
def index() -> Any:
    """Show every tenant by what is stuck, waiting and due."""
    with current_app.extensions["trellis"].sessions.system() as session:
        tenants = support.tenants(session)
    worst_first = sorted(
        tenants, key=lambda row: (-row.orders.get("stuck", 0), -row.problems, row.name.casefold())
    )
    return render_template("support/index.html", tenants=worst_first, zone=ZoneInfo("UTC"))
