"""A hub's webhook shows two headers, which can be replaced; a refused delivery says what was wrong.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Hubs of before have no headers, and are asked for none."""
    for name in ("shown_made_at", "overlap_until"):
        op.add_column("hub", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    for table in ("hub", "connection"):
        op.add_column(table, sa.Column("last_refusal", sa.Text(), nullable=True))


def downgrade() -> None:
    """Forget it again."""
    for table in ("connection", "hub"):
        op.drop_column(table, "last_refusal")
    for name in ("overlap_until", "shown_made_at"):
        op.drop_column("hub", name)
