"""`trellis tenant` and `trellis user`."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.cli.opening import ACTOR, Refused, desk, show, tenant_named
from portal.extensions import Sessions
from portal.identity import accounts, diary, founding, passwords, second_factor, sessions, tenants
from portal.models import INSTALLATION_CHAIN, STAFF_ROLES, TENANT_ROLES, Tenant, User
from portal.sync import audit, deletion, export
from portal.sync.engine.desk import Desk


@click.group()
def tenant() -> None:
    """Operators' companies."""


@tenant.command("add")
@click.argument("slug")
@click.option("--name", required=True)
@click.option("--timezone", default="America/Los_Angeles", show_default=True)
@click.option("--owner", default="", help="Address of the first owner, who is invited by mail.")
def add_tenant(slug: str, name: str, timezone: str, owner: str) -> None:
    """Add a tenant; SLUG is its part of every address."""
    try:
        made = make_tenant(desk(), founding.Plan(slug, name, timezone, owner), actor=ACTOR)
    except tenants.NotAccepted as error:
        raise Refused(str(error)) from error
    show({"id": made.id, "slug": made.slug})


@tenant.command("list")
def list_tenants() -> None:
    """List the tenants."""
    with desk().sessions.system() as session:
        rows = session.scalars(select(Tenant).order_by(Tenant.slug)).all()
    show([{"id": row.id, "slug": row.slug, "name": row.name, "timezone": row.timezone} for row in rows])


@tenant.command("export")
@click.argument("slug")
@click.option("--to", "path", type=click.Path(path_type=Path, dir_okay=False), required=True)
def export_tenant(slug: str, path: Path) -> None:
    """Write everything that is kept of a tenant to a ZIP file, which only you may open."""
    opened = desk()
    company = tenant_named(opened, slug)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Refused(f"{path} cannot be made: {error.strerror}.") from error
    with os.fdopen(descriptor, "wb") as file:
        rows = export.write(opened, company.id, file)
    with opened.tenant(company.id) as session:
        _record(opened, session, company, "company.exported")
    show({"file": str(path), "rows": rows})


@tenant.command("delete")
@click.argument("slug")
@click.option("--take-back", is_flag=True, help="Let it live on after all.")
@click.option("--now", is_flag=True, help="Delete it at once, without the days of grace.")
@click.option("--yes", is_flag=True, help="Do not ask for its slug once more.")
def delete_tenant(*, slug: str, take_back: bool, now: bool, yes: bool) -> None:
    """Delete everything of a tenant but its audit, after seven days; from now on it writes nothing."""
    opened = desk()
    company = tenant_named(opened, slug)
    if take_back:
        with opened.tenant(company.id) as session:
            if not deletion.take_back(session, company.id):
                raise Refused("Its deletion was not asked for.")
            _record(opened, session, company, "company.deletion_taken_back")
        click.echo(f"{slug} lives on.")
        return
    if not yes and click.prompt("Type the tenant's slug to delete it") != slug:
        raise Refused("That is another slug. Nothing was changed.")
    with opened.tenant(company.id) as session:
        if deletion.ask(session, company.id, actor=ACTOR.name):
            _record(opened, session, company, "company.deletion_asked")
    if not now:
        click.echo(f"{slug} is deleted in the night after seven days. To take it back: --take-back")
        return
    while deletion.carry_out(opened, company.id, actor=ACTOR):
        click.echo("…", err=True)
    click.echo(f"{slug} is deleted. Its audit stays, and its slug is not given out again.")


def _record(desk: Desk, session: Session, company: Tenant, action: str) -> None:
    about = audit.Subject("company", str(company.id), company.name)
    audit.record(session, desk.settings.master_keys, company.id, action, actor=ACTOR, subject=about)


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
    person = User(email=email, name=name, staff_role=staff)
    try:
        made = make_person(opened, person, password, actor=ACTOR)
    except (accounts.NotAccepted, IntegrityError) as error:
        raise Refused(f"{email} was not added: {error}") from error
    if tenant_id is not None:
        give_role(opened, tenant_id, made, role, actor=ACTOR)
    show({"id": made.id, "email": made.email})


