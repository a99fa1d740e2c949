"""`trellis hub` and `trellis connection`: accounts at Flourish and at the platforms."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cli.opening import ACTOR, Refused, desk, show, tenant_named
from portal.models import Connection, Hub, Secret, Stream
from portal.sync import connecting, webhook_screen
from portal.sync.credentials import CannotConnect, replace_key
from portal.sync.rates import set_rate
from portal.sync.readiness import assessing
from portal.sync.registry import PLATFORMS

_tenant = click.option("--tenant", "slug", required=True, help="The tenant's slug.")
_credential = click.option(
    "--credential", "credentials", multiple=True, metavar="FIELD=VALUE", help="Once for each field."
)


_rate = click.argument("rate", type=click.FloatRange(0, 1000), metavar="CALLS_PER_SECOND")


@click.group()
def hub() -> None:
    """Connections to Flourish."""


@hub.command("add")
@_tenant
@click.option("--name", default="Flourish", show_default=True)
@click.option("--base-url", required=True)
@_credential
@click.option("--signing-key", default="", help="The webhook's signing key; made when left out.")
def add_hub(slug: str, name: str, base_url: str, credentials: tuple[str, ...], signing_key: str) -> None:
    """Connect a Flourish account, once a real call with its key has succeeded."""
    opened = desk()
    tenant = tenant_named(opened, slug)
    try:
        made = connecting.add_hub(
            opened,
            tenant.id,
            name=name,
            base_url=base_url,
            credentials=_pairs(credentials),
            actor=ACTOR,
            signing_key=signing_key,
        )
    except CannotConnect as error:
        raise Refused(str(error)) from error
    show(
        {
            "id": made.id,
            "company": made.company,
            "webhook_url": made.webhook_url,
            "signing_key": made.signing_key,
            "headers": made.headers,
            "events": webhook_screen.events(()),
        }
    )


@hub.command("list")
@_tenant
def list_hubs(slug: str) -> None:
    """List a tenant's Flourish connections."""
    opened = desk()
    with opened.tenant(tenant_named(opened, slug).id) as session:
        rows = session.scalars(select(Hub).order_by(Hub.name)).all()
        show(
            [
                {"id": row.id, "name": row.name, "company": row.company_name, "state": row.state}
                for row in rows
            ]
        )


@hub.command("show")
@_tenant
@click.argument("name")
def show_hub(slug: str, name: str) -> None:
    """Show one Flourish connection as JSON; secrets by their last four characters."""
    opened = desk()
    with opened.tenant(tenant_named(opened, slug).id) as session:
        row = account_named(session, Hub, name)
        facilities = [
            {"id": one.flourish_id, "name": one.name, "license": one.license_number, "timezone": one.timezone}
            for one in row.facilities
        ]
        show(
            {
                "id": row.id,
                "name": row.name,
                "company": row.company_name,
                "base_url": row.base_url,
                "state": row.state,
                "calls_per_second": row.calls_per_second,
                "facilities": facilities,
                "last_delivery_at": row.last_delivery_at,
                "refused_deliveries": row.refused_deliveries,
                "credentials": _fingerprints(session, row.id),
            }
        )


@hub.command("test")
@_tenant
@click.argument("name")
def test_hub(slug: str, name: str) -> None:
    """Call Flourish with the stored key now."""
    opened = desk()
    tenant_id = tenant_named(opened, slug).id
    with opened.tenant(tenant_id) as session:
        hub_id = account_named(session, Hub, name).id
    _verdict(connecting.test_hub(opened, tenant_id, hub_id, actor=ACTOR))


@hub.command("key")
@_tenant
@_credential
@click.argument("name")
def replace_hub_key(slug: str, credentials: tuple[str, ...], name: str) -> None:
    """Replace the stored key, once a real call with the new one has succeeded."""
    _replace_key(slug, Hub, name, credentials)


@hub.command("rate")
@_tenant
@click.argument("name")
@_rate
def set_hub_rate(slug: str, name: str, rate: float) -> None:
    """Set how often Flourish may be called in a second, where more was agreed; 0 is the usual."""
    _set_rate(slug, Hub, name, rate)


@click.group()
def connection() -> None:
    """Connections to sales platforms."""


@connection.command("add")
@_tenant
@click.option("--hub", "hub_name", default="Flourish", show_default=True)
@click.option("--platform", type=click.Choice(sorted(PLATFORMS)), required=True)
@click.option("--name", required=True)
@click.option("--base-url", default="")
@_credential
@click.option("--facility", required=True, help="Id or name of the facility that its orders go to.")
@click.option("--live", is_flag=True, help="Go live at once; orders placed before now are not sent.")
def add_connection(  # noqa: PLR0913 - one option each
    slug: str,
    hub_name: str,
    platform: str,
    name: str,
    base_url: str,
    credentials: tuple[str, ...],
    facility: str,
    live: bool,
) -> None:
    """Connect an account of a sales platform, once a real call with its key has succeeded."""
    opened = desk()
    tenant_id = tenant_named(opened, slug).id
    with opened.tenant(tenant_id) as session:
        hub_id = account_named(session, Hub, hub_name).id
    try:
        made = connecting.add_connection(
            opened,
            tenant_id,
            hub_id=hub_id,
            platform_key=platform,
            name=name,
            base_url=base_url,
            credentials=_pairs(credentials),
            facility=facility,
            actor=ACTOR,
        )
        if live:
            assessing.assess_now(opened, tenant_id, made.id)
            connecting.go_live(opened, tenant_id, made.id, actor=ACTOR)
    except CannotConnect as error:
        raise Refused(str(error)) from error
    show(
        {
            "id": made.id,
            "company": made.company,
            "webhook_url": made.webhook_url,
            "missing_permissions": list(made.missing_permissions),
        }
    )


