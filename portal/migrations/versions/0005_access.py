"""Sign-in apart from people, sessions, invitations, support grants, the audit, mail, and a tenant's end.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_NOW = sa.text("now()")
_ROLE_CHECK = "role IN ('owner', 'admin', 'viewer')"
_OWN_TENANT = "tenant_id = current_setting('app.tenant')::uuid"
_OWN_CHAIN = "chain = current_setting('app.tenant')::uuid"
_PERSON = "NULLIF(current_setting('app.user', true), '')::uuid"

# Rows that a tenant's deletion drops, from above (sync/retention.py): nothing inside a tenant may delete.
_DROPPED = (
    "search_term, operation, timeline_event, problem, stream, secret, link, connection, facility, hub, membership,"
    " invitation, support_grant, mail"
)

# Who proves to be whom is the identity role's alone: pages and workers cannot read a password's hash, a session
# or a token, and make no account. People are seen by those who share a tenant with them.
_GRANTS = f"""
REVOKE SELECT, INSERT, UPDATE ON app_user FROM trellis_app;
GRANT SELECT ON app_user TO trellis_app;
GRANT SELECT, INSERT, UPDATE ON app_user, sign_in, recovery_code, user_session, reset_token TO trellis_identity;
GRANT DELETE ON recovery_code TO trellis_identity;
GRANT SELECT ON membership, tenant, invitation TO trellis_identity;
CREATE POLICY people ON membership FOR SELECT TO trellis_identity USING (true);
CREATE POLICY people ON tenant FOR SELECT TO trellis_identity USING (true);
ALTER TABLE app_user ENABLE ROW LEVEL SECURITY;
ALTER TABLE app_user FORCE ROW LEVEL SECURITY;
CREATE POLICY everybody ON app_user TO trellis_identity USING (true) WITH CHECK (true);
CREATE POLICY colleagues ON app_user FOR SELECT TO trellis_app
    USING (id = {_PERSON} OR id IN (SELECT user_id FROM membership));
GRANT SELECT (id, user_id, created_at, seen_at, ended_at) ON user_session TO trellis_system;
GRANT SELECT (id, created_at) ON reset_token TO trellis_system;
GRANT DELETE ON user_session, reset_token TO trellis_system;

GRANT SELECT, INSERT, UPDATE ON invitation, support_grant TO trellis_app;
GRANT SELECT, INSERT ON support_grant TO trellis_system;
GRANT UPDATE (revoked_at, revoked_by) ON support_grant TO trellis_system;
GRANT SELECT (id, tenant_id) ON invitation TO trellis_system;

GRANT SELECT, INSERT ON audit_event TO trellis_app, trellis_identity, trellis_system;
GRANT SELECT, INSERT ON audit_head TO trellis_app, trellis_identity, trellis_system;
GRANT UPDATE (seq, hash) ON audit_head TO trellis_app, trellis_identity, trellis_system;
GRANT UPDATE (sealed_key) ON audit_head TO trellis_system;

GRANT INSERT ON mail TO trellis_app, trellis_identity;
GRANT SELECT, INSERT, UPDATE ON mail TO trellis_system;
ALTER TABLE mail ENABLE ROW LEVEL SECURITY;
ALTER TABLE mail FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON mail FOR INSERT TO trellis_app WITH CHECK ({_OWN_TENANT});
CREATE POLICY nobodys ON mail FOR INSERT TO trellis_identity WITH CHECK (true);
CREATE POLICY all_tenants ON mail TO trellis_system USING (true) WITH CHECK (true);

GRANT UPDATE (keep_bodies_days, delete_at, delete_asked_by) ON tenant TO trellis_app;
GRANT UPDATE (name, retired_at) ON tenant TO trellis_system;
GRANT DELETE ON {_DROPPED} TO trellis_system;
GRANT SELECT (link_id, tenant_id) ON search_term TO trellis_system;
GRANT SELECT (id, tenant_id) ON operation, timeline_event, facility TO trellis_system;
GRANT SELECT (tenant_id) ON log_line TO trellis_system;
GRANT SELECT (id, tenant_id, owner_id, field, ciphertext, key_id) ON secret TO trellis_system;
GRANT UPDATE (ciphertext, key_id) ON secret TO trellis_system;
GRANT SELECT (user_id, totp_sealed) ON sign_in TO trellis_system;
GRANT UPDATE (totp_sealed) ON sign_in TO trellis_system;

