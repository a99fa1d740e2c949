"""Runs migrations on the connection that `portal.migrations.upgrade` hands over."""

from __future__ import annotations

from alembic import context

from portal.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_type=True,
    compare_server_default=False,
)
with context.begin_transaction():
    context.run_migrations()