@user.command("list")
def list_users() -> None:
    """List the users."""
    reached: Sessions = desk().sessions
    with reached.identity() as session:
        rows = session.scalars(select(User).order_by(User.email)).all()
    show([{"id": row.id, "email": row.email, "name": row.name, "staff": row.staff_role} for row in rows])


def make_tenant(desk: Desk, plan: founding.Plan, *, actor: audit.Actor) -> Tenant:
    """Make a company, and invite its owner where one is named.

    Raises:
        tenants.NotAccepted: a value cannot be taken.
    """
    host = desk.settings.public_url
    return founding.found(desk, plan, actor=actor, link=lambda token: f"{host}/invitations/{token}")


def make_person(desk: Desk, person: User, password: str, *, actor: audit.Actor) -> User:
    """Make the account of a person, given by their address, name and staff role, and record that.

    Raises:
        accounts.NotAccepted: a value cannot be taken.
    """
    with desk.sessions.identity() as session:
        made = accounts.create_user(session, person.email, person.name, password, person.staff_role)
        subject = audit.Subject("person", str(made.id), made.name)
        audit.record(
            session,
            desk.settings.master_keys,
            INSTALLATION_CHAIN,
            "person.added",
            actor=actor,
            subject=subject,
            detail={"staff_role": made.staff_role or "none"},
        )
    return made


def give_role(desk: Desk, tenant_id: UUID, person: User, role: str, *, actor: audit.Actor) -> None:
    """Let a person into a tenant, and record that.

    Raises:
        accounts.NotAccepted: the tenant would be left without an owner.
    """
    with desk.sessions.tenant(tenant_id) as session:
        accounts.add_member(session, tenant_id, person.id, role)
        subject = audit.Subject("person", str(person.id), person.name)
        audit.record(
            session,
            desk.settings.master_keys,
            tenant_id,
            "member.role_changed",
            actor=actor,
            subject=subject,
            detail={"role": role},
        )


@user.command("password")
@click.argument("email")
@click.option("--password", prompt="New password", hide_input=True, confirmation_prompt=True)
def set_password(email: str, password: str) -> None:
    """Give somebody a new password; ends all their sessions."""
    opened = desk()
    with opened.sessions.identity() as session:
        person = _known(session, email)
        has_second = second_factor.standing(session, person.id).confirmed_at is not None
        if wrong := passwords.objection(password, person.email, second_factor=has_second):
            raise Refused(wrong)
        passwords.replace(session, person.id, password)
        _end_and_record(opened, session, person, "password.changed")
    click.echo(f"{person.email} has a new password, and is signed out everywhere.")


@user.command("second-factor")
@click.argument("email")
@click.option("--remove", is_flag=True, required=True, help="For who has lost both app and recovery codes.")
def remove_second_factor(email: str, *, remove: bool) -> None:  # noqa: ARG001 - it only has to be said
    """Remove somebody's second factor; ends all their sessions. Make sure first that it is them who asks."""
    opened = desk()
    with opened.sessions.identity() as session:
        person = _known(session, email)
        if not second_factor.remove(session, person.id):
            raise Refused(f"{person.email} has no second factor.")
        _end_and_record(opened, session, person, "second_factor.removed")
    click.echo(f"{person.email} has no second factor any more, and is signed out everywhere.")


@user.command("disable")
@click.argument("email")
def disable_user(email: str) -> None:
    """Close an account for good: it signs in nobody any more. What it did keeps its name."""
    opened = desk()
    with opened.sessions.identity() as session:
        person = _known(session, email)
        accounts.disable(session, person.id)
        _end_and_record(opened, session, person, "person.disabled")
    click.echo(f"The account of {person.email} is closed.")


def _known(session: Session, email: str) -> User:
    person = accounts.known(session, email)
    if person is None:
        raise Refused(f"There is no open account with the address {email}; `trellis user list` shows them.")
    return person


def _end_and_record(opened: Desk, session: Session, person: User, act: str) -> None:
    sessions.end_all(session, person.id, because=f"{act} from the command line")
    diary.write(session, opened.settings.master_keys, person, act, actor=ACTOR)
