"""Connecting in the browser: a company in use is found over all tenants, and secrets are destroyed.

Revision ID: 0015
Revises: 0014
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a new connection's company be compared with those in use, and a parting one forget its keys."""
    op.execute("GRANT SELECT (base_url, company_ref) ON connection TO trellis_system")
    op.execute("GRANT DELETE ON secret TO trellis_app")


def downgrade() -> None:
    """Take both back."""
    op.execute("REVOKE DELETE ON secret FROM trellis_app")
    op.execute("REVOKE SELECT (base_url, company_ref) ON connection FROM trellis_system")
