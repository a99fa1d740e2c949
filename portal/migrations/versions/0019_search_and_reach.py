"""Numbers are found without their hyphens and lead straight to what has them; lists and counts have indexes.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
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


_PLACE = (
    "CASE WHEN state IN ('stuck', 'skipped') THEN state WHEN flourish_id IS NOT NULL THEN 'in_flourish'"
    " WHEN state = 'settled' THEN 'skipped' ELSE 'waiting' END"
)
_NEWEST = [sa.text("placed_at DESC"), sa.text("id DESC")]
# Name -> table, columns, of which rows.
_INDEXES = {
    "ix_link_orders_by_place": ("link", ["tenant_id", "place", *_NEWEST], "kind = 'order'"),
    "ix_link_orders_by_status": (
        "link",
        ["tenant_id", "flourish_status", *_NEWEST],
        "kind = 'order' AND flourish_status IS NOT NULL",
    ),
    "ix_link_orders_earlier": (
        "link",
        ["tenant_id", *_NEWEST],
        "kind = 'order' AND decision_code = 'before_go_live'",
    ),
    "ix_link_orders_seen": ("link", ["tenant_id", "created_at"], "kind = 'order'"),
    "ix_link_orders_held": (
        "link",
        ["tenant_id", "place", "state_since"],
        "kind = 'order' AND place IN ('waiting', 'stuck')",
    ),
    "ix_link_orders_looked": ("link", ["connection_id", "looked_at"], "kind = 'order'"),
    "ix_operation_created": (
        "operation",
        ["tenant_id", "finished_at"],
        "kind = 'create_order' AND status = 'ok'",
    ),
    "ix_log_line_trouble": (
        "log_line",
        ["connection_id", "level", "number"],
        "level IN ('wait', 'stuck', 'bug')",
    ),
}


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
    op.add_column("link", sa.Column("place", sa.Text(), sa.Computed(_PLACE, persisted=True), nullable=False))
    op.drop_index("ix_link_orders_by_state", "link")
    for name, (table, columns, rows) in _INDEXES.items():
        op.create_index(name, table, columns, postgresql_where=sa.text(rows))


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
    for name, (table, _, _) in _INDEXES.items():
        op.drop_index(name, table)
    op.create_index(
        "ix_link_orders_by_state",
        "link",
        ["tenant_id", "state", *_NEWEST],
        postgresql_where=sa.text("kind = 'order'"),
    )
    op.drop_column("link", "place")
    op.drop_index("ix_search_term_found", "search_term")
    op.create_index("ix_search_term_term", "search_term", ["tenant_id", "term"])
    op.drop_column("search_term", "is_number")
    op.drop_column("search_term", "kind")
