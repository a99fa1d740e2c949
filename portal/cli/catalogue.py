"""`trellis connection catalogue`, `try` and `drops`: items, products and stock of a connection."""

from __future__ import annotations

import click

from portal.cli import rules
from portal.cli.opening import ACTOR, Refused, desk, show, tenant_named
from portal.cli.rules import connection_named, of_tenant
from portal.sync import queues
from portal.sync.engine import catalogue, guard
from portal.sync.engine.catalogue import NoCatalogue

# With the commands of the rules, as each module adds its own.
connection = rules.connection


@connection.command("catalogue")
@of_tenant
@click.argument("name")
def begin(slug: str, name: str) -> None:
    """Have items and products of a connection synced; said again, all their lists are read whole."""
    opened = desk()
    with opened.tenant(tenant_named(opened, slug).id) as session:
        row = connection_named(session, name)
        try:
            catalogue.begin(session, opened.settings.master_keys, row.id, actor=ACTOR)
        except NoCatalogue as error:
            raise Refused(str(error)) from error
        session.flush()
        session.refresh(row)
        show({"id": row.id, "catalogue_since": row.catalogue_since})


@connection.command("try")
@of_tenant
@click.argument("name")
@click.argument("sku")
def try_one(slug: str, name: str, sku: str) -> None:
    """Have one SKU synced before everything else, whether or not the catalogue is."""
    opened = desk()
    with opened.tenant(tenant_named(opened, slug).id) as session:
        row = connection_named(session, name)
        try:
            link_id = catalogue.try_one(session, opened.settings.master_keys, row.id, sku, actor=ACTOR)
        except NoCatalogue as error:
            raise Refused(str(error)) from error
    queues.ring(opened.redis)
    queues.ring_alone(opened.redis, link_id)
    show({"link": link_id, "page": f"/t/{slug}/products/{link_id}"})


@connection.command("drops")
@of_tenant
@click.option("--approve/--hold", required=True, help="Let them through for an hour, or keep them held.")
@click.argument("name")
def drops(slug: str, name: str, *, approve: bool) -> None:
    """Decide about many products that would lose all their stock at once."""
    opened = desk()
    keys = opened.settings.master_keys
    with opened.tenant(tenant_named(opened, slug).id) as session:
        row = connection_named(session, name)
        if approve:
            show({"approved": guard.approve(session, keys, row.id, actor=ACTOR)})
        else:
            guard.keep_holding(session, keys, row.id, actor=ACTOR)
            show({"held": guard.drops(session, row.id).number})
    queues.ring(opened.redis)
