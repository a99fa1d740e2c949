"""What the commands share: a desk, and the tenant that a slug names."""

from __future__ import annotations

import json
from typing import Any

import click
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from portal import config
from portal.models import Tenant
from portal.sync import audit
from portal.sync.engine.desk import Desk, open_desk

ACTOR = audit.Actor("command line", role="command line")


class Refused(click.ClickException):
    """The command cannot be carried out as given; one line says why."""


def desk() -> Desk:
    """Open a desk from the environment, or from what a `trellis up` on the same DATA left there.

    Raises:
        WrongSetting: the database does not answer, or has no tables yet.
    """
    opened = open_desk(config.from_environment())
    if (context := click.get_current_context(silent=True)) is not None:
        context.call_on_close(opened.redis.close)
        context.call_on_close(opened.sessions.engine.dispose)
    try:
        with opened.sessions.engine.connect() as connection:
            migrated = connection.scalar(select(func.to_regclass("public.tenant")))
    except OperationalError as error:
        message = "DATABASE_URL cannot be used: no answer. Is `trellis up` running on this DATA?"
        raise config.WrongSetting(message) from error
    if migrated is None:
        raise config.WrongSetting("the database has no tables yet: run `trellis db upgrade` first.")
    return opened


def tenant_named(desk: Desk, slug: str) -> Tenant:
    """Find a tenant by its slug.

    Raises:
        Refused: there is none.
    """
    with desk.sessions.system() as session:
        tenant = session.scalar(select(Tenant).where(Tenant.slug == slug, Tenant.retired_at.is_(None)))
    if tenant is None:
        raise Refused(f"There is no tenant {slug!r}; `trellis tenant list` shows them.")
    return tenant


def show(value: Any) -> None:
    """Print JSON."""
    click.echo(json.dumps(value, indent=2, default=str))
