"""`trellis writes`: the stop switches, of one company and of everybody."""

from __future__ import annotations

import click
from sqlalchemy import select

from portal.cli.opening import ACTOR, Refused, desk, show, tenant_named
from portal.models import Installation, Tenant
from portal.sync import switches


@click.group()
def writes() -> None:
    """Stop all writing to Flourish and the platforms, and let it go on. Reading goes on meanwhile."""


@writes.command("stop")
@click.option("--tenant", help="The tenant's slug; without it, everybody.")
@click.option("--reason", required=True, help="Why: people read it on every page until it is over.")
def stop(tenant: str | None, reason: str) -> None:
    """Stop writing for one tenant, or for everybody. A call under way ends; no other begins."""
    opened = desk()
    keys = opened.settings.master_keys
    try:
        if tenant is None:
            with opened.sessions.system() as session:
                turned = switches.stop_everybody(session, keys, actor=ACTOR, reason=reason)
        else:
            tenant_id = tenant_named(opened, tenant).id
            with opened.tenant(tenant_id) as session:
                turned = switches.stop_company(session, keys, tenant_id, actor=ACTOR, reason=reason)
    except switches.NoReason as error:
        raise Refused(str(error)) from error
    if not turned:
        raise Refused("Writing was stopped already; `trellis writes show` says by whom and why.")
    back = f"trellis writes go --tenant {tenant}" if tenant else "trellis writes go"
    click.echo(f"Stopped writing for {tenant or 'everybody'}. To let it go on: {back}")


@writes.command("go")
@click.option("--tenant", help="The tenant's slug; without it, everybody.")
def go(tenant: str | None) -> None:
    """Let one tenant write again, or everybody; whatever waited goes on by itself."""
    opened = desk()
    keys = opened.settings.master_keys
    if tenant is None:
        with opened.sessions.system() as session:
            turned = switches.resume_everybody(session, keys, actor=ACTOR)
        switches.pass_on(opened)
    else:
        tenant_id = tenant_named(opened, tenant).id
        with opened.tenant(tenant_id) as session:
            turned = switches.resume_company(session, keys, tenant_id, actor=ACTOR)
    if not turned:
        raise Refused("Writing was not stopped there; `trellis writes show` says where it is.")
    click.echo(f"{tenant or 'Everybody'} may write again.")


@writes.command("show")
def show_stops() -> None:
    """Show where writing is stopped, by whom and why."""
    with desk().sessions.system() as session:
        everybody = session.execute(
            select(Installation.stopped_at, Installation.stopped_by, Installation.stop_reason).where(
                Installation.stopped_at.is_not(None)
            )
        ).first()
        companies = session.execute(
            select(Tenant.slug, Tenant.stopped_at, Tenant.stopped_by, Tenant.stop_reason)
            .where(Tenant.stopped_at.is_not(None))
            .order_by(Tenant.slug)
        ).all()
    everywhere = [] if everybody is None else [{"stopped": "everybody", **_said(*everybody)}]
    show([*everywhere, *({"stopped": row[0], **_said(*row[1:])} for row in companies)])


def _said(since: object, by: str | None, reason: str | None) -> dict[str, object]:
    return {"since": since, "by": by, "reason": reason}
