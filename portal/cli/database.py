"""`trellis db`: the schema."""

from __future__ import annotations

import click

from portal import config
from portal.migrations import upgrade as upgrade_schema


@click.group()
def db() -> None:
    """The database."""


@db.command()
def upgrade() -> None:
    """Bring roles and schema up to date."""
    settings = config.from_environment()
    upgrade_schema(settings.migration_database_url or settings.database_url)
    click.echo("The database is up to date.")
