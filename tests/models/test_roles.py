"""Roles and row-level security: the second wall between tenants, tried with raw SQL."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from portal.models import Base, Membership, new_id, owned_tables
from tests.models.rows import INSERTS, fill, world

APPEND_ONLY = (
    "timeline_event",
    "log_line",
    "proof",
    "link_relation",
    "check_change",
    "notice_attempt",
    "problem_act",
)
# Which column a tenant could try to change.
A_COLUMN = {"search_term": "term", "log_line": "text", "delivery": "topic", "secret": "field"} | {
    "operation": "kind",
    "timeline_event": "title",
    "problem": "title",
    "problem_act": "did",
    "problem_choice": "made_by",
    "run": "worker",
    "link": "label",
    "link_relation": "kind",
    "hold": "line",
    "proof": "outcome",
    "preview": "started_by",
    "preview_row": "label",
    "reconciliation": "started_by",
    "reconciliation_row": "label",
    "invitation": "invited_by",
    "support_grant": "agent_name",
    "pulled_row": "sku",
    "check_change": "evidence",
    "waiver": "reason",
    "matched_key": "key",
    "match_row": "sort",
    "alias": "made_by",
    "exclusion": "made_by",
    "match_file": "made_by",
    "notice_rule": "address",
    "notice": "group_key",
    "notice_attempt": "reason",
}


@pytest.fixture
def ours(desk):
    return fill(desk.sessions, "ours")


@pytest.fixture
def theirs(desk):
    return fill(desk.sessions, "theirs")


def test_every_table_with_a_tenant_is_tried_here():
    owned = {table.name for table in Base.metadata.sorted_tables if "tenant_id" in table.c}
    assert owned - {"membership", "mail"} == set(INSERTS)


@pytest.mark.fault(75)
@pytest.mark.parametrize("table", INSERTS)
def test_without_a_tenant_the_app_role_gets_an_error_and_no_empty_page(desk, ours, table):
    with pytest.raises(DBAPIError), desk.sessions.app() as session:
        session.execute(text(f"SELECT * FROM {table}"))


@pytest.mark.fault(75)
def test_no_class_reads_a_companys_rows_outside_of_one(desk, ours):
    classes = [mapper.class_ for mapper in Base.registry.mappers if mapper.local_table in owned_tables()]
    assert len(classes) >= len(INSERTS)
    for owned in classes:
        with desk.sessions.app() as session:
            if owned is Membership:
                # One's own are seen outside of any company, to choose one: here nobody asks.
                assert session.execute(select(owned)).all() == []
                continue
            with pytest.raises(DBAPIError):
                session.execute(select(owned))
            session.rollback()


@pytest.mark.fault(75)
@pytest.mark.parametrize("table", INSERTS)
def test_a_tenant_sees_its_own_rows_and_nobody_elses(desk, ours, theirs, table):
    with desk.sessions.tenant(ours["tenant"]) as session:
        seen = session.execute(text(f"SELECT tenant_id FROM {table}")).scalars().all()

    assert seen == [ours["tenant"]]


@pytest.mark.parametrize("table", INSERTS)
def test_a_tenant_cannot_put_a_row_into_another_one(desk, ours, theirs, table):
    row = world(theirs["tenant"]) | {"hub": theirs["hub"], "link": theirs["link"]}
    row |= {"connection": theirs["connection"], "facility": theirs["facility"]}
    row |= {"agent": theirs["agent"]}
    fresh = {"hub": "hub", "facility": "facility", "connection": "connection", "link": "link"}
    if table in fresh:
        row[fresh[table]] = new_id()

    with (
        pytest.raises(DBAPIError, match="row-level security"),
        desk.sessions.tenant(ours["tenant"]) as session,
    ):
        session.execute(text(f"INSERT INTO {table} {INSERTS[table]}"), row)


@pytest.mark.parametrize("table", [name for name in INSERTS if name not in APPEND_ONLY])
def test_a_tenant_cannot_change_or_give_away_rows_across_the_wall(desk, ours, theirs, table):
    column = A_COLUMN.get(table, "name")
    with desk.sessions.tenant(ours["tenant"]) as session:
        changed = session.execute(
            text(f"UPDATE {table} SET {column} = 'stolen' WHERE tenant_id = :them"),
            {"them": theirs["tenant"]},
        )
        assert changed.rowcount == 0

    with (
        pytest.raises(DBAPIError, match="row-level security"),
        desk.sessions.tenant(ours["tenant"]) as session,
    ):
        session.execute(text(f"UPDATE {table} SET tenant_id = :them"), {"them": theirs["tenant"]})


@pytest.mark.parametrize("table", INSERTS)
def test_nothing_is_deleted_but_what_is_found_anew_and_secrets_of_what_was_given_up(desk, ours, table):
    def delete():
        with desk.sessions.tenant(ours["tenant"]) as session:
            return session.execute(text(f"DELETE FROM {table}")).rowcount

    deletable = (
        "search_term",
        "link_relation",
        "hold",
        "pulled_row",
        "match_row",
        "match_file",
        "preview",
        "preview_row",
        "reconciliation",
        "reconciliation_row",
        "secret",
    )
    if table in deletable:
        assert delete() == 1
    else:
        with pytest.raises(DBAPIError, match="permission denied"):
            delete()


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_was_told_is_never_rewritten(desk, ours, table):
    column = A_COLUMN[table]
    with (
        pytest.raises(DBAPIError, match="permission denied"),
        desk.sessions.tenant(ours["tenant"]) as session,
    ):
        session.execute(text(f"UPDATE {table} SET {column} = 'otherwise'"))


@pytest.mark.parametrize("table", [*INSERTS, "tenant", "membership", "app_user"])
def test_nobody_but_the_owner_may_truncate_or_change_a_table(desk, ours, table):
    for statement in (f"TRUNCATE {table} CASCADE", f"ALTER TABLE {table} ADD COLUMN x int"):
        with pytest.raises(DBAPIError), desk.sessions.tenant(ours["tenant"]) as session:
            session.execute(text(statement))


def test_a_tenant_sees_itself_only(desk, ours, theirs):
    with desk.sessions.tenant(ours["tenant"]) as session:
        assert session.execute(text("SELECT slug FROM tenant")).scalars().all() == ["ours"]
        assert session.execute(text("UPDATE tenant SET name = 'x' WHERE slug = 'theirs'")).rowcount == 0


def test_a_tenants_slug_is_not_changed_from_inside(desk, ours):
    with (
        pytest.raises(DBAPIError, match="permission denied"),
        desk.sessions.tenant(ours["tenant"]) as session,
    ):
        session.execute(text("UPDATE tenant SET slug = 'other'"))


@pytest.mark.parametrize(
    "what",
    [
        "last_four FROM secret",
        "set_by FROM secret",
        "label FROM link",
        "foreign_id FROM link",
        "snapshot FROM link",
        "base FROM link",
        "decision_text FROM link",
        "body FROM delivery",
        "headers FROM delivery",
        "title FROM problem",
        "evidence FROM problem",
        "request FROM operation",
        "report FROM proof",
        "title FROM timeline_event",
        "text FROM log_line",
        "term FROM search_term",
        "name FROM facility",
        "settings FROM connection",
        "key_owner FROM connection",
        "base_url FROM hub",
        "password_hash FROM sign_in",
        "token_hash FROM user_session",
        "token_hash FROM reset_token",
        "token_hash FROM invitation",
        "email FROM invitation",
        "token_hash FROM api_token",
        "name FROM api_token",
        "email FROM app_user",
        "address FROM notice_rule",
        "told FROM notice",
        "body FROM notice",
        "answer FROM notice_attempt",
    ],
)
def test_the_system_role_cannot_read_what_orders_people_and_keys_say(desk, ours, what):
    with pytest.raises(DBAPIError, match="permission denied"), desk.sessions.system() as session:
        session.execute(text(f"SELECT {what}"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE link SET due_at = NULL",
        "UPDATE connection SET state = 'live'",
        "UPDATE hub SET base_url = 'https://elsewhere'",
        "UPDATE tenant SET slug = 'x'",
        "DELETE FROM tenant",
        "DELETE FROM audit_event",
        "UPDATE audit_event SET actor = 'nobody'",
        "DELETE FROM app_user",
        "UPDATE proof SET lost = 0",
        "UPDATE delivery SET body = NULL",
        "INSERT INTO membership (tenant_id, user_id, role) VALUES (:id, :id, 'owner')",
    ],
)
def test_the_system_role_cannot_write_what_it_only_looks_at(desk, ours, statement):
    with pytest.raises(DBAPIError, match="permission denied"), desk.sessions.system() as session:
        session.execute(text(statement), {"id": new_id()} if ":id" in statement else {})


@pytest.mark.parametrize(
    "what",
    [
        "id, tenant_id, due_at, lease_until FROM link",
        "id, state, open_until FROM connection",
        "* FROM stream",
    ],
)
def test_the_system_role_sees_what_is_due_over_all_tenants(desk, ours, theirs, what):
    with desk.sessions.system() as session:
        assert len(session.execute(text(f"SELECT {what}")).all()) == 2


@pytest.mark.parametrize("table", ["proof", "log_line", "run", "delivery"])
def test_only_what_is_thinned_out_is_deleted_and_only_above_all_tenants(desk, ours, theirs, table):
    with desk.sessions.system() as session:
        session.execute(text("DELETE FROM log_line"))
        assert session.execute(text(f"DELETE FROM {table}")).rowcount == (0 if table == "log_line" else 2)


def test_a_tenant_sees_the_operators_switch_and_cannot_turn_it(desk, ours):
    with desk.sessions.tenant(ours["tenant"]) as session:
        assert session.execute(text("SELECT stopped_at FROM installation")).all() == []
    for statement in (
        "INSERT INTO installation DEFAULT VALUES",
        "UPDATE installation SET stopped_at = now()",
    ):
        with (
            pytest.raises(DBAPIError, match="permission denied"),
            desk.sessions.tenant(ours["tenant"]) as session,
        ):
            session.execute(text(statement))


@pytest.mark.fault(75)
def test_the_tenant_of_one_transaction_is_gone_in_the_next(desk, ours):
    with desk.sessions.tenant(ours["tenant"]) as session:
        session.execute(text("SELECT count(*) FROM link"))
    for _ in range(3):
        with pytest.raises(DBAPIError), desk.sessions.app() as session:
            session.execute(text("SELECT count(*) FROM link"))


def test_a_tenants_id_is_a_value_and_never_sql(desk, ours):
    with pytest.raises(DBAPIError), desk.sessions.tenant("x'; SET role trellis_owner; --") as session:
        session.execute(text("SELECT count(*) FROM link"))


PROOFS_OF_IDENTITY = ("sign_in", "recovery_code", "user_session", "reset_token")


@pytest.mark.parametrize("table", PROOFS_OF_IDENTITY)
def test_pages_and_workers_cannot_read_what_proves_who_somebody_is(desk, ours, table):
    with (
        pytest.raises(DBAPIError, match="permission denied"),
        desk.sessions.tenant(ours["tenant"]) as session,
    ):
        session.execute(text(f"SELECT * FROM {table}"))
    with pytest.raises(DBAPIError, match="permission denied"), desk.sessions.system() as session:
        session.execute(text(f"SELECT * FROM {table}"))


@pytest.mark.parametrize("table", ["link", "secret", "timeline_event", "support_grant"])
def test_who_looks_up_people_sees_no_row_of_a_company(desk, ours, table):
    with pytest.raises(DBAPIError, match="permission denied"), desk.sessions.identity() as session:
        session.execute(text(f"SELECT * FROM {table}"))


def test_people_are_seen_by_those_who_share_a_company_with_them(desk, ours, theirs):
    with desk.sessions.identity() as session:
        session.execute(
            text("INSERT INTO app_user (id, email, name) VALUES (:id, 'ann@ours', 'Ann')"),
            {"id": ours["proof"]},
        )
    with desk.sessions.tenant(ours["tenant"]) as session:
        session.execute(
            text("INSERT INTO membership (tenant_id, user_id, role) VALUES (:tenant, :proof, 'owner')"), ours
        )
        assert session.execute(text("SELECT name FROM app_user")).scalars().all() == ["Ann"]
    with desk.sessions.tenant(theirs["tenant"]) as session:
        assert session.execute(text("SELECT name FROM app_user")).all() == []


def test_a_tenant_makes_no_account(desk, ours):
    with (
        pytest.raises(DBAPIError, match="permission denied"),
        desk.sessions.tenant(ours["tenant"]) as session,
    ):
        session.execute(text("INSERT INTO app_user (id, email, name) VALUES (:proof, 'x@y', 'X')"), ours)


def test_mail_is_put_down_by_a_tenant_and_not_read_by_it(desk, ours, theirs):
    put = text("INSERT INTO mail (id, tenant_id, kind, sealed) VALUES (:proof, :tenant, 'invitation', 'x')")
    with desk.sessions.tenant(ours["tenant"]) as session:
        session.execute(put, ours)
    with (
        pytest.raises(DBAPIError, match="row-level security"),
        desk.sessions.tenant(ours["tenant"]) as session,
    ):
        session.execute(put, theirs)
    with (
        pytest.raises(DBAPIError, match="permission denied"),
        desk.sessions.tenant(ours["tenant"]) as session,
    ):
        session.execute(text("SELECT sealed FROM mail"))
