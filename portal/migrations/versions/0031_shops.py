"""Shops: holds of orders as rows, when a figure's reading began, and what shops ask of an item.

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_JSON = postgresql.JSONB(astext_type=sa.Text())
_EACHES = sa.Numeric(20, 6)
_NOW, _OBJECT, _NO = sa.text("now()"), sa.text("'{}'"), sa.text("false")
_OWN_TENANT = "tenant_id = current_setting('app.tenant')::uuid"
_GRANTS = f"""
GRANT SELECT, INSERT, UPDATE, DELETE ON hold TO trellis_app;
GRANT SELECT (id, tenant_id), DELETE ON hold TO trellis_system;
ALTER TABLE hold ENABLE ROW LEVEL SECURITY;
ALTER TABLE hold FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON hold TO trellis_app USING ({_OWN_TENANT}) WITH CHECK ({_OWN_TENANT});
CREATE POLICY all_tenants ON hold TO trellis_system USING (true) WITH CHECK (true);
"""
# Columns that are there from now on, by table; those of JSON are an object at first, where it says so.
_NEW = (
    ("facility", sa.Column("stock_began_at", _TIME, nullable=True)),
    ("stream", sa.Column("shop_at", _TIME, nullable=True)),
    ("item", sa.Column("stock_began", _JSON, server_default=_OBJECT, nullable=False)),
    ("item", sa.Column("shop", _JSON, nullable=True)),
    ("item", sa.Column("variation", _JSON, nullable=True)),
    ("item", sa.Column("labs", _JSON, server_default=_OBJECT, nullable=False)),
)


def upgrade() -> None:
    """Add them. No defaults are computed, so that a mirror of millions of rows is not written anew."""
    for table, column in _NEW:
        op.add_column(table, column)
    op.create_table(
        "hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Text(collation="C"), nullable=False),
        sa.Column("sku_key", sa.Text(collation="C"), nullable=False),
        sa.Column("eaches", _EACHES, nullable=False),
        sa.Column("placed_at", _TIME, nullable=False),
        sa.Column("allocated", _EACHES, server_default="0", nullable=False),
        sa.Column("seen_at", _TIME, nullable=True),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.Column("was_pushed", sa.Boolean(), server_default=_NO, nullable=False),
        sa.Column("is_kept_there", sa.Boolean(), server_default=_NO, nullable=False),
        sa.Column("released_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_hold_tenant_id_tenant")),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_hold_connection_id_connection")
        ),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name=op.f("fk_hold_link_id_link")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
        sa.UniqueConstraint("link_id", "line", name=op.f("uq_hold_link_id_line")),
    )
    op.create_index(
        "ix_hold_open",
        "hold",
        ["connection_id", "sku_key"],
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_index(
        "ix_hold_released", "hold", ["released_at"], postgresql_where=sa.text("released_at IS NOT NULL")
    )
    op.execute(_GRANTS)


def downgrade() -> None:
    """Take them away."""
    op.drop_table("hold")
    for table, column in reversed(_NEW):
        op.drop_column(table, column.name)
