"""Readiness: results of checks, how they changed, waivers, and runs that assess.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_JSON = postgresql.JSONB(astext_type=sa.Text())
_CLOCK = sa.text("clock_timestamp()")
_OUTCOMES = "outcome IN ('ready', 'wrong', 'unknown')"
_SEVERITIES = "severity IN ('blocks', 'warning', 'later')"
_OWN_TENANT = "tenant_id = current_setting('app.tenant')::uuid"
_MAY = {
    "check_result": "SELECT, INSERT, UPDATE",
    "check_change": "SELECT, INSERT",
    "waiver": "SELECT, INSERT, UPDATE",
}


def _own(table: str, *more: sa.Column | sa.Constraint) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        *more,
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f(f"fk_{table}_tenant_id_tenant")),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f(f"fk_{table}_connection_id_connection")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.execute(f"GRANT {_MAY[table]} ON {table} TO trellis_app")
    op.execute(f"GRANT SELECT (id, tenant_id, connection_id), DELETE ON {table} TO trellis_system")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_tenant ON {table} TO trellis_app USING ({_OWN_TENANT}) WITH CHECK ({_OWN_TENANT})"
    )
    op.execute(f"CREATE POLICY all_tenants ON {table} TO trellis_system USING (true) WITH CHECK (true)")


def _found(table: str) -> tuple[sa.Column | sa.Constraint, ...]:
    return (
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("counts", _JSON, server_default="{}", nullable=False),
        sa.CheckConstraint(_OUTCOMES, name=op.f(f"ck_{table}_outcome")),
        sa.CheckConstraint(_SEVERITIES, name=op.f(f"ck_{table}_severity")),
    )


def upgrade() -> None:
    """Add it."""
    _own(
        "check_result",
        *_found("check_result"),
        sa.Column("next_step", sa.Text(), server_default="", nullable=False),
        sa.Column("examples", _JSON, server_default="[]", nullable=False),
        sa.Column("checked_at", _TIME, server_default=_CLOCK, nullable=False),
        sa.Column("since", _TIME, server_default=_CLOCK, nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.UniqueConstraint("connection_id", "name", name=op.f("uq_check_result_connection_id_name")),
    )
    _own(
        "check_change",
        *_found("check_change"),
        sa.Column("at", _TIME, server_default=_CLOCK, nullable=False),
    )
    recent = ["connection_id", "name", sa.text("at DESC"), sa.text("id DESC")]
    op.create_index("ix_check_change_recent", "check_change", recent)
    _own(
        "waiver",
        sa.Column("waived_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("waived_at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.CheckConstraint("reason <> '' AND waived_by <> ''", name=op.f("ck_waiver_speaks")),
        sa.CheckConstraint("expires_at > waived_at", name=op.f("ck_waiver_expires")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_waiver_ended")),
    )
    standing = sa.text("ended_at IS NULL")
    names = ["connection_id", "name"]
    op.create_index("uq_waiver_standing", "waiver", names, unique=True, postgresql_where=standing)
    _runs()
    op.add_column("connection", sa.Column("assess_due_at", _TIME, nullable=True))
    op.execute("GRANT SELECT (kind) ON run TO trellis_system")
    op.execute("GRANT SELECT (assess_due_at), UPDATE (assess_due_at) ON connection TO trellis_system")


def _runs() -> None:
    op.add_column("run", sa.Column("about", sa.Text(), server_default="", nullable=False))
    op.drop_constraint(op.f("ck_run_kind"), "run", type_="check")
    op.create_check_constraint(op.f("ck_run_kind"), "run", "kind IN ('drain', 'poll', 'assessment')")
    going_on = sa.text("kind = 'assessment' AND state = 'running'")
    op.create_index("uq_run_assessing", "run", ["connection_id"], unique=True, postgresql_where=going_on)


def downgrade() -> None:
    """Take it away."""
    op.drop_column("connection", "assess_due_at")
    op.drop_index("uq_run_assessing", "run")
    op.execute("DELETE FROM run WHERE kind = 'assessment'")
    op.drop_constraint(op.f("ck_run_kind"), "run", type_="check")
    op.create_check_constraint(op.f("ck_run_kind"), "run", "kind IN ('drain', 'poll')")
    op.drop_column("run", "about")
    for table in ("waiver", "check_change", "check_result"):
        op.drop_table(table)
