"""States that must not be are impossible: one row of the table below for each wall."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import CheckConstraint, UniqueConstraint, text
from sqlalchemy.exc import IntegrityError

from portal.models import Base, new_id
from tests.models.rows import INSERTS, fill

A_HUB = "INSERT INTO hub (id, tenant_id, name, base_url, auth_scheme, webhook_token_hash) VALUES "
A_USER = "INSERT INTO app_user (id, email, name) VALUES (:new, 'a@x', 'n')"
A_SESSION = "INSERT INTO user_session (id, user_id, token_hash) VALUES (:new, :agent, 'h')"
A_RESET = "INSERT INTO reset_token (id, user_id, token_hash, expires_at) VALUES (:new, :agent, 'h', now())"
A_TOKEN = f"INSERT INTO api_token {INSERTS['api_token'].replace(':api_token', ':new')}"
AN_INVITATION = f"INSERT INTO invitation {INSERTS['invitation'].replace(':invitation', ':new')}"
A_LINK = "INSERT INTO link (id, tenant_id, connection_id, hub_id, kind, foreign_id"
AN_OPERATION = (
    "INSERT INTO operation (id, tenant_id, connection_id, hub_id, link_id, kind, system, natural_key, once,"
    " request, fence, status, finished_at) VALUES"
    " (:new, :tenant, :connection, :hub, {link}, 'k', 'flourish', {key}, {once}, '{{}}', 1, {status})"
)
ANOTHER_LINK = A_LINK + ") VALUES (:other, :tenant, :connection, :hub, 'order', 'n2')"

# Constraint -> the statements of which the last one is refused.
REFUSED: dict[str, tuple[str, ...]] = {
    "ck_tenant_slug": ("INSERT INTO tenant (id, slug, name, timezone) VALUES (:new, 'No Slug', 'n', 'UTC')",),
    "ck_tenant_stop": ("UPDATE tenant SET stopped_by = 'Ann'",),
    "ck_installation_one": ("INSERT INTO installation (id) VALUES (false)",),
    "ck_installation_stopped_by": ("INSERT INTO installation (stopped_at, stop_reason) VALUES (now(), 'x')",),
    "ck_installation_stop_reason": (
        "INSERT INTO installation (stopped_at, stopped_by) VALUES (now(), 'Ann')",
    ),
    "ck_proof_outcome": ("UPDATE proof SET outcome = 'fine'",),
    "ck_proof_how": ("UPDATE proof SET how = 'by hand'",),
    "ck_notice_rule_channel": ("UPDATE notice_rule SET channel = 'pigeon'",),
    "ck_notice_rule_pace": ("UPDATE notice_rule SET pace = 'always'",),
    "ck_notice_rule_off": ("UPDATE notice_rule SET off_at = now()",),
    "ck_notice_due_until_over": ("UPDATE notice SET due_at = NULL",),
    "uq_notice_collecting": (f"INSERT INTO notice {INSERTS['notice'].replace(':notice', ':new')}",),
    "ck_preview_state": ("UPDATE preview SET state = 'thinking', finished_at = now()",),
    "ck_preview_finished": ("UPDATE preview SET state = 'done'",),
    "ck_preview_approved": ("UPDATE preview SET approved_at = now()",),
    "uq_preview_in_work": (f"INSERT INTO preview {INSERTS['preview'].replace(':preview', ':new')}",),
    "ck_preview_row_thing": ("UPDATE preview_row SET thing = 'rep'",),
    "ck_preview_row_kind": ("UPDATE preview_row SET kind = 'perhaps'",),
    "uq_preview_row_preview_id_thing_subject": (
        f"INSERT INTO preview_row {INSERTS['preview_row'].replace(':preview_row', ':new')}",
    ),
    "ck_reconciliation_state": ("UPDATE reconciliation SET state = 'thinking', finished_at = now()",),
    "ck_reconciliation_finished": ("UPDATE reconciliation SET state = 'done'",),
    "uq_reconciliation_in_work": (
        f"INSERT INTO reconciliation {INSERTS['reconciliation'].replace(':report', ':new')}",
    ),
    "ck_reconciliation_row_thing": ("UPDATE reconciliation_row SET thing = 'rep'",),
    "ck_reconciliation_row_outcome": ("UPDATE reconciliation_row SET outcome = 'agrees'",),
    "uq_reconciliation_row_reconciliation_id_thing_subject_number": (
        f"INSERT INTO reconciliation_row {INSERTS['reconciliation_row'].replace(':report_row', ':new')}",
    ),
    "uq_tenant_slug": ("INSERT INTO tenant (id, slug, name, timezone) VALUES (:new, 'acme', 'n', 'UTC')",),
    "ck_app_user_email": (A_USER.replace("a@x", "A@X"),),
    "ck_app_user_staff_role": (
        A_USER,
        "UPDATE app_user SET staff_role = 'god'",
    ),
    "uq_app_user_email": (
        A_USER,
        A_USER.replace(":new", ":other"),
    ),
    "ck_membership_role": (
        A_USER,
        "INSERT INTO membership (tenant_id, user_id, role) VALUES (:tenant, :new, 'king')",
    ),
    "ck_hub_state": ("UPDATE hub SET state = 'on'",),
    "uq_hub_tenant_id_name": (A_HUB + "(:new, :tenant, 'Secret name', 'u', 'a', 'other')",),
    "uq_hub_webhook_token_hash": (A_HUB + "(:new, :tenant, 'n', 'u', 'a', :token)",),
    "uq_facility_hub_id_flourish_id": (
        f"INSERT INTO facility {INSERTS['facility'].replace(':facility', ':new')}",
    ),
    "ck_connection_state": ("UPDATE connection SET state = 'on'",),
    "ck_connection_live_since": ("UPDATE connection SET live_since = NULL",),
    "ck_connection_company": ("UPDATE connection SET company_ref = NULL",),
    "uq_connection_tenant_id_name": (
        _CONNECTION := f"INSERT INTO connection {INSERTS['connection']}".replace(":connection", ":new")
        .replace(":token", "'t2'")
        .replace(":company", "'c2'"),
    ),
    "uq_connection_webhook_token_hash": (_CONNECTION.replace("'LL'", "'L2'").replace("'t2'", ":token"),),
    "uq_connection_company_in_use": (_CONNECTION.replace("'LL'", "'L2'").replace("'c2'", ":company"),),
    "uq_secret_owner_id_field": (f"INSERT INTO secret {INSERTS['secret'].replace(':secret', ':new')}",),
    "ck_link_kind": (A_LINK + ") VALUES (:new, :tenant, :connection, :hub, 'thing', 'x')",),
    "ck_link_state": ("UPDATE link SET state = 'lost', decision_code = 'x'",),
    "ck_link_decided": ("UPDATE link SET state = 'settled', decision_code = NULL",),
    "ck_link_sequence": ("UPDATE link SET done_seq = dirty_seq + 1",),
    "ck_link_lease": ("UPDATE link SET lease_owner = 'w', lease_until = NULL",),
    "ck_link_relation_kind": ("UPDATE link_relation SET kind = 'like'",),
    "uq_hold_link_id_line": (f"INSERT INTO hold {INSERTS['hold'].replace(':hold', ':new')}",),
    "uq_link_relation_from_id_kind": (
        f"INSERT INTO link_relation {INSERTS['link_relation'].replace(':relation', ':new')}",
    ),
    "uq_link_connection_id_kind_foreign_id": (ANOTHER_LINK.replace("'n2'", "'n1'"),),
    "uq_link_flourish_order": (
        ANOTHER_LINK,
        "UPDATE link SET flourish_id = 'SO-1'",
    ),
    "ck_operation_status": (
        AN_OPERATION.format(link=":link", key="'x'", once="false", status="'done', now()"),
    ),
    "ck_operation_finished": ("UPDATE operation SET status = 'ok'",),
    "ck_operation_settle": ("UPDATE operation SET status = 'unknown', settle_at = NULL",),
    "uq_operation_open": (
        AN_OPERATION.format(link=":link", key="'x'", once="false", status="'intent', NULL"),
    ),
    "uq_operation_once": (
        ANOTHER_LINK,
        AN_OPERATION.format(link=":other", key="'order:1'", once="true", status="'intent', NULL"),
    ),
    "uq_delivery_source_id_dedupe_key": (
        f"INSERT INTO delivery {INSERTS['delivery'].replace(':delivery', ':new')}",
    ),
    "ck_delivery_outcome": ("UPDATE delivery SET outcome = 'lost'",),
    "ck_timeline_event_side": (
        f"INSERT INTO timeline_event {INSERTS['timeline_event']}".replace(":event", ":new").replace(
            "1, 'trellis'", "2, 'moon'"
        ),
    ),
    "ck_timeline_event_tone": (
        (
            "INSERT INTO timeline_event (id, tenant_id, link_id, seq, side, actor, title, tone)"
            " VALUES (:new, :tenant, :link, 2, 'trellis', 'a', 't', 'loud')"
        ),
    ),
    "uq_timeline_event_link_id_seq": (
        f"INSERT INTO timeline_event {INSERTS['timeline_event']}".replace(":event", ":new"),
    ),
    "ck_problem_speaks": ("UPDATE problem SET next_step = ''",),
    "ck_problem_closed": ("UPDATE problem SET closed_at = now()",),
    "ck_problem_ignored": ("UPDATE problem SET ignored_until = now()",),
    "ck_problem_assigned": ("UPDATE problem SET assignee_name = 'Ann'",),
    "ck_problem_act_kind": (
        f"INSERT INTO problem_act {INSERTS['problem_act']}".replace(":act", ":new").replace(
            "'note'", "'sing'"
        ),
    ),
    "uq_problem_act_problem_id_form_id": (
        f"INSERT INTO problem_act {INSERTS['problem_act']}".replace("(:act,", "(:new,"),
    ),
    "ck_problem_choice_act": ("UPDATE problem_choice SET act = 'sing'",),
    "ck_problem_choice_done": ("UPDATE problem_choice SET done_at = now()",),
    "ck_link_on_hold": ("UPDATE link SET on_hold_since = now()", "UPDATE link SET on_hold_because = 'why'"),
    "uq_problem_open": (f"INSERT INTO problem {INSERTS['problem'].replace(':problem', ':new')}",),
    "ck_run_kind": ("UPDATE run SET kind = 'walk'",),
    "ck_run_state": ("UPDATE run SET state = 'gone', finished_at = now()",),
    "ck_run_finished": ("UPDATE run SET state = 'done'",),
    "uq_run_assessing": (
        "UPDATE run SET kind = 'assessment'",
        f"INSERT INTO run {INSERTS['run'].replace(':run', ':new').replace('drain', 'assessment')}",
    ),
    "ck_check_result_outcome": ("UPDATE check_result SET outcome = 'fine'",),
    "ck_check_result_severity": ("UPDATE check_result SET severity = 'bad'",),
    "uq_check_result_connection_id_name": (
        f"INSERT INTO check_result {INSERTS['check_result'].replace(':result', ':new')}",
    ),
    "ck_check_change_outcome": ("UPDATE check_change SET outcome = 'fine'",),
    "ck_check_change_severity": ("UPDATE check_change SET severity = 'bad'",),
    "uq_waiver_standing": (f"INSERT INTO waiver {INSERTS['waiver'].replace(':waiver', ':new')}",),
    "ck_waiver_speaks": ("UPDATE waiver SET reason = ''",),
    "ck_waiver_expires": ("UPDATE waiver SET expires_at = waived_at",),
    "ck_waiver_ended": ("UPDATE waiver SET ended_at = now()",),
    "ck_log_line_level": (
        (
            "INSERT INTO log_line (connection_id, number, tenant_id, level, entity, text)"
            " VALUES (:connection, 2, :tenant, 'shout', 'e', 't')"
        ),
    ),
    "pk_log_line": (f"INSERT INTO log_line {INSERTS['log_line']}",),
    "pk_search_term": (f"INSERT INTO search_term {INSERTS['search_term']}",),
    "uq_stream_source_id_name": (f"INSERT INTO stream {INSERTS['stream'].replace(':stream', ':new')}",),
    "ck_stream_interval": ("UPDATE stream SET interval_seconds = 0",),
    "uq_item_hub_id_flourish_id": (f"INSERT INTO item {INSERTS['item'].replace(':item', ':new')}",),
    "uq_product_connection_id_foreign_id": (
        f"INSERT INTO product {INSERTS['product'].replace(':product', ':new')}",
    ),
    "uq_matched_key_connection_id_key": (
        f"INSERT INTO matched_key {INSERTS['matched_key'].replace(':matched', ':new')}",
    ),
    "ck_match_row_state": ("UPDATE match_row SET state = 'far'",),
    "ck_match_row_something": ("UPDATE match_row SET left_ref = NULL",),
    "ck_alias_undone": ("UPDATE alias SET undone_at = now()",),
    "uq_alias_left": (f"INSERT INTO alias {INSERTS['alias'].replace('(:alias', '(:new')}",),
    "ck_exclusion_undone": ("UPDATE exclusion SET undone_by = 'Ann'",),
    "uq_exclusion_value": (f"INSERT INTO exclusion {INSERTS['exclusion'].replace('(:exclusion', '(:new')}",),
    "ck_tenant_deletion": ("UPDATE tenant SET delete_at = now()",),
    "ck_tenant_keep_bodies_days": ("UPDATE tenant SET keep_bodies_days = 0",),
    "ck_sign_in_confirmed": (
        "INSERT INTO sign_in (user_id, password_hash, totp_confirmed_at) VALUES (:agent, 'h', now())",
    ),
    "ck_user_session_ended": (A_SESSION, "UPDATE user_session SET ended_at = now()"),
    "uq_user_session_token_hash": (A_SESSION, A_SESSION.replace(":new", ":other")),
    "uq_reset_token_token_hash": (A_RESET, A_RESET.replace(":new", ":other")),
    "ck_api_token_name": ("UPDATE api_token SET name = ''",),
    "ck_api_token_revoked": ("UPDATE api_token SET revoked_at = now()",),
    "ck_api_token_expires": ("UPDATE api_token SET expires_at = created_at",),
    "uq_api_token_token_hash": (A_TOKEN,),
    "ck_invitation_role": ("UPDATE invitation SET role = 'king'",),
    "ck_invitation_email": ("UPDATE invitation SET email = 'New@x'",),
    "uq_invitation_open": (AN_INVITATION.replace(":token", "'other'"),),
    "uq_invitation_token_hash": (AN_INVITATION.replace("'new@x'", "'another@x'"),),
    "ck_support_grant_kind": ("UPDATE support_grant SET kind = 'favour'",),
    "ck_support_grant_reason": ("UPDATE support_grant SET reason = ''",),
    "ck_support_grant_minutes": ("UPDATE support_grant SET minutes = 61",),
    "ck_support_grant_given": ("UPDATE support_grant SET given_at = now()",),
    "ck_support_grant_ends": (
        "UPDATE support_grant SET given_at = now(), ends_at = now() + interval '61 minutes'",
    ),
    "ck_audit_event_speaks": (
        (
            "INSERT INTO audit_event (chain, seq, at, actor, role, address, reference, action, subject_kind,"
            " subject_id, subject, detail, hash)"
            " VALUES (:tenant, 1, now(), '', '', '', '', 'signed_in', '', '', '', '{}', '')"
        ),
    ),
    "ck_mail_kept_until_sent": (
        "INSERT INTO mail (id, kind, sealed, sent_at) VALUES (:new, 'invitation', 'x', now())",
    ),
}


def run(engine, ids, statements):
    """Run statements as the login itself, so that nothing but constraints can refuse them."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL ROLE trellis_owner"))
        connection.execute(text("SELECT set_config('row_security', 'off', true)"))
        connection.execute(text("RESET ROLE"))
        for statement in statements:
            connection.execute(text(statement), ids)


