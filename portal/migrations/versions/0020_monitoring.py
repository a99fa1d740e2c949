"""Monitoring: figures over all companies, and whether the schema is at its head.

Revision ID: 0020
Revises: 0019
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the system role count unsettled writes and new deliveries, and see at which migration the schema is."""
    op.execute("GRANT SELECT (status, intent_at) ON operation TO trellis_system")
    op.execute("GRANT SELECT ON alembic_version TO trellis_system")
    # Of a table that only grows at its end: a range of time costs a few pages, and a new row next to nothing.
    op.create_index("ix_delivery_received", "delivery", ["received_at"], postgresql_using="brin")


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_delivery_received", table_name="delivery")
    op.execute("REVOKE SELECT ON alembic_version FROM trellis_system")
    op.execute("REVOKE SELECT (status, intent_at) ON operation FROM trellis_system")
