"""Notices: who is to be told what, the messages, each try to send one, and which problems were told.

Revision ID: 0017
Revises: 0016
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_NOW = sa.text("now()")
_JSON = postgresql.JSONB(astext_type=sa.Text())
_OWN_TENANT = "tenant_id = current_setting('app.tenant')::uuid"


def _time(name: str, *, nullable: bool = True, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, _TIME, nullable=nullable, **more)


def _text(name: str, *, nullable: bool = False, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable, **more)


def _make(table: str, *columns: Any) -> None:
    op.create_table(
        table,
        *columns,
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f(f"fk_{table}_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _refers(table: str, column: str, to: str, **more: Any) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"), **more)


def _secure(table: str, may: str) -> None:
    op.execute(f"GRANT {may} ON {table} TO trellis_app")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_tenant ON {table} TO trellis_app USING ({_OWN_TENANT}) WITH CHECK ({_OWN_TENANT})"
    )
    op.execute(f"CREATE POLICY all_tenants ON {table} TO trellis_system USING (true) WITH CHECK (true)")
    # A company that is deleted is deleted from above.
    op.execute(f"GRANT DELETE ON {table} TO trellis_system")
    op.execute(f"GRANT SELECT (id, tenant_id) ON {table} TO trellis_system")


def upgrade() -> None:
    """Make the tables. What is known of problems now counts as told."""
    _make_rules()
    _make_notices()
    _secure("notice_rule", "SELECT, INSERT, UPDATE")
    _secure("notice", "SELECT, INSERT, UPDATE")
    _secure("notice_attempt", "SELECT, INSERT")
    op.execute("GRANT SELECT (due_at, created_at) ON notice TO trellis_system")
    op.add_column("problem", _time("opened_told_at"))
    op.add_column("problem", _time("closed_told_at"))
    op.execute("UPDATE problem SET opened_told_at = now(), closed_told_at = closed_at")
    op.create_index(
        "ix_problem_untold",
        "problem",
        ["tenant_id", "opened_at"],
        postgresql_where=sa.text(
            "opened_told_at IS NULL OR closed_at IS NOT NULL AND closed_told_at IS NULL"
        ),
    )
    op.execute("GRANT SELECT (opened_told_at, closed_told_at) ON problem TO trellis_system")


def _make_rules() -> None:
    _make(
        "notice_rule",
        sa.Column("connection_id", sa.Uuid(), nullable=True),
        _text("channel"),
        _text("address"),
        sa.Column("kinds", _JSON, nullable=False),
        sa.Column("resolved", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _text("pace"),
        _text("made_by"),
        _time("since", nullable=False, server_default=_NOW),
        _time("failing_since"),
        _time("off_at"),
        _text("off_because", nullable=True),
        _time("overlap_until"),
        _time("ended_at"),
        _time("created_at", nullable=False, server_default=_NOW),
        sa.CheckConstraint("channel IN ('email', 'webhook')", name=op.f("ck_notice_rule_channel")),
        sa.CheckConstraint(
            "pace IN ('minutes_5', 'minutes_15', 'hour', 'day')", name=op.f("ck_notice_rule_pace")
        ),
        sa.CheckConstraint("(off_at IS NULL) = (off_because IS NULL)", name=op.f("ck_notice_rule_off")),
        _refers("notice_rule", "connection_id", "connection"),
    )
    op.create_index(
        "ix_notice_rule_tenant", "notice_rule", ["tenant_id"], postgresql_where=sa.text("ended_at IS NULL")
    )


def _make_notices() -> None:
    _make(
        "notice",
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        _text("group_key"),
        sa.Column("told", _JSON, server_default="{}", nullable=False),
        sa.Column("count", sa.Integer(), server_default="0", nullable=False),
        _time("leaves_at", nullable=False),
        _time("due_at"),
        _text("body", nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        _time("sent_at"),
        _time("given_up_at"),
        _time("created_at", nullable=False, server_default=_NOW),
        sa.CheckConstraint(
            "(due_at IS NULL) = (sent_at IS NOT NULL OR given_up_at IS NOT NULL)",
            name=op.f("ck_notice_due_until_over"),
        ),
        _refers("notice", "rule_id", "notice_rule"),
    )
    op.create_index(
        "uq_notice_collecting",
        "notice",
        ["rule_id", "group_key"],
        unique=True,
        postgresql_where=sa.text("body IS NULL AND due_at IS NOT NULL"),
    )
    op.create_index("ix_notice_group", "notice", ["rule_id", "group_key", "leaves_at"])
    op.create_index("ix_notice_due", "notice", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))
    op.create_index(
        "ix_notice_recent", "notice", ["rule_id", sa.text("created_at DESC"), sa.text("id DESC")]
    )
    _make(
        "notice_attempt",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        _time("at", nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.Column("taken", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        _text("reason", server_default=""),
        _text("answer", server_default=""),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        _refers("notice_attempt", "notice_id", "notice", ondelete="CASCADE"),
    )
    op.create_index("ix_notice_attempt_notice", "notice_attempt", ["notice_id", "at"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_problem_untold", table_name="problem")
    op.drop_column("problem", "closed_told_at")
    op.drop_column("problem", "opened_told_at")
    for table in ("notice_attempt", "notice", "notice_rule"):
        op.drop_table(table)
