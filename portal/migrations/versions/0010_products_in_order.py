"""Products are listed in the order of their SKUs.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index them as the list shows them."""
    op.create_index(
        "ix_link_products",
        "link",
        ["tenant_id", "foreign_id", "id"],
        postgresql_where=sa.text("kind = 'item'"),
    )
    op.create_index(
        "ix_link_products_by_state",
        "link",
        ["tenant_id", "state", "foreign_id", "id"],
        postgresql_where=sa.text("kind = 'item'"),
    )


def downgrade() -> None:
    """Drop the indexes."""
    op.drop_index("ix_link_products_by_state", "link")
    op.drop_index("ix_link_products", "link")
