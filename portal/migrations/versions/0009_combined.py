"""Orders that became part of another one, and what people decided about an order.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_OWN_TENANT = "tenant_id = current_setting('app.tenant')::uuid"
# What was inferred is replaced by what a person says.
_GRANTS = f"""
GRANT SELECT, INSERT, DELETE ON link_relation TO trellis_app;
GRANT SELECT (id, tenant_id), DELETE ON link_relation TO trellis_system;
ALTER TABLE link_relation ENABLE ROW LEVEL SECURITY;
ALTER TABLE link_relation FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON link_relation TO trellis_app USING ({_OWN_TENANT}) WITH CHECK ({_OWN_TENANT});
CREATE POLICY all_tenants ON link_relation TO trellis_system USING (true) WITH CHECK (true);
"""


def upgrade() -> None:
    """Add them."""
    op.add_column("link", sa.Column("merged_at", sa.DateTime(timezone=True), nullable=True))
    choices = sa.Column("choices", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False)
    op.add_column("link", choices)
    merged = sa.text("merged_at IS NOT NULL")
    op.create_index("ix_link_merged", "link", ["connection_id", "merged_at"], postgresql_where=merged)
    op.create_table(
        "link_relation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("inferred", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('combined_into')", name=op.f("ck_link_relation_kind")),
        sa.ForeignKeyConstraint(["from_id"], ["link.id"], name=op.f("fk_link_relation_from_id_link")),
        sa.ForeignKeyConstraint(["to_id"], ["link.id"], name=op.f("fk_link_relation_to_id_link")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_link_relation_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_relation")),
        sa.UniqueConstraint("from_id", "kind", name=op.f("uq_link_relation_from_id_kind")),
    )
    op.create_index("ix_link_relation_to", "link_relation", ["to_id"])
    op.execute(_GRANTS)


def downgrade() -> None:
    """Take them away."""
    op.drop_table("link_relation")
    op.drop_index("ix_link_merged", "link")
    op.drop_column("link", "choices")
    op.drop_column("link", "merged_at")
