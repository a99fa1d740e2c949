"""Monitoring: figures over all companies, the schema's own state, and tokens of the API.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_OWN_TENANT = "tenant_id = current_setting('app.tenant')::uuid"
_TIME = sa.DateTime(timezone=True)

# A token is made and revoked inside its company, and recognised by the identity role, which notes its use.
_TOKEN_GRANTS = f"""
ALTER TABLE api_token ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_token FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON api_token TO trellis_app USING ({_OWN_TENANT}) WITH CHECK ({_OWN_TENANT});
CREATE POLICY all_tenants ON api_token TO trellis_system, trellis_identity USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON api_token TO trellis_app;
GRANT SELECT, UPDATE (last_used_at) ON api_token TO trellis_identity;
GRANT SELECT (id, tenant_id), DELETE ON api_token TO trellis_system;
"""


def upgrade() -> None:
    """Let the system role count unsettled writes and new deliveries, and see the schema's version; add tokens."""
    op.execute("GRANT SELECT (status, intent_at) ON operation TO trellis_system")
    op.execute("GRANT SELECT ON alembic_version TO trellis_system")
    # Of a table that only grows at its end: a range of time costs a few pages, and a new row next to nothing.
    op.create_index("ix_delivery_received", "delivery", ["received_at"], postgresql_using="brin")
    op.create_table(
        "api_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("last_four", sa.Text(), nullable=False),
        sa.Column("maker_id", sa.Uuid(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("last_used_at", _TIME, nullable=True),
        sa.Column("revoked_at", _TIME, nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.CheckConstraint("name <> ''", name=op.f("ck_api_token_name")),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name=op.f("ck_api_token_revoked")),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_api_token_expires")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_api_token_tenant_id_tenant")),
        sa.ForeignKeyConstraint(["maker_id"], ["app_user.id"], name=op.f("fk_api_token_maker_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_index("ix_api_token_tenant", "api_token", ["tenant_id", sa.text("created_at DESC")])
    op.execute(_TOKEN_GRANTS)


def downgrade() -> None:
    """Take it back."""
    op.drop_table("api_token")
    op.drop_index("ix_delivery_received", table_name="delivery")
    op.execute("REVOKE SELECT ON alembic_version FROM trellis_system")
    op.execute("REVOKE SELECT (status, intent_at) ON operation FROM trellis_system")
