"""`trellis connection preview`: what a connection's first sync would do."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import click

from portal.cli import readiness
from portal.cli.opening import ACTOR, Refused, desk, show, tenant_named
from portal.cli.rules import connection_named, of_tenant
from portal.models import Preview
from portal.sync.preview import runner, summary

# With the commands of the checks, as each module adds its own.
connection = readiness.connection

_PAUSE_SECONDS = 1.0


@connection.command("preview")
@of_tenant
@click.option("--since", type=click.DateTime(), help="Send orders placed since then, UTC; else from now on.")
@click.argument("name")
def preview(slug: str, name: str, since: datetime | None) -> None:
    """Read both sides and show what the first sync would write; nothing is written."""
    opened = desk()
    tenant_id = tenant_named(opened, slug).id
    with opened.tenant(tenant_id) as session:
        row = connection_named(session, name)
        try:
            made = runner.start(
                session,
                opened.settings.master_keys,
                row.id,
                actor=ACTOR,
                since=since.replace(tzinfo=UTC) if since else None,
            )
        except runner.CannotPreview as refusal:
            raise Refused(str(refusal)) from refusal
        preview_id = made.id
    while True:
        runner.work(opened, tenant_id, preview_id)
        with opened.tenant(tenant_id) as session:
            found = session.get_one(Preview, preview_id)
            if found.finished_at is not None:
                break
        time.sleep(_PAUSE_SECONDS)
    if found.state == "failed":
        raise Refused(found.error)
    with opened.tenant(tenant_id) as session:
        said = summary.in_words(found.counts, connection_named(session, name))
    show(
        {
            "id": found.id,
            "summary": said,
            **found.counts,
            "page": f"/t/{slug}/connections/{found.connection_id}/preview",
        }
    )
