"""What people do about problems: who sees to one, notes, ignoring; and orders that are on hold.

Revision ID: 0018
Revises: 0017
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_JSON = postgresql.JSONB(astext_type=sa.Text())
_OWN_TENANT = "tenant_id = current_setting('app.tenant')::uuid"
_ACTS = "('assign', 'note', 'ignore', 'reopen', 'retry')"
_OPEN = "closed_at IS NULL AND ignored_until IS NULL"
_IGNORED = "closed_at IS NULL AND ignored_until IS NOT NULL"
_CLOSED = "closed_at IS NOT NULL"
# name -> (columns, where): each list newest first.
_OPENED = ["opened_at DESC", "id DESC"]
_LISTS = {
    "ix_problem_open": (["tenant_id", *_OPENED], _OPEN),
    "ix_problem_open_of_cause": (["tenant_id", "code", "cause", *_OPENED], _OPEN),
    "ix_problem_open_of_connection": (["tenant_id", "connection_id", *_OPENED], _OPEN),
    "ix_problem_open_by_who": (["tenant_id", "who", *_OPENED], _OPEN),
    "ix_problem_open_by_assignee": (["tenant_id", "assignee_id", *_OPENED], _OPEN),
    "ix_problem_ignored": (["tenant_id", *_OPENED], _IGNORED),
    "ix_problem_ignored_of_cause": (["tenant_id", "code", "cause", *_OPENED], _IGNORED),
    "ix_problem_ignored_until": (["ignored_until"], _IGNORED),
    "ix_problem_closed": (["tenant_id", "closed_at DESC", "id DESC"], _CLOSED),
    "ix_problem_closed_of_cause": (["tenant_id", "code", "cause", "closed_at DESC", "id DESC"], _CLOSED),
}


def _text(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable, server_default=default)


def _owned(table: str) -> tuple[Any, ...]:
    return (
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f(f"fk_{table}_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
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


def _change_problem() -> None:
    op.add_column("problem", sa.Column("held", sa.Numeric(14, 4), nullable=True))
    op.add_column("problem", sa.Column("assignee_id", sa.Uuid(), nullable=True))
    op.add_column("problem", _text("assignee_name", nullable=True))
    op.add_column("problem", sa.Column("ignored_until", _TIME, nullable=True))
    op.add_column("problem", _text("ignored_because", nullable=True))
    op.add_column("problem", sa.Column("revision", sa.Integer(), server_default="0", nullable=False))
    op.create_foreign_key(
        op.f("fk_problem_assignee_id_app_user"), "problem", "app_user", ["assignee_id"], ["id"]
    )
    op.create_check_constraint(
        op.f("ck_problem_ignored"), "problem", "(ignored_until IS NULL) = (ignored_because IS NULL)"
    )
    op.create_check_constraint(
        op.f("ck_problem_assigned"), "problem", "(assignee_id IS NULL) = (assignee_name IS NULL)"
    )
    op.drop_index("ix_problem_open", table_name="problem")
    for name, (columns, where) in _LISTS.items():
        sorted_by = [sa.text(one) for one in columns]
        op.create_index(name, "problem", sorted_by, postgresql_where=sa.text(where))
    # The sweep finds those whose time is over.
    op.execute("GRANT SELECT (ignored_until) ON problem TO trellis_system")


def _make_acts() -> None:
    op.create_table(
        "problem_act",
        sa.Column("problem_id", sa.Uuid(), nullable=False),
        sa.Column("form_id", sa.Uuid(), nullable=False),
        sa.Column("at", _TIME, server_default=sa.text("clock_timestamp()"), nullable=False),
        _text("kind"),
        _text("actor"),
        _text("did"),
        _text("text", default=""),
        *_owned("problem_act"),
        sa.ForeignKeyConstraint(
            ["problem_id"], ["problem.id"], name=op.f("fk_problem_act_problem_id_problem")
        ),
        sa.UniqueConstraint("problem_id", "form_id", name=op.f("uq_problem_act_problem_id_form_id")),
        sa.CheckConstraint(f"kind IN {_ACTS}", name=op.f("ck_problem_act_kind")),
    )
    op.create_index("ix_problem_act_of_problem", "problem_act", ["problem_id", "at"])
    _secure("problem_act", "SELECT, INSERT")


def _make_choices() -> None:
    op.create_table(
        "problem_choice",
        _text("act"),
        _text("made_by"),
        sa.Column("shown", _JSON, nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        _text("query", default=""),
        sa.Column("done_at", _TIME, nullable=True),
        _text("done_by", nullable=True),
        sa.Column("done", sa.Integer(), nullable=True),
        sa.Column("passed", _JSON, server_default="[]", nullable=False),
        sa.Column("created_at", _TIME, server_default=sa.text("now()"), nullable=False),
        *_owned("problem_choice"),
        sa.CheckConstraint(f"act IN {_ACTS}", name=op.f("ck_problem_choice_act")),
        sa.CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name=op.f("ck_problem_choice_done")),
    )
    op.create_index("ix_problem_choice_created", "problem_choice", ["created_at"])
    _secure("problem_choice", "SELECT, INSERT, UPDATE")


def _change_link() -> None:
    op.add_column("link", sa.Column("on_hold_since", _TIME, nullable=True))
    op.add_column("link", _text("on_hold_by", nullable=True))
    op.add_column("link", _text("on_hold_because", nullable=True))
    op.create_check_constraint(
        op.f("ck_link_on_hold"),
        "link",
        "(on_hold_since IS NULL) = (on_hold_by IS NULL)"
        " AND (on_hold_since IS NULL) = (on_hold_because IS NULL)",
    )


def upgrade() -> None:
    """Let problems be handled and orders be held."""
    _change_problem()
    _make_acts()
    _make_choices()
    _change_link()


def downgrade() -> None:
    """Take it back."""
    op.drop_table("problem_choice")
    op.drop_table("problem_act")
    for column in ("on_hold_because", "on_hold_by", "on_hold_since"):
        op.drop_column("link", column)
    for name in _LISTS:
        op.drop_index(name, table_name="problem")
    op.execute("REVOKE SELECT (ignored_until) ON problem FROM trellis_system")
    for column in ("revision", "ignored_because", "ignored_until", "assignee_name", "assignee_id", "held"):
        op.drop_column("problem", column)
    op.create_index(
        "ix_problem_open",
        "problem",
        ["tenant_id", sa.text("opened_at DESC"), sa.text("id DESC")],
        postgresql_where=sa.text("closed_at IS NULL"),
    )
