"""Each write knows when the other side changed; what the dashboard counts of late is in indexes.

Revision ID: 0025
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0023"
branch_labels = None
depends_on = None

_HELD = "kind = 'order' AND place IN ('waiting', 'stuck')"

def upgrade() -> None:
    """Earlier writes do not know it: they are not measured."""
    op.add_column("operation", sa.Column("prompted_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_index("ix_operation_created", "operation")
    op.create_index(
        "ix_operation_worked",
        "operation",
        ["connection_id", "kind", "finished_at"],
        postgresql_include=["tenant_id", "prompted_at"],
        postgresql_where=sa.text("status = 'ok'"),
    )
    op.drop_index("ix_link_orders_seen", "link")
    op.create_index(
        "ix_link_orders_seen",
        "link",
        ["tenant_id", "created_at"],
        postgresql_include=["connection_id", "place", "state_since"],
        postgresql_where=sa.text("kind = 'order'"),
    )
    op.drop_index("ix_link_orders_held", "link")
    op.create_index(
        "ix_link_orders_held",
        "link",
        ["tenant_id", "place", "state_since"],
        postgresql_include=["connection_id"],
        postgresql_where=sa.text(_HELD),
    )
    op.create_index(
        "ix_problem_opened", "problem", ["tenant_id", "opened_at"], postgresql_include=["connection_id"]
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_problem_opened", "problem")
    op.drop_index("ix_link_orders_held", "link")
    op.create_index(
        "ix_link_orders_held",
        "link",
        ["tenant_id", "place", "state_since"],
        postgresql_where=sa.text(_HELD),
    )
    op.drop_index("ix_link_orders_seen", "link")
    op.create_index(
        "ix_link_orders_seen",
        "link",
        ["tenant_id", "created_at"],
        postgresql_where=sa.text("kind = 'order'"),
    )
    op.drop_index("ix_operation_worked", "operation")
    op.create_index(
        "ix_operation_created",
        "operation",
        ["tenant_id", "finished_at"],
        postgresql_where=sa.text("kind = 'create_order' AND status = 'ok'"),
    )
    op.drop_column("operation", "prompted_at")
