"""Each write says what it changes, why, and after whose doing; the list of all writes has indexes.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_NEWEST = [sa.text("intent_at DESC"), sa.text("id DESC")]
# Name -> columns, of which rows.
_INDEXES = {
    "ix_operation_writes": (["tenant_id", *_NEWEST], None),
    "ix_operation_by_connection": (["connection_id", *_NEWEST], None),
    "ix_operation_by_kind": (["tenant_id", "kind", *_NEWEST], None),
    "ix_operation_by_system": (["tenant_id", "system", *_NEWEST], None),
    "ix_operation_by_status": (["tenant_id", "status", *_NEWEST], "status <> 'ok'"),
}


def upgrade() -> None:
    """Earlier writes say nothing of it: their stories do."""
    op.add_column(
        "operation", sa.Column("changes", JSONB(), server_default=sa.text("'[]'"), nullable=False)
    )
    for name in ("why", "prompted_by"):
        op.add_column("operation", sa.Column(name, sa.Text(), server_default=sa.text("''"), nullable=False))
    for name, (columns, rows) in _INDEXES.items():
        op.create_index(name, "operation", columns, postgresql_where=sa.text(rows) if rows else None)


def downgrade() -> None:
    """Forget it again."""
    for name in _INDEXES:
        op.drop_index(name, "operation")
    for name in ("prompted_by", "why", "changes"):
        op.drop_column("operation", name)
