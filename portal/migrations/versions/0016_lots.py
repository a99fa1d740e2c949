"""The stock of single lots: what each side has of them, and when batches were last read.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_JSON = postgresql.JSONB(astext_type=sa.Text())
_KEY = ("stream_id", "part", "page", "ref")


def upgrade() -> None:
    """Add them."""
    op.add_column("item", sa.Column("lots", _JSON, server_default=sa.text("'{}'"), nullable=False))
    op.add_column("product", sa.Column("batches", _JSON, nullable=True))
    op.add_column("stream", sa.Column("batches_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "pulled_row", sa.Column("lot", sa.Text(collation="C"), server_default=sa.text("''"), nullable=False)
    )
    op.drop_constraint(op.f("pk_pulled_row"), "pulled_row")
    op.create_primary_key(op.f("pk_pulled_row"), "pulled_row", [*_KEY, "lot"])
    # A company that is deleted has its rows deleted by their whole key.
    op.execute("GRANT SELECT (lot) ON pulled_row TO trellis_system")


def downgrade() -> None:
    """Drop them. What a pull has seen is forgotten: it begins anew."""
    op.execute("DELETE FROM pulled_row")
    op.execute("UPDATE stream SET position = NULL")
    op.drop_constraint(op.f("pk_pulled_row"), "pulled_row")
    op.create_primary_key(op.f("pk_pulled_row"), "pulled_row", list(_KEY))
    op.drop_column("pulled_row", "lot")
    op.drop_column("stream", "batches_at")
    op.drop_column("product", "batches")
    op.drop_column("item", "lots")
