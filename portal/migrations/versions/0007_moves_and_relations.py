"""Flourish orders that a link had before it moved to another facility.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    column = sa.Column("former_ids", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False)
    op.add_column("link", column)


def downgrade() -> None:
    """Take it away."""
    op.drop_column("link", "former_ids")
