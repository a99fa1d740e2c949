"""A word that thousands of orders share is asked for numbers without reading all of them.

Revision ID: 0030
Revises: 0026
"""

from alembic import op

revision = "0030"
down_revision = "0026"
branch_labels = None
depends_on = None

_INDEX, _TABLE = "ix_search_term_found", "search_term"


def upgrade() -> None:
    """Whether a term is a number stands in the index, before the thing that it is of."""
    op.drop_index(_INDEX, _TABLE)
    op.create_index(_INDEX, _TABLE, ["tenant_id", "kind", "term", "is_number", "link_id"])


def downgrade() -> None:
    """As it was."""
    op.drop_index(_INDEX, _TABLE)
    op.create_index(_INDEX, _TABLE, ["tenant_id", "kind", "term", "link_id"])
