"""What was matched by a key, and what people said about it: aliases and exclusions.

Revision ID: 0012
Revises: 0011
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_JSON = postgresql.JSONB(astext_type=sa.Text())
_OWN_TENANT = "tenant_id = current_setting('app.tenant')::uuid"
_STATES = "'matched', 'near', 'ambiguous', 'missing_left', 'missing_right', 'excluded'"


def _key(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(collation="C"), nullable=False)


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _make(table: str, *more: Any) -> None:
    """Make a table of a connection's, under a key."""
    op.create_table(
        table,
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        _key("key"),
        *more,
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f(f"fk_{table}_connection_id_connection")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f(f"fk_{table}_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _said(table: str, *columns: sa.Column[Any], unique: tuple[str, str]) -> None:
    """Make a table of what people said and may undo; of one value, one thing holds at a time."""
    _make(
        table,
        *columns,
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        _text("made_by"),
        sa.Column("created_at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("undone_at", _TIME, nullable=True),
        _text("undone_by", nullable=True),
        sa.CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name=op.f(f"ck_{table}_undone")),
    )
    name, column = unique
    op.create_index(
        name,
        table,
        ["connection_id", "key", column],
        unique=True,
        postgresql_where=sa.text("undone_at IS NULL"),
    )


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
    """Make the tables, and the number by which what people said is known to have changed."""
    op.add_column("connection", sa.Column("said_revision", sa.Integer(), server_default="0", nullable=False))
    _make(
        "matched_key",
        sa.Column("counts", _JSON, server_default="{}", nullable=False),
        sa.Column("matched_at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.UniqueConstraint("connection_id", "key", name=op.f("uq_matched_key_connection_id_key")),
    )
    _make(
        "match_row",
        _key("state"),
        _key("sort"),
        *(
            _text(f"{side}_{what}", nullable=True)
            for side in ("left", "right")
            for what in ("ref", "value", "name")
        ),
        sa.Column("suggestions", _JSON, server_default="[]", nullable=False),
        sa.Column("by_alias", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_match_row_state")),
        sa.CheckConstraint(
            "left_ref IS NOT NULL OR right_ref IS NOT NULL", name=op.f("ck_match_row_something")
        ),
    )
    op.create_index("ix_match_row_in_order", "match_row", ["connection_id", "key", "state", "sort", "id"])
    _said(
        "alias",
        _text("left_value"),
        _text("right_value"),
        _key("left_key"),
        _key("right_key"),
        unique=("uq_alias_left", "left_key"),
    )
    op.create_index("ix_alias_batch", "alias", ["connection_id", "batch_id"])
    _said("exclusion", _text("value"), _key("value_key"), unique=("uq_exclusion_value", "value_key"))
    _make(
        "match_file",
        sa.Column("decisions", _JSON, nullable=False),
        _text("made_by"),
        sa.Column("created_at", _TIME, server_default=sa.text("now()"), nullable=False),
    )
    op.create_index("ix_match_file_of_connection", "match_file", ["connection_id", "created_at"])
    _secure("matched_key", "SELECT, INSERT, UPDATE")
    # Rows are replaced whenever both sides are matched anew.
    _secure("match_row", "SELECT, INSERT, UPDATE, DELETE")
    # A file is gone once it is applied.
    _secure("match_file", "SELECT, INSERT, UPDATE, DELETE")
    _secure("alias", "SELECT, INSERT, UPDATE")
    _secure("exclusion", "SELECT, INSERT, UPDATE")


def downgrade() -> None:
    """Drop them."""
    for table in ("match_file", "exclusion", "alias", "match_row", "matched_key"):
        op.drop_table(table)
    op.drop_column("connection", "said_revision")
