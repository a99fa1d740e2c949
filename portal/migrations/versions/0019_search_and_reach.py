"""Numbers are found without their hyphens, and lead straight to what has them.

Revision ID: 0019
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0017"
branch_labels = None
depends_on = None

# What is known of orders that are there already: their numbers, and those without what parts them.
_NUMBERS = """
INSERT INTO search_term (link_id, tenant_id, kind, term, is_number)
SELECT id, tenant_id, kind, lower(number), true
FROM link, unnest(ARRAY[foreign_id, label, flourish_id]) AS number
WHERE kind = 'order' AND number <> ''
ON CONFLICT (link_id, term) DO UPDATE SET is_number = true
"""
_BARE = """
INSERT INTO search_term (link_id, tenant_id, kind, term, is_number)
SELECT link_id, tenant_id, kind, regexp_replace(term, '[^[:alnum:]]', '', 'g'), bool_or(is_number)
FROM search_term WHERE term ~ '[0-9]' AND term ~ '[^[:alnum:]]' AND term ~ '^[ -~]*$'
GROUP BY 1, 2, 3, 4
ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    """Say whose term it is and whether it is a number, fold what is there, and index it for both."""
    op.add_column("search_term", sa.Column("kind", sa.Text()))
    op.add_column(
        "search_term", sa.Column("is_number", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    _fold()
    op.alter_column("search_term", "kind", nullable=False)
    op.drop_index("ix_search_term_term", "search_term")
    op.create_index("ix_search_term_found", "search_term", ["tenant_id", "kind", "term", "link_id"])


def _fold() -> None:
    """Row-level security is the owner's, too; for once it is to see the rows of all."""
    for table in ("link", "search_term"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE search_term SET kind = link.kind FROM link WHERE link.id = link_id")
    op.execute(_NUMBERS)
    op.execute(_BARE)
    for table in ("link", "search_term"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    """Forget it again; terms without hyphens stay."""
    op.drop_index("ix_search_term_found", "search_term")
    op.create_index("ix_search_term_term", "search_term", ["tenant_id", "term"])
    op.drop_column("search_term", "is_number")
    op.drop_column("search_term", "kind")
