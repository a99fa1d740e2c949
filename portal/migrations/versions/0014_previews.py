"""Previews of a first sync, what they approve, and links that are tried before a connection is live.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_JSON = postgresql.JSONB(astext_type=sa.Text())
_NOW, _OBJECT, _LIST = sa.text("now()"), sa.text("'{}'"), sa.text("'[]'")
_IN_WORK = "state IN ('reading', 'orders', 'items')"
_OWN_TENANT = "tenant_id = current_setting('app.tenant')::uuid"
# The schedule asks for previews that are due, in all companies.
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


def upgrade() -> None:
    """Add them."""
    op.drop_constraint("ck_run_kind", "run")
    op.create_check_constraint(
        op.f("ck_run_kind"), "run", "kind IN ('drain', 'poll', 'assessment', 'preview')"
    )
    op.add_column("link", sa.Column("tried_until", _TIME, nullable=True))
    op.execute("GRANT SELECT (tried_until) ON link TO trellis_system")
    op.create_table(
        "preview",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        _text("state", "reading"),
        _text("started_by"),
        sa.Column("orders_since", _TIME, server_default=_NOW, nullable=False),
        _text("place", "", collation="C"),
        sa.Column("total", _JSON, server_default=_OBJECT, nullable=False),
        sa.Column("reads", _JSON, server_default=_OBJECT, nullable=False),
        sa.Column("counts", _JSON, server_default=_OBJECT, nullable=False),
        _text("rules_digest", ""),
        _text("error", ""),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("lease_until", _TIME, nullable=True),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.Column("approved_at", _TIME, nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('reading', 'orders', 'items', 'done', 'failed')", name=op.f("ck_preview_state")
        ),
        sa.CheckConstraint(f"({_IN_WORK}) = (finished_at IS NULL)", name=op.f("ck_preview_finished")),
        sa.CheckConstraint(
            "(approved_at IS NULL) = (approved_by IS NULL)", name=op.f("ck_preview_approved")
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_preview_connection_id_connection")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["run.id"], name=op.f("fk_preview_run_id_run"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_preview_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preview")),
    )
    op.create_index(
        "uq_preview_in_work", "preview", ["connection_id"], unique=True, postgresql_where=sa.text(_IN_WORK)
    )
    op.create_index("ix_preview_recent", "preview", ["connection_id", sa.text("created_at DESC")])
    op.create_table(
        "preview_row",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("preview_id", sa.Uuid(), nullable=False),
        _text("thing"),
        _text("subject", collation="C"),
        _text("label"),
        _text("words", "", collation="C"),
        _text("kind"),
        _text("code"),
        _text("sentence"),
        _text("next_step"),
        sa.Column("acts", _JSON, server_default=_LIST, nullable=False),
        sa.Column("changes", _JSON, server_default=_LIST, nullable=False),
        sa.Column("drops", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _text("fingerprint", ""),
        sa.Column("holds", _JSON, nullable=True),
        sa.CheckConstraint("thing IN ('item', 'order')", name=op.f("ck_preview_row_thing")),
        sa.CheckConstraint(
            "kind IN ('create', 'change', 'stuck', 'skip', 'earlier', 'nothing')",
            name=op.f("ck_preview_row_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["preview_id"], ["preview.id"], name=op.f("fk_preview_row_preview_id_preview"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_preview_row_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preview_row")),
        sa.UniqueConstraint("preview_id", "thing", "subject", name=op.f("uq_preview_row_preview_id_thing_subject")),
    )
    op.create_index("ix_preview_row_kind", "preview_row", ["preview_id", "kind", "thing", "subject"])
    op.execute(
        _GRANTS.format(
            table="preview", own=_OWN_TENANT,
            columns="id, tenant_id, connection_id, state, due_at, lease_until, created_at",
        )
    )
    op.execute(_GRANTS.format(table="preview_row", own=_OWN_TENANT, columns="id, tenant_id, preview_id"))


def downgrade() -> None:
    """Take them away."""
    op.drop_table("preview_row")
    op.drop_table("preview")
    op.drop_column("link", "tried_until")
    op.execute("UPDATE run SET kind = 'drain' WHERE kind IN ('assessment', 'preview')")
    op.drop_constraint("ck_run_kind", "run")
    op.create_check_constraint(op.f("ck_run_kind"), "run", "kind IN ('drain', 'poll')")