@connection.command("list")
@_tenant
def list_connections(slug: str) -> None:
    """List a tenant's platform connections."""
    opened = desk()
    with opened.tenant(tenant_named(opened, slug).id) as session:
        rows = session.scalars(select(Connection).order_by(Connection.name)).all()
        show([{"id": row.id, "name": row.name, "platform": row.platform, "state": row.state} for row in rows])


@connection.command("show")
@_tenant
@click.argument("name")
def show_connection(slug: str, name: str) -> None:
    """Show one platform connection as JSON; secrets by their last four characters."""
    opened = desk()
    with opened.tenant(tenant_named(opened, slug).id) as session:
        row = account_named(session, Connection, name)
        streams = session.scalars(select(Stream).where(Stream.source_id.in_((row.id, row.hub_id)))).all()
        show(
            {
                "id": row.id,
                "name": row.name,
                "platform": row.platform,
                "company": row.company_name,
                "base_url": row.base_url,
                "state": row.state,
                "calls_per_second": row.calls_per_second,
                "facility": row.facility.name if row.facility else None,
                "live_since": row.live_since,
                "settings": row.settings,
                "last_delivery_at": row.last_delivery_at,
                "refused_deliveries": row.refused_deliveries,
                "streams": [
                    {"name": one.name, "watermark": one.watermark, "last_ok_at": one.last_ok_at}
                    for one in streams
                ],
                "credentials": _fingerprints(session, row.id),
            }
        )


@connection.command("test")
@_tenant
@click.argument("name")
def test_connection(slug: str, name: str) -> None:
    """Call both sides with the stored keys now."""
    opened = desk()
    tenant_id = tenant_named(opened, slug).id
    with opened.tenant(tenant_id) as session:
        connection_id = account_named(session, Connection, name).id
    _verdict(connecting.test(opened, tenant_id, connection_id, actor=ACTOR))


@connection.command("key")
@_tenant
@_credential
@click.argument("name")
def replace_connection_key(slug: str, credentials: tuple[str, ...], name: str) -> None:
    """Replace the stored key, once a real call with the new one has succeeded."""
    _replace_key(slug, Connection, name, credentials)


@connection.command("rate")
@_tenant
@click.argument("name")
@_rate
def set_connection_rate(slug: str, name: str, rate: float) -> None:
    """Set how often the platform may be called in a second, where it granted more; 0 is the usual."""
    _set_rate(slug, Connection, name, rate)


@connection.command("live")
@_tenant
@click.argument("name")
@click.option(
    "--despite-rival",
    is_flag=True,
    help="Even while Flourish's own integration makes orders: each may then be there twice.",
)
@click.option(
    "--despite", default="", metavar="REASON", help="Even while checks block it; the audit keeps the reason."
)
def live(slug: str, name: str, despite_rival: bool, despite: str) -> None:
    """Run the checks of a ready connection, and switch it on unless one blocks that."""
    opened = desk()
    tenant_id = tenant_named(opened, slug).id
    with opened.tenant(tenant_id) as session:
        connection_id = account_named(session, Connection, name).id
    assessing.assess_now(opened, tenant_id, connection_id)
    try:
        connecting.go_live(
            opened, tenant_id, connection_id, actor=ACTOR, despite=despite, despite_rival=despite_rival
        )
    except CannotConnect as error:
        raise Refused(str(error)) from error
    show({"id": connection_id, "state": "live"})


def _set_rate(slug: str, table: type[Hub] | type[Connection], name: str, rate: float) -> None:
    opened = desk()
    with opened.tenant(tenant_named(opened, slug).id) as session:
        account = account_named(session, table, name)
        set_rate(session, opened.settings.master_keys, account, rate or None, actor=ACTOR)
        show({"id": account.id, "calls_per_second": account.calls_per_second})


def _replace_key(
    slug: str, table: type[Hub] | type[Connection], name: str, credentials: tuple[str, ...]
) -> None:
    opened = desk()
    tenant_id = tenant_named(opened, slug).id
    with opened.tenant(tenant_id) as session:
        owner = account_named(session, table, name)
    try:
        replace_key(opened, tenant_id, owner, _pairs(credentials), actor=ACTOR)
    except CannotConnect as error:
        raise Refused(str(error)) from error
    show({"id": owner.id, "replaced": sorted(_pairs(credentials))})


def _pairs(credentials: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for given in credentials:
        field, equals, value = given.partition("=")
        if not equals:
            raise Refused("Give a credential as FIELD=VALUE, for example api_key=abc.")
        pairs[field] = value
    return pairs


def account_named(session: Session, table: type[Hub] | type[Connection], name: str) -> Any:
    """Find a hub or a connection by its name.

    Raises:
        Refused: there is none; those that there are, are named.
    """
    row = session.scalar(select(table).where(table.name == name))
    if row is None:
        known = ", ".join(session.scalars(select(table.name).order_by(table.name)))
        raise Refused(f"There is no {table.__tablename__} {name!r}; there is: {known or 'none yet'}.")
    return row


def _fingerprints(session: Session, owner_id: UUID) -> dict[str, str]:
    rows = session.scalars(select(Secret).where(Secret.owner_id == owner_id).order_by(Secret.field))
    return {row.field: f"…{row.last_four}" for row in rows}


def _verdict(findings: tuple[Any, ...]) -> None:
    show({"ok": not findings, "findings": [finding.title for finding in findings]})
    if findings:
        raise SystemExit(1)