CREATE FUNCTION refuse_to_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is append-only: % of % is refused', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION refuse_to_rewrite();
"""


def upgrade() -> None:
    """Add them, and move passwords into their table."""
    _add_sign_in()
    _add_sessions()
    _add_admission()
    _add_audit()
    _add_mail()
    _add_tenant_columns()
    for table in ("invitation", "support_grant", "audit_event", "audit_head"):
        own = _OWN_CHAIN if table.startswith("audit") else _OWN_TENANT
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_tenant ON {table} TO trellis_app USING ({own}) WITH CHECK ({own})")
        op.execute(
            f"CREATE POLICY all_tenants ON {table} TO trellis_system, trellis_identity USING (true) WITH CHECK (true)"
        )
    op.execute(_GRANTS)


def _add_sign_in() -> None:
    op.create_table(
        "sign_in",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("password_set_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("totp_confirmed_at", _TIME, nullable=True),
        sa.Column("totp_step", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "totp_confirmed_at IS NULL OR totp_sealed IS NOT NULL", name=op.f("ck_sign_in_confirmed")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_sign_in_user_id_app_user")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_sign_in")),
    )
    op.execute(
        "INSERT INTO sign_in (user_id, password_hash, password_set_at)"
        " SELECT id, password_hash, created_at FROM app_user"
    )
    op.drop_column("app_user", "password_hash")
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("used_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_recovery_code_user_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    op.create_index("ix_recovery_code_user_id", "recovery_code", ["user_id"])
    op.create_table(
        "reset_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("used_at", _TIME, nullable=True),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_reset_token_user_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reset_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_reset_token_token_hash")),
    )
    op.create_index("ix_reset_token_user_id", "reset_token", ["user_id"])


def _add_sessions() -> None:
    op.create_table(
        "user_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("seen_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("proven_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("second_factor_at", _TIME, nullable=True),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("browser", sa.Text(), server_default="", nullable=False),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.Column("ended_because", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_because IS NULL)", name=op.f("ck_user_session_ended")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_user_session_user_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_session_token_hash")),
    )
    op.create_index(
        "ix_user_session_open", "user_session", ["user_id"], postgresql_where=sa.text("ended_at IS NULL")
    )


def _add_admission() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("invited_by", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("accepted_at", _TIME, nullable=True),
        sa.Column("revoked_at", _TIME, nullable=True),
        sa.CheckConstraint(_ROLE_CHECK, name=op.f("ck_invitation_role")),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_invitation_email")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_invitation_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitation_token_hash")),
    )
    op.create_index(
        "uq_invitation_open",
        "invitation",
        ["tenant_id", "email"],
        unique=True,
        postgresql_where=sa.text("accepted_at IS NULL AND revoked_at IS NULL"),
    )
    op.create_table(
        "support_grant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("agent_name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Text(), server_default="", nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("may_act", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("given_at", _TIME, nullable=True),
        sa.Column("given_by", sa.Text(), nullable=True),
        sa.Column("ends_at", _TIME, nullable=True),
        sa.Column("revoked_at", _TIME, nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('support', 'break_glass')", name=op.f("ck_support_grant_kind")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_support_grant_reason")),
        sa.CheckConstraint("minutes BETWEEN 5 AND 60", name=op.f("ck_support_grant_minutes")),
        sa.CheckConstraint("(given_at IS NULL) = (ends_at IS NULL)", name=op.f("ck_support_grant_given")),
        sa.CheckConstraint(
            "ends_at <= given_at + interval '60 minutes'", name=op.f("ck_support_grant_ends")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_support_grant_tenant_id_tenant")),
        sa.ForeignKeyConstraint(["agent_id"], ["app_user.id"], name=op.f("fk_support_grant_agent_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_grant")),
    )
    op.create_index("ix_support_grant_tenant", "support_grant", ["tenant_id", sa.text("created_at DESC")])
    op.create_index("ix_support_grant_agent", "support_grant", ["agent_id", sa.text("created_at DESC")])


def _add_audit() -> None:
    op.create_table(
        "audit_head",
        sa.Column("chain", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), server_default="0", nullable=False),
        sa.Column("hash", sa.LargeBinary(), server_default=sa.text("''::bytea"), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_event",
        sa.Column("chain", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "seq > 0 AND action <> '' AND actor <> ''", name=op.f("ck_audit_event_speaks")
        ),
        sa.PrimaryKeyConstraint("chain", "seq", name=op.f("pk_audit_event")),
    )
    op.create_index("ix_audit_event_at", "audit_event", ["chain", sa.text("at DESC"), sa.text("seq DESC")])


def _add_mail() -> None:
    op.create_table(
        "mail",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("due_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failure", sa.Text(), server_default="", nullable=False),
        sa.Column("sent_at", _TIME, nullable=True),
        sa.Column("given_up_at", _TIME, nullable=True),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.CheckConstraint(
            "(sealed IS NULL) = (sent_at IS NOT NULL OR given_up_at IS NOT NULL)",
            name=op.f("ck_mail_kept_until_sent"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_mail_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
    )
    op.create_index("ix_mail_due", "mail", ["due_at"], postgresql_where=sa.text("sealed IS NOT NULL"))


def _add_tenant_columns() -> None:
    op.add_column("tenant", sa.Column("keep_bodies_days", sa.Integer(), nullable=True))
    op.add_column("tenant", sa.Column("delete_at", _TIME, nullable=True))
    op.add_column("tenant", sa.Column("delete_asked_by", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_tenant_deletion"), "tenant", "(delete_at IS NULL) = (delete_asked_by IS NULL)"
    )
    op.create_check_constraint(
        op.f("ck_tenant_keep_bodies_days"), "tenant", "keep_bodies_days BETWEEN 1 AND 90"
    )


def downgrade() -> None:
    """Refuse: an audit is not taken away, and a password cannot be moved back past its wall unseen."""
    raise RuntimeError("0005 cannot be undone: restore the backup that was made before the upgrade")
