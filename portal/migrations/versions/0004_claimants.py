"""Other Flourish orders that were seen with a link's note.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    column = sa.Column("claimants", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False)
    op.add_column("link", column)


def downgrade() -> None:
    """Take it away."""
    op.drop_column("link", "claimants")
