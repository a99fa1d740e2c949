"""Turns of connections, links that are worked on alone after a crash, and call rates by account.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_DUE = sa.text("due_at IS NOT NULL")
_LEASED = sa.text("lease_until IS NOT NULL")

# A claim goes over all tenants: whose turn it is, what is due, and the lease; nothing of the thing itself.
_CLAIM_GRANTS = """
GRANT SELECT (failures, turn_at) ON connection TO trellis_system;
GRANT UPDATE (turn_at) ON connection TO trellis_system;
GRANT SELECT (dirty_seq, lease_owner, fence, alone, crashes) ON link TO trellis_system;
GRANT UPDATE (lease_owner, lease_until, fence, alone, crashes) ON link TO trellis_system;
"""


def upgrade() -> None:
    """Add them."""
    op.add_column("link", sa.Column("alone", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("hub", sa.Column("calls_per_second", sa.Float(), nullable=True))
    op.add_column("connection", sa.Column("calls_per_second", sa.Float(), nullable=True))
    op.add_column("connection", sa.Column("turn_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_link_due_at", "link", ["connection_id", "due_at"], postgresql_where=_DUE)
    op.create_index("ix_link_leased", "link", ["lease_until"], postgresql_where=_LEASED)
    op.execute(_CLAIM_GRANTS)


def downgrade() -> None:
    """Take them away."""
    op.execute("REVOKE UPDATE (lease_owner, lease_until, fence, crashes) ON link FROM trellis_system")
    op.execute("REVOKE SELECT (dirty_seq, lease_owner, fence, crashes) ON link FROM trellis_system")
    op.execute("REVOKE SELECT (failures) ON connection FROM trellis_system")
    op.drop_index("ix_link_leased", "link")
    op.drop_index("ix_link_due_at", "link")
    op.drop_column("connection", "turn_at")
    op.drop_column("connection", "calls_per_second")
    op.drop_column("hub", "calls_per_second")
    op.drop_column("link", "alone")
