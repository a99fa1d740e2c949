"""The catalogue: items and products as last read, pulls that resume, and what open orders hold of stock.

Revision ID: 0006
Revises: 0005
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_JSON = postgresql.JSONB(astext_type=sa.Text())
_OWN_TENANT = "tenant_id = current_setting('app.tenant')::uuid"
_COLUMNS = (
    ("connection", "catalogue_since", _TIME, None),
    ("connection", "drops_approved_until", _TIME, None),
    ("stream", "position", _JSON, None),
    ("stream", "full_at", _TIME, None),
    ("link", "holds", _JSON, None),
    ("link", "wants_drop", sa.Boolean(), sa.text("false")),
)


def _key(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(collation="C"), nullable=False)


def _mirror(table: str, owner: str, ref: str, *columns: sa.Column[Any]) -> None:
    """Make one of the two mirrors: `owner` is whose rows they are, `ref` their id there."""
    op.create_table(
        table,
        sa.Column(f"{owner}_id", sa.Uuid(), nullable=False),
        _key(ref),
        _key("sku_key"),
        _key("near_key"),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("facts", _JSON, nullable=True),
        sa.Column("version", sa.Text(), server_default="", nullable=False),
        sa.Column("told", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("gone_at", _TIME, nullable=True),
        *columns,
        sa.Column("created_at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint([f"{owner}_id"], [f"{owner}.id"], name=op.f(f"fk_{table}_{owner}_id_{owner}")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f(f"fk_{table}_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(f"{owner}_id", ref, name=op.f(f"uq_{table}_{owner}_id_{ref}")),
    )
    op.create_index(f"ix_{table}_sku", table, [f"{owner}_id", "sku_key"])
    op.create_index(f"ix_{table}_near", table, [f"{owner}_id", "near_key"])


def _secure(table: str, may: str) -> None:
    op.execute(f"GRANT {may} ON {table} TO trellis_app")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_tenant ON {table} TO trellis_app USING ({_OWN_TENANT}) WITH CHECK ({_OWN_TENANT})"
    )
    op.execute(f"CREATE POLICY all_tenants ON {table} TO trellis_system USING (true) WITH CHECK (true)")


def upgrade() -> None:
    """Add it."""
    for table, name, kind, default in _COLUMNS:
        op.add_column(table, sa.Column(name, kind, server_default=default, nullable=default is None))
    _mirror(
        "item",
        "hub",
        "flourish_id",
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("ecommerce", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("brand", sa.Text(), server_default="", nullable=False),
        sa.Column("stock", _JSON, server_default="{}", nullable=False),
        sa.Column("stock_told", sa.Text(), nullable=True),
    )
    _mirror(
        "product",
        "connection",
        "foreign_id",
        sa.Column("listing_state", sa.Text(), server_default="", nullable=False),
        sa.Column("archived", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_table(
        "pulled_row",
        sa.Column("stream_id", sa.Uuid(), nullable=False),
        _key("part"),
        sa.Column("page", sa.Integer(), nullable=False),
        _key("ref"),
        sa.Column("sku", sa.Text(), server_default="", nullable=False),
        sa.Column("amount", sa.Numeric(20, 6), nullable=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["stream_id"], ["stream.id"], name=op.f("fk_pulled_row_stream_id_stream")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_pulled_row_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("stream_id", "part", "page", "ref", name=op.f("pk_pulled_row")),
    )
    _secure("item", "SELECT, INSERT, UPDATE")
    _secure("product", "SELECT, INSERT, UPDATE")
    # It is emptied at the end of each pull.
    _secure("pulled_row", "SELECT, INSERT, UPDATE, DELETE")
    # A company that is deleted is deleted from above.
    op.execute("GRANT DELETE ON item, product, pulled_row TO trellis_system")
    op.execute("GRANT SELECT (id, tenant_id) ON item, product TO trellis_system")
    op.execute("GRANT SELECT (stream_id, tenant_id, part, page, ref) ON pulled_row TO trellis_system")
    holding = sa.text("holds IS NOT NULL")
    op.create_index("ix_link_holds", "link", ["connection_id"], postgresql_where=holding)
    op.create_index("ix_link_drops", "link", ["connection_id"], postgresql_where=sa.text("wants_drop"))
    item = sa.text("kind = 'item'")
    op.create_index(
        "ix_link_items", "link", ["connection_id", "state", "decision_code"], postgresql_where=item
    )


def downgrade() -> None:
    """Take it away."""
    for index in ("ix_link_items", "ix_link_drops", "ix_link_holds"):
        op.drop_index(index, "link")
    for table in ("pulled_row", "product", "item"):
        op.drop_table(table)
    for table, name, _kind, _default in reversed(_COLUMNS):
        op.drop_column(table, name)
