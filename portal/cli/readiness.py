"""`trellis connection readiness`: how a connection's checks stand, run anew if asked for."""

from __future__ import annotations

from typing import Any

import click

from portal.cli import catalogue
from portal.cli.opening import Refused, desk, show, tenant_named
from portal.cli.rules import connection_named, of_tenant
from portal.models import Connection
from portal.sync.readiness import assessing, gate
from portal.sync.readiness.standing import Standing

# With the commands of the catalogue, as each module adds its own.
connection = catalogue.connection


@connection.command("readiness")
@of_tenant
@click.option("--run", is_flag=True, help="Read both sides and run the checks first.")
@click.argument("name")
def readiness(slug: str, name: str, *, run: bool) -> None:
    """Show how each check of a connection stands; exits 1 if one blocks going live."""
    opened = desk()
    tenant_id = tenant_named(opened, slug).id
    with opened.tenant(tenant_id) as session:
        connection_id = connection_named(session, name).id
    if run and not assessing.assess_now(opened, tenant_id, connection_id):
        raise Refused("Its checks are running already, or it is disconnected.")
    with opened.tenant(tenant_id) as session:
        checklist = gate.stands(session, session.get_one(Connection, connection_id))
    show([_row(one) for one in checklist.rows])
    if checklist.blocking:
        raise SystemExit(1)


def _row(one: Standing) -> dict[str, Any]:
    found = one.result
    row = {"check": one.check.name, "title": one.check.title, "state": one.state, "blocks": one.blocks}
    if found is not None:
        row |= {"evidence": found.evidence, "next_step": found.next_step, "checked_at": found.checked_at}
    return row
