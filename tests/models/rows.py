"""One row of every owned table, as SQL, so that tests of the walls do not lean on the models."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from portal.extensions import Sessions
from portal.identity import tenants
from portal.models import new_id

# In the order in which they refer to each other. The values are those of one consistent small world.
INSERTS = {
    "hub": "(id, tenant_id, name, base_url, state, auth_scheme, webhook_token_hash)"
    " VALUES (:hub, :tenant, 'Secret name', 'https://x', 'live', 'api key', :token)",
    "facility": "(id, tenant_id, hub_id, flourish_id, name, timezone, sales_rep_required, active)"
    " VALUES (:facility, :tenant, :hub, '7', 'Oakland', 'UTC', false, true)",
    "connection": "(id, tenant_id, hub_id, platform, name, base_url, state, company_ref, key_owner,"
    " facility_id, webhook_token_hash, live_since)"
    " VALUES (:connection, :tenant, :hub, 'leaflink', 'LL', 'https://y', 'live', :company, 'Ann',"
    " :facility, :token, now())",
    "secret": "(id, tenant_id, owner_id, field, ciphertext, key_id, last_four, set_at, set_by)"
    " VALUES (:secret, :tenant, :hub, 'api_key', 'x', 'k1', '', now(), 'test')",
    "link": "(id, tenant_id, connection_id, hub_id, kind, foreign_id)"
    " VALUES (:link, :tenant, :connection, :hub, 'order', 'n1')",
    "link_relation": "(id, tenant_id, from_id, to_id, kind, inferred)"
    " VALUES (:relation, :tenant, :link, :link, 'combined_into', true)",
    "hold": "(id, tenant_id, connection_id, link_id, line, sku_key, eaches, placed_at)"
    " VALUES (:hold, :tenant, :connection, :link, '1', 'FL-1', 2, now())",
    "search_term": "(link_id, tenant_id, kind, term) VALUES (:link, :tenant, 'order', 'corner')",
    "delivery": "(id, tenant_id, source_id, platform, dedupe_key, topic, foreign_ref, headers)"
    " VALUES (:delivery, :tenant, :connection, 'leaflink', :token, 'order', 'n1', '{}')",
    "operation": "(id, tenant_id, connection_id, hub_id, link_id, kind, system, natural_key, once, request,"
    " fence) VALUES (:operation, :tenant, :connection, :hub, :link, 'create_order', 'flourish', 'order:1',"
    " true, '{}', 1)",
    "timeline_event": "(id, tenant_id, link_id, seq, side, actor, title)"
    " VALUES (:event, :tenant, :link, 1, 'trellis', 'Trellis', 'Seen')",
    "problem": "(id, tenant_id, connection_id, link_id, subject_id, code, title, next_step, who)"
    " VALUES (:problem, :tenant, :connection, :link, :link, 'sku_unknown', 'A title', 'Do it.', 'tenant')",
    "problem_act": "(id, tenant_id, problem_id, form_id, kind, actor, did)"
    " VALUES (:act, :tenant, :problem, :act, 'note', 'Ann', 'wrote')",
    "problem_choice": "(id, tenant_id, act, made_by, shown, matched)"
    " VALUES (:choice, :tenant, 'retry', 'Ann', '[]', 1)",
    "run": "(id, tenant_id, connection_id, kind, worker) VALUES (:run, :tenant, :connection, 'drain', 'w')",
    "log_line": "(connection_id, number, tenant_id, level, entity, text)"
    " VALUES (:connection, 1, :tenant, 'info', 'connection', 'x')",
    "stream": "(id, tenant_id, source_id, hub_id, connection_id, name, interval_seconds)"
    " VALUES (:stream, :tenant, :connection, :hub, :connection, 'orders', 30)",
    "item": "(id, tenant_id, hub_id, flourish_id, sku_key, near_key, sku, name)"
    " VALUES (:item, :tenant, :hub, 'i1', 'FL-1', 'fl1', 'FL-1', 'Flower')",
    "product": "(id, tenant_id, connection_id, foreign_id, sku_key, near_key, sku, name)"
    " VALUES (:product, :tenant, :connection, '1', 'FL-1', 'fl1', 'FL-1', 'Flower')",
    "pulled_row": "(stream_id, tenant_id, part, page, ref) VALUES (:stream, :tenant, '', 1, 'i1')",
    "matched_key": "(id, tenant_id, connection_id, key) VALUES (:matched, :tenant, :connection, 'sku')",
    "match_row": "(id, tenant_id, connection_id, key, state, sort, left_ref)"
    " VALUES (:match, :tenant, :connection, 'sku', 'near', 'fl-1', '1')",
    "alias": "(id, tenant_id, connection_id, key, left_value, right_value, left_key, right_key, batch_id,"
    " made_by) VALUES (:alias, :tenant, :connection, 'sku', 'FL-1', 'FL1', 'FL-1', 'FL1', :alias, 'Ann')",
    "exclusion": "(id, tenant_id, connection_id, key, value, value_key, batch_id, made_by)"
    " VALUES (:exclusion, :tenant, :connection, 'sku', 'FL-2', 'FL-2', :exclusion, 'Ann')",
    "match_file": "(id, tenant_id, connection_id, key, decisions, made_by)"
    " VALUES (:file, :tenant, :connection, 'sku', '{}', 'Ann')",
    "preview": "(id, tenant_id, connection_id, started_by) VALUES (:preview, :tenant, :connection, 'Ann')",
    "preview_row": "(id, tenant_id, preview_id, thing, subject, label, kind, code, sentence, next_step)"
    " VALUES (:preview_row, :tenant, :preview, 'item', 'FL-1', 'FL-1', 'nothing', 'agree', 'Both.', 'None.')",
    "reconciliation": "(id, tenant_id, connection_id, started_by, orders_since)"
    " VALUES (:report, :tenant, :connection, 'Ann', now())",
    "reconciliation_row": "(id, tenant_id, reconciliation_id, thing, subject, number, label, field, what,"
    " owner, outcome, agreed, platform, flourish, why, next_step)"
    " VALUES (:report_row, :tenant, :report, 'item', 'FL-1', 0, 'FL-1', 'Stock', 'Stock', 'Flourish',"
    " 'corrected', '', '10', '4', 'Other.', 'None.')",
    "invitation": "(id, tenant_id, email, role, token_hash, invited_by, expires_at)"
    " VALUES (:invitation, :tenant, 'new@x', 'admin', :token, 'Ann', now())",
    "api_token": "(id, tenant_id, name, token_hash, last_four, maker_id, made_by, expires_at)"
    " VALUES (:api_token, :tenant, 'a program', :token, 'wXyZ', :agent, 'Ann', now() + interval '1 day')",
    "support_grant": "(id, tenant_id, agent_id, agent_name, kind, reason, minutes)"
    " VALUES (:grant, :tenant, :agent, 'Sam', 'support', 'a question', 30)",
    "check_result": "(id, tenant_id, connection_id, name, outcome, severity, evidence)"
    " VALUES (:result, :tenant, :connection, 'sku', 'wrong', 'blocks', '7 are missing')",
    "check_change": "(id, tenant_id, connection_id, name, outcome, severity, evidence)"
    " VALUES (:change, :tenant, :connection, 'sku', 'wrong', 'blocks', '7 are missing')",
    "waiver": "(id, tenant_id, connection_id, name, waived_by, reason, expires_at)"
    " VALUES (:waiver, :tenant, :connection, 'sku', 'Ann', 'Seasonal', now() + interval '1 day')",
    "notice_rule": "(id, tenant_id, connection_id, channel, address, kinds, pace, made_by)"
    " VALUES (:rule, :tenant, :connection, 'email', 'ops@x', '[\"orders\"]', 'hour', 'Ann')",
    "notice": "(id, tenant_id, rule_id, group_key, leaves_at, due_at)"
    " VALUES (:notice, :tenant, :rule, 'opened::sku_unknown', now(), now())",
    "notice_attempt": "(id, tenant_id, notice_id, taken, duration_ms)"
    " VALUES (:attempt, :tenant, :notice, true, 5)",
    "proof": "(id, tenant_id, how, duration_ms, outcome, orders, lost, doubled, ever_doubled, failed, report)"
    " VALUES (:proof, :tenant, 'schedule', 5, 'held', 1, 0, 0, 0, '[]', '{}')",
}
NAMES = (
    "hub",
    "facility",
    "connection",
    "secret",
    "link",
    "hold",
    "relation",
    "delivery",
    "operation",
    "event",
    "problem",
    "act",
    "choice",
    "run",
    "stream",
    "item",
    "product",
    "result",
    "change",
    "waiver",
    "proof",
    "matched",
    "match",
    "alias",
    "exclusion",
    "file",
    "preview",
    "preview_row",
    "report",
    "report_row",
    "rule",
    "notice",
    "attempt",
    "invitation",
    "api_token",
    "grant",
    "agent",
)


def world(tenant_id: UUID) -> dict[str, object]:
    """Choose the ids of one small world."""
    ids: dict[str, object] = {name: new_id() for name in NAMES}
    return ids | {"tenant": tenant_id, "token": new_id().bytes, "company": str(new_id())}


def fill(sessions: Sessions, slug: str) -> dict[str, object]:
    """Make a tenant with one row in every table."""
    tenant = tenants.create(sessions, slug=slug, name=f"Company {slug}", timezone="UTC")
    ids = world(tenant.id)
    with sessions.identity() as session:
        session.execute(
            text(
                "INSERT INTO app_user (id, email, name, staff_role) VALUES (:agent, :email, 'Sam', 'support')"
            ),
            {"agent": ids["agent"], "email": f"sam@{slug}.example"},
        )
    with sessions.tenant(tenant.id) as session:
        for table, rest in INSERTS.items():
            session.execute(text(f"INSERT INTO {table} {rest}"), ids)
    return ids
