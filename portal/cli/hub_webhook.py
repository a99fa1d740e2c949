"""`trellis hub webhook`: what Flourish's screen for a webhook is given, also made anew with an overlap."""

from __future__ import annotations

import click
from sqlalchemy.orm import Session

from portal.cli import accounts
from portal.cli.opening import ACTOR, Refused, desk, show, tenant_named
from portal.cli.rules import of_tenant
from portal.models import Hub
from portal.sync import audit, secrets, webhook_screen
from portal.sync.engine.desk import Desk

# With the commands of accounts, as each module adds its own.
hub = accounts.hub
_CANNOT_OPEN = "Nothing was done: a stored secret cannot be opened."


@hub.group("webhook")
def webhook() -> None:
    """The webhook of a Flourish connection."""


@webhook.command("show")
@of_tenant
@click.argument("name")
def show_screen(slug: str, name: str) -> None:
    """Show what Flourish's screen is to be given, secrets and all; the audit tells of it."""
    opened = desk()
    with opened.tenant(tenant_named(opened, slug).id) as session:
        row = accounts.account_named(session, Hub, name)
        keys, about = opened.settings.master_keys, audit.account(row)
        audit.record(session, keys, row.tenant_id, "hub.webhook_shown", actor=ACTOR, subject=about)
        _show(opened, session, row)


@webhook.command("renew")
@of_tenant
@click.argument("name")
def renew(slug: str, name: str) -> None:
    """Make a new signing key and headers, and show them. Those of before are taken beside them for a week, or
    until the overlap is ended."""
    opened = desk()
    with opened.tenant(tenant_named(opened, slug).id) as session:
        row = accounts.account_named(session, Hub, name)
        try:
            webhook_screen.renew(opened, session, row, actor=ACTOR)
        except secrets.CannotOpen as error:
            raise Refused(_CANNOT_OPEN) from error
        session.flush()
        _show(opened, session, row)


@webhook.command("end-overlap")
@of_tenant
@click.argument("name")
def end_overlap(slug: str, name: str) -> None:
    """Take the signing key and headers of before no longer."""
    opened = desk()
    with opened.tenant(tenant_named(opened, slug).id) as session:
        row = accounts.account_named(session, Hub, name)
        webhook_screen.end_overlap(opened, session, row, actor=ACTOR)
        show({"id": row.id, "overlap_until": None})


def _show(opened: Desk, session: Session, row: Hub) -> None:
    """Print the screen's fields.

    Raises:
        Refused: a secret cannot be opened.
    """
    try:
        screen = webhook_screen.screen(opened, session, row)
    except secrets.CannotOpen as error:
        raise Refused(_CANNOT_OPEN) from error
    fields = {
        "id": row.id,
        "webhook_url": screen.url,
        "signing_key": screen.signing_key,
        "headers": dict(screen.headers),
        "events": webhook_screen.events(webhook_screen.fed_by(session, row.id)),
        "overlap_until": row.overlap_until,
    }
    show(fields)
