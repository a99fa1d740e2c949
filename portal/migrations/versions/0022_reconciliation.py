"""Reports that compare both sides of a connection field by field, and deliveries listed by their time.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_JSON = postgresql.JSONB(astext_type=sa.Text())
_NOW, _OBJECT = sa.text("now()"), sa.text("'{}'")
_IN_WORK = "state IN ('orders', 'items')"
_OWN_TENANT = "tenant_id = current_setting('app.tenant')::uuid"
# The schedule asks for reports that are due, in all companies.
_GRANTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO trellis_app;
GRANT SELECT ({columns}), DELETE ON {table} TO trellis_system;
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON {table} TO trellis_app USING ({own}) WITH CHECK ({own});
CREATE POLICY all_tenants ON {table} TO trellis_system USING (true) WITH CHECK (true);
"""


def _text(name: str, default: str | None = None, **more: object) -> sa.Column:
    return sa.Column(name, sa.Text(**more), server_default=default, nullable=False)


def _make(table: str, *columns: object) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f(f"fk_{table}_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def upgrade() -> None:
    """Add them."""
    op.add_column("connection", sa.Column("reconcile_due_at", _TIME, nullable=True))
    op.execute("GRANT SELECT (reconcile_due_at), UPDATE (reconcile_due_at) ON connection TO trellis_system")
    op.create_index(
        "ix_delivery_recent", "delivery", ["tenant_id", sa.text("received_at DESC"), sa.text("id DESC")]
    )
    _make_reports()
    _make_rows()
    columns = "id, tenant_id, connection_id, state, due_at, lease_until, created_at"
    op.execute(_GRANTS.format(table="reconciliation", own=_OWN_TENANT, columns=columns))
    columns = "id, tenant_id, reconciliation_id"
    op.execute(_GRANTS.format(table="reconciliation_row", own=_OWN_TENANT, columns=columns))


def _make_reports() -> None:
    _make(
        "reconciliation",
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        _text("state", "orders"),
        _text("started_by"),
        sa.Column("orders_since", _TIME, nullable=False),
        _text("place", "", collation="C"),
        sa.Column("compared", _JSON, server_default=_OBJECT, nullable=False),
        sa.Column("total", _JSON, server_default=_OBJECT, nullable=False),
        sa.Column("fields", _JSON, server_default=_OBJECT, nullable=False),
        _text("error", ""),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("lease_until", _TIME, nullable=True),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.CheckConstraint(
            "state IN ('orders', 'items', 'done', 'failed')", name=op.f("ck_reconciliation_state")
        ),
        sa.CheckConstraint(f"({_IN_WORK}) = (finished_at IS NULL)", name=op.f("ck_reconciliation_finished")),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_reconciliation_connection_id_connection")
        ),
    )
    op.create_index(
        "uq_reconciliation_in_work",
        "reconciliation",
        ["connection_id"],
        unique=True,
        postgresql_where=sa.text(_IN_WORK),
    )
    op.create_index(
        "ix_reconciliation_recent", "reconciliation", ["connection_id", sa.text("created_at DESC")]
    )


def _make_rows() -> None:
    told = (
        "label",
        "field",
        "what",
        "owner",
        "outcome",
        "agreed",
        "platform",
        "flourish",
        "why",
        "next_step",
    )
    _make(
        "reconciliation_row",
        sa.Column("reconciliation_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        _text("thing"),
        _text("subject", collation="C"),
        sa.Column("number", sa.Integer(), nullable=False),
        *(_text(name) for name in told),
        sa.CheckConstraint("thing IN ('item', 'order')", name=op.f("ck_reconciliation_row_thing")),
        sa.CheckConstraint(
            "outcome IN ('corrected', 'expected', 'conflict')", name=op.f("ck_reconciliation_row_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"],
            ["reconciliation.id"],
            name=op.f("fk_reconciliation_row_reconciliation_id_reconciliation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name=op.f("fk_reconciliation_row_link_id_link")),
        sa.UniqueConstraint(
            "reconciliation_id",
            "thing",
            "subject",
            "number",
            name=op.f("uq_reconciliation_row_reconciliation_id_thing_subject_number"),
        ),
    )
    op.create_index(
        "ix_reconciliation_row_outcome",
        "reconciliation_row",
        ["reconciliation_id", "outcome", "thing", "subject", "number"],
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("reconciliation_row")
    op.drop_table("reconciliation")
    op.drop_index("ix_delivery_recent", "delivery")
    op.drop_column("connection", "reconcile_due_at")
