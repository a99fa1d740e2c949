"""`trellis tenant` and `trellis user`."""

from __future__ import annotations

import click
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.cli.opening import Refused, desk, show, tenant_named
from portal.extensions import Sessions
from portal.identity import accounts, tenants
from portal.models import STAFF_ROLES, TENANT_ROLES, Tenant, User


@click.group()
def tenant() -> None:
    """Operators' companies."""


@tenant.command("add")
@click.argument("slug")
@click.option("--name", required=True)
@click.option("--timezone", default="America/Los_Angeles", show_default=True)
def add_tenant(slug: str, name: str, timezone: str) -> None:
    """Add a tenant; SLUG is its part of every address."""
    try:
        made = tenants.create(desk().sessions, slug=slug, name=name, timezone=timezone)
    except tenants.NotAccepted as error:
        raise Refused(str(error)) from error
    show({"id": made.id, "slug": made.slug})


@tenant.command("list")
def list_tenants() -> None:
    """List the tenants."""
    with desk().sessions.system() as session:
        rows = session.scalars(select(Tenant).order_by(Tenant.slug)).all()
    show([{"id": row.id, "slug": row.slug, "name": row.name, "timezone": row.timezone} for row in rows])


@click.group()
def user() -> None:
    """People who sign in."""


@user.command("add")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True)
@click.option("--tenant", "slug", help="The tenant that they belong to.")
@click.option("--role", type=click.Choice(TENANT_ROLES), default="admin", show_default=True)
@click.option("--staff", type=click.Choice(STAFF_ROLES), help="For Trellis's own people.")
def add_user(email: str, name: str, password: str, slug: str | None, role: str, staff: str | None) -> None:
    """Add a user."""
    opened = desk()
    tenant_id = tenant_named(opened, slug).id if slug else None
    try:
        with opened.sessions.identity() as session:
            made = accounts.create_user(session, email=email, name=name, password=password, staff_role=staff)
    except (accounts.NotAccepted, IntegrityError) as error:
        raise Refused(f"{email} was not added: {error}") from error
    if tenant_id is not None:
        with opened.sessions.tenant(tenant_id) as session:
            accounts.add_member(session, tenant_id, made.id, role)
    show({"id": made.id, "email": made.email})


@user.command("list")
def list_users() -> None:
    """List the users."""
    sessions: Sessions = desk().sessions
    with sessions.identity() as session:
        rows = session.scalars(select(User).order_by(User.email)).all()
    show([{"id": row.id, "email": row.email, "name": row.name, "staff": row.staff_role} for row in rows])
