"""The lines of a log about one thing are found however long the log is.

Revision ID: 0021
Revises: 0020
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.execute("CREATE INDEX ix_log_line_link ON log_line (link_id, number) WHERE link_id IS NOT NULL")


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP INDEX ix_log_line_link")
