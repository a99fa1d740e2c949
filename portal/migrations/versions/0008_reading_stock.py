"""When stock was read by itself, which product a link has, and which writes took all stock away.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them."""
    op.add_column("item", sa.Column("stock_read_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_link_product",
        "link",
        ["connection_id", sa.text("(base ->> 'product')")],
        postgresql_where=sa.text("kind = 'item'"),
    )
    op.create_index(
        "ix_operation_drops",
        "operation",
        ["connection_id", "intent_at"],
        postgresql_where=sa.text("kind = 'drop_stock'"),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_operation_drops", "operation")
    op.drop_index("ix_link_product", "link")
    op.drop_column("item", "stock_read_at")
