"""Proofs of the check, stop switches that say who and why, when a schedule last swept, and retention.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_TENANT_COLUMNS = {
    "stopped_by": sa.Text(),
    "stop_reason": sa.Text(),
    "heard_at": _TIME,
    "proof_due_at": _TIME,
    "purge_due_at": _TIME,
}
_STOP_SPEAKS = "(stopped_by IS NULL) = (stop_reason IS NULL) AND (stopped_by IS NULL OR stopped_at IS NOT NULL)"
_OWN_TENANT = "tenant_id = current_setting('app.tenant')::uuid"

# Pages show the switch to everybody, and only whoever is above all tenants may turn it. A page or a look at an
# order cannot delete anything: what retention chose inside a tenant it deletes from above, by its id.
_GRANTS = f"""
GRANT SELECT ON installation TO trellis_app;
GRANT SELECT, INSERT, UPDATE ON installation TO trellis_system;
GRANT UPDATE (stopped_by, stop_reason, heard_at, proof_due_at) ON tenant TO trellis_app;
GRANT UPDATE (proof_due_at, purge_due_at) ON tenant TO trellis_system;
GRANT SELECT, INSERT ON proof TO trellis_app;
GRANT SELECT (id, tenant_id, at, how, duration_ms, outcome, orders, lost, doubled, ever_doubled)
    ON proof TO trellis_system;
ALTER TABLE proof ENABLE ROW LEVEL SECURITY;
ALTER TABLE proof FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON proof TO trellis_app USING ({_OWN_TENANT}) WITH CHECK ({_OWN_TENANT});
CREATE POLICY all_tenants ON proof TO trellis_system USING (true) WITH CHECK (true);
GRANT DELETE ON delivery, log_line, run, proof TO trellis_system;
GRANT SELECT (connection_id, number) ON log_line TO trellis_system;
"""


def upgrade() -> None:
    """Add them."""
    for name, kind in _TENANT_COLUMNS.items():
        op.add_column("tenant", sa.Column(name, kind, nullable=True))
    op.add_column("delivery", sa.Column("cleared_at", _TIME, nullable=True))
    op.create_check_constraint(op.f("ck_tenant_stop"), "tenant", _STOP_SPEAKS)
    op.create_table(
        "installation",
        sa.Column("id", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("last_swept_at", _TIME, nullable=True),
        sa.Column("stopped_at", _TIME, nullable=True),
        sa.Column("stopped_by", sa.Text(), nullable=True),
        sa.Column("stop_reason", sa.Text(), nullable=True),
        sa.Column("switched_at", _TIME, nullable=True),
        sa.Column("checking_until", _TIME, nullable=True),
        sa.CheckConstraint("id", name=op.f("ck_installation_one")),
        sa.CheckConstraint(
            "(stopped_at IS NULL) = (stopped_by IS NULL)", name=op.f("ck_installation_stopped_by")
        ),
        sa.CheckConstraint(
            "(stopped_at IS NULL) = (stop_reason IS NULL)", name=op.f("ck_installation_stop_reason")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_table(
        "proof",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("at", _TIME, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("lost", sa.Integer(), nullable=False),
        sa.Column("doubled", sa.Integer(), nullable=False),
        sa.Column("ever_doubled", sa.Integer(), nullable=False),
        sa.Column("failed", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("outcome IN ('held', 'partial', 'failed')", name=op.f("ck_proof_outcome")),
        sa.CheckConstraint("how IN ('schedule', 'command')", name=op.f("ck_proof_how")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_proof_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof")),
    )
    op.create_index("ix_proof_recent", "proof", ["tenant_id", sa.text("at DESC"), sa.text("id DESC")])
    # What retention has yet to clear, and to drop, oldest first.
    op.create_index(
        "ix_delivery_kept", "delivery", ["tenant_id", "received_at"], postgresql_where=sa.text("body IS NOT NULL")
    )
    op.create_index(
        "ix_delivery_cleared",
        "delivery",
        ["tenant_id", "cleared_at"],
        postgresql_where=sa.text("cleared_at IS NOT NULL"),
    )
    op.execute(_GRANTS)


def downgrade() -> None:
    """Take them away."""
    op.execute(
        "REVOKE DELETE ON delivery, log_line, run FROM trellis_system;"
        " REVOKE SELECT (connection_id, number) ON log_line FROM trellis_system;"
    )
    op.drop_index("ix_delivery_cleared", "delivery")
    op.drop_index("ix_delivery_kept", "delivery")
    op.drop_column("delivery", "cleared_at")
    op.drop_table("proof")
    op.drop_table("installation")
    op.drop_constraint(op.f("ck_tenant_stop"), "tenant")
    for name in _TENANT_COLUMNS:
        op.drop_column("tenant", name)
