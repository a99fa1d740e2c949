"""Other Flourish orders that were seen with a link's note, and the version that a delivery tells of.

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
    """Add the columns."""
    column = sa.Column("claimants", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False)
    op.add_column("link", column)
    op.add_column("delivery", sa.Column("version", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("delivery", "version")
    op.drop_column("link", "claimants")