@pytest.fixture
def ids(desk):
    return fill(desk.sessions, "acme") | {"new": new_id(), "other": new_id()}


@pytest.mark.parametrize("constraint", REFUSED)
def test_a_wrong_state_is_refused_by_its_constraint(engine, ids, constraint):
    with pytest.raises(IntegrityError) as refused:
        run(engine, ids, REFUSED[constraint])

    assert getattr(refused.value.orig, "diag").constraint_name == constraint  # noqa: B009 - psycopg's own


def test_every_check_and_unique_rule_of_the_models_is_tried_here():
    rules = set()
    for table in Base.metadata.sorted_tables:
        for one in table.constraints:
            if isinstance(one, CheckConstraint):
                rules.add(f"ck_{table.name}_{str(one.name).removeprefix(f'ck_{table.name}_')}")
            elif isinstance(one, UniqueConstraint):
                rules.add(str(one.name))
        rules |= {str(index.name) for index in table.indexes if index.unique}

    assert rules <= set(REFUSED), rules - set(REFUSED)


@pytest.mark.parametrize(
    "statements",
    [
        # Finished or abandoned, a write may be tried anew.
        ("UPDATE operation SET status = 'abandoned', finished_at = now()",
         AN_OPERATION.format(link=":link", key="'order:1'", once="true", status="'intent', NULL")),
        ("UPDATE operation SET status = 'refused', finished_at = now()",
         AN_OPERATION.format(link=":link", key="'order:1'", once="true", status="'intent', NULL")),
        # A closed problem may come back.
        ("UPDATE problem SET closed_at = now(), closed_because = 'gone'",
         f"INSERT INTO problem {INSERTS['problem'].replace(':problem', ':new')}"),
        # A disconnected company may be connected anew.
        ("UPDATE connection SET state = 'disconnected'",
         _CONNECTION.replace("'LL'", "'L2'").replace("'c2'", ":company")),
    ],
)  # fmt: skip
def test_what_may_be_done_again_may(engine, ids, statements):
    run(engine, ids, statements)


def test_ids_are_sorted_by_the_time_they_were_made():
    made = [new_id() for _ in range(200)]

    assert len(set(made)) == 200
    assert all(
        isinstance(one, UUID) and one.version == 7 and one.variant == "specified in RFC 4122" for one in made
    )
    assert [one.int >> 80 for one in made] == sorted(one.int >> 80 for one in made)
