"""A retail order and an outbound order of one Flourish company may have one number.

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_INDEX, _TABLE = "uq_link_flourish_order", "link"
_THERE = sa.text("kind = 'order' AND flourish_id IS NOT NULL")
_KIND = sa.text("COALESCE(flourish_kind, '')")


def upgrade() -> None:
    """An order's kind in Flourish tells its link from another one's."""
    op.drop_index(_INDEX, _TABLE)
    op.create_index(
        _INDEX, _TABLE, ["hub_id", _KIND, "flourish_id"], unique=True, postgresql_where=_THERE
    )


def downgrade() -> None:
    """As it was."""
    op.drop_index(_INDEX, _TABLE)
    op.create_index(_INDEX, _TABLE, ["hub_id", "flourish_id"], unique=True, postgresql_where=_THERE)
