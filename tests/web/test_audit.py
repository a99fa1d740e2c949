"""The audit's pages: each act is one row, said in a sentence, filtered, exported; refusals are acts too."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from portal.access import REFUSALS_TOLD
from portal.blueprints import acts
from portal.blueprints import audit as pages
from portal.models import INSTALLATION_CHAIN, AuditEvent, User, utc_now
from portal.sync import audit
from portal.sync.audit.acts import ACTS, GROUPS, actions_of
from tests.sync.audit.chains import tampering
from tests.web import factory
from tests.web.acts import BUT_SIGN_INS
from tests.web.conftest import first

EVIL = '=HYPERLINK("http://evil.example")<script>alert(1)</script>'


def chain_of(sessions, chain):
    with sessions.system() as session:
        query = select(AuditEvent).where(AuditEvent.chain == chain, BUT_SIGN_INS)
        return session.scalars(query.order_by(AuditEvent.seq)).all()


def did(sessions, chain):
    return [row.action for row in chain_of(sessions, chain)]


def act(
    sessions, settings, company, action="connection.paused", *, name="LeafLink", actor="Dana Reyes", **more
):
    with sessions.tenant(company.id) as session:
        audit.record(
            session,
            settings.master_keys,
            company.id,
            action,
            actor=audit.Actor(actor, role="owner", address="203.0.113.7", reference="f00d"),
            subject=audit.Subject("connection", "7", name),
            detail=more,
        )


@pytest.fixture
def audited(company):
    return f"/t/{company.slug}/audit"


def test_each_act_of_a_page_is_one_row_of_the_audit(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        order = factory.order(session, company)
        problem = factory.problem(session, order)
    connection = f"connections/{company.connection_id}"
    story: tuple[tuple[str, dict[str, str], str | None], ...] = (
        ("connections/stop", {"reason": "stock count"}, "writes.stopped"),
        ("connections/stop", {"reason": "again"}, None),  # it was stopped already
        ("connections/go", {}, "writes.resumed"),
        (f"{connection}/pause", {}, "connection.paused"),
        (f"{connection}/pause", {}, None),
        (f"{connection}/resume", {}, "connection.resumed"),
        (f"orders/{order.id}/look", {}, "order.looked_again"),
        (f"problems/{problem.id}/handle", {"act": "note", "text": "Rang them."}, "problem.noted"),
        (f"problems/{problem.id}/handle", {"act": "retry", "revision": "0"}, "problem.retried"),
        (f"problems/{problem.id}/handle", {"act": "retry", "revision": "0"}, None),
    )
    admin.get(f"/t/{company.slug}/connections")
    for address, form, _ in story:
        assert admin.post(f"/t/{company.slug}/{address}", form).status_code == 303, address

    assert did(sessions, company.id) == [action for _, _, action in story if action]
    earliest, *_, last = chain_of(sessions, company.id)
    assert (earliest.actor, earliest.role, earliest.address) == ("Dana Reyes", "admin", "127.0.0.1")
    assert earliest.detail == {"reason": "stock count"}
    assert last.detail == {"problems": 1, "causes": ["sku_unknown BD-35-LMN"]}


def test_the_operators_stop_is_in_the_installations_chain(sessions, settings, as_user):
    opal = as_user(factory.user(sessions, name="Opal", staff_role="operator"))
    before = did(sessions, INSTALLATION_CHAIN)
    opal.get("/support/")
    opal.post("/support/stop", {"reason": "A bad release"})
    opal.post("/support/go")

    assert did(sessions, INSTALLATION_CHAIN)[len(before) :] == ["writes.stopped", "writes.resumed"]
    assert {row.role for row in chain_of(sessions, INSTALLATION_CHAIN)[-2:]} == {"operator"}


def test_every_act_is_in_one_group_and_every_group_has_acts():
    grouped = [action for group in GROUPS for action in actions_of(group)]

    assert sorted(grouped) == sorted(ACTS)
    assert all(actions_of(group) for group in GROUPS)


def test_a_row_is_a_plain_sentence_with_its_circumstances(sessions, settings, company, admin, audited):
    act(sessions, settings, company, reason="stock count")

    page = " ".join(admin.get(audited).text.split())
    assert "<b><bdi>Dana Reyes</bdi></b> paused <bdi>LeafLink</bdi>" in page
    for fact in ("stock count", "203.0.113.7", "f00d"):
        assert fact in page


def test_foreign_text_stays_text(sessions, settings, company, admin, audited):
    act(sessions, settings, company, name=EVIL, actor=EVIL, reason=EVIL)

    assert "<script>alert" not in admin.get(audited).text


FILTERS = {
    "group=connections": ["LeafLink", "Ordo"],
    "group=audit": [],
    "group=nonsense": ["LeafLink", "Ordo", "an order"],
    "person=dana": ["LeafLink", "an order"],
    "person=%25": [],
    "subject=ordo": ["Ordo"],
    "since=2026-01-01": ["LeafLink", "Ordo", "an order"],
    "until=2020-01-01": [],
    "since=never&until=9999-12-31": ["LeafLink", "Ordo", "an order"],
    "person=dana&group=connections": ["LeafLink"],
}


@pytest.mark.parametrize("query", FILTERS)
def test_filters_are_in_the_address(sessions, settings, company, admin, audited, query):
    act(sessions, settings, company)
    act(sessions, settings, company, name="Ordo", actor="Adam")
    act(sessions, settings, company, "order.looked_again", name="an order")

    page = admin.get(f"{audited}?{query}").text
    found = [name for name in ("LeafLink", "Ordo", "an order") if f"<bdi>{name}</bdi>" in page]
    assert found == FILTERS[query]


def test_days_are_those_of_the_companys_zone(sessions, settings, company, admin, audited):
    act(sessions, settings, company)
    today = utc_now().astimezone(ZoneInfo("America/Los_Angeles")).date()
    assert "<bdi>LeafLink</bdi>" in admin.get(f"{audited}?since={today}&until={today}").text
    assert "<bdi>LeafLink</bdi>" not in admin.get(f"{audited}?until={today - timedelta(days=1)}").text


def test_pages_go_back_without_gap_or_repetition(sessions, settings, company, admin, audited):
    with sessions.tenant(company.id) as session:
        for number in range(60):
            audit.record(
                session,
                settings.master_keys,
                company.id,
                "connection.paused",
                actor=audit.Actor("Dana"),
                subject=audit.Subject(name=f"connection {number:02}"),
            )
    newest = admin.get(audited).text
    before = first(r'before=(\d+)"', newest)
    older = admin.get(f"{audited}?before={before}").text

    shown = [re.findall(r"<bdi>(connection \d+)", page) for page in (newest, older)]
    assert [len(page) for page in shown] == [50, 10]
    assert len({*shown[0], *shown[1]}) == 60


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_an_export_holds_what_is_filtered_and_is_an_act_itself(
    sessions, settings, company, admin, audited, form
):
    act(sessions, settings, company, name=EVIL, actor="Zora", text="@formula")
    act(sessions, settings, company, name="not this", actor="Adam")
    admin.get(audited)

    answer = admin.post(f"{audited}/export", {"form": form, "person": "zora"})

    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith(f'attachment; filename="audit-{company.slug}-')
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    rows = (
        list(csv.DictReader(io.StringIO(answer.text)))
        if form == "csv"
        else [json.loads(line) for line in answer.text.splitlines()]
    )
    (paused,) = [row for row in rows if row["action"] == "connection.paused"]
    assert paused["subject"] == (f"'{EVIL}" if form == "csv" else EVIL)
    assert "not this" not in answer.text
    exported = chain_of(sessions, company.id)[-1]
    assert exported.action == "audit.exported"
    assert exported.detail == {"acts": 1, "form": form, "filters": {"person": "zora"}}


CELLS = {
    "=1+1": "'=1+1",
    "+1": "'+1",
    "-1": "'-1",
    "@SUM(A1)": "'@SUM(A1)",
    "\t=1": "'\t=1",
    "\r=1": "'\r=1",
    "\n=1": "'\n=1",
    "\uff1d1": "'\uff1d1",
    "plain": "plain",
    "": "",
}


@pytest.mark.parametrize("typed", CELLS)
def test_no_cell_is_a_formula(typed):
    assert acts.cell(typed) == CELLS[typed]


def test_too_much_for_one_file_is_refused_in_words(sessions, settings, company, admin, audited, monkeypatch):
    monkeypatch.setattr(pages, "MOST_EXPORTED", 1)
    act(sessions, settings, company)
    act(sessions, settings, company)
    admin.get(audited)

    answer = admin.post(f"{audited}/export", {"form": "csv"})
    assert answer.status_code == 422
    assert "One file holds at most 1 acts" in answer.text


def test_exports_are_few(company, admin, audited):
    admin.get(audited)
    codes = [admin.post(f"{audited}/export", {"form": "csv"}).status_code for _ in range(6)]

    assert codes == [200] * 5 + [429]


def test_an_export_asks_for_the_password_again(app):
    assert app.view_functions["audit.export"].recently_proven


def test_the_record_is_for_owners_and_admins(company, viewer, audited):
    assert viewer.get(audited).status_code == 403
    assert ">Audit" not in " ".join(viewer.get(f"/t/{company.slug}/").text.split())


def test_a_refusal_is_an_act(sessions, company, viewer, audited):
    viewer.get(audited)
    viewer.get(f"/t/{company.slug}/connections")
    viewer.post(f"/t/{company.slug}/connections/stop", {"reason": "x"})

    looked, stopped = chain_of(sessions, company.id)
    assert looked.action == stopped.action == "access.refused"
    assert looked.detail == {"permission": "audit.see", "method": "GET"}
    assert stopped.detail == {"permission": "writes.stop", "method": "POST"}


REFUSED = {"/t/no-such-company/": "no-such-company", "/support/": "the support area"}


@pytest.mark.parametrize("address", REFUSED)
def test_who_is_refused_outside_of_their_companies_is_in_the_installations_chain(
    sessions, company, as_user, address
):
    eve: User = factory.member(sessions, company, "owner", name="Eve Elsewhere")
    as_user(eve).get(address)

    last = chain_of(sessions, INSTALLATION_CHAIN)[-1]
    assert (last.action, last.actor_id, last.subject) == ("access.refused", eve.id, REFUSED[address])


def test_nobody_floods_the_audit_with_refusals(sessions, company, viewer, audited):
    for _ in range(REFUSALS_TOLD + 3):
        assert viewer.get(audited).status_code == 403

    assert len(chain_of(sessions, company.id)) == REFUSALS_TOLD


def test_an_operator_verifies_the_installations_chain(sessions, settings, as_user):
    opal = as_user(factory.user(sessions, name="Opal", staff_role="operator"))
    opal.get("/support/nonsense")
    opal.get("/support/audit")

    answer = opal.post("/support/audit/verify")

    assert answer.status_code == 200
    assert "are as they were written, and none is missing" in answer.text
    assert did(sessions, INSTALLATION_CHAIN)[-1] == "audit.verified"


def test_support_agents_have_no_part_in_it(sessions, as_user):
    sam = as_user(factory.user(sessions, staff_role="support"))

    assert sam.get("/support/audit").status_code == 404


def test_the_operator_is_told_when_nobody_writes_anchors(app, sessions, settings, as_user, engine):
    opal = as_user(factory.user(sessions, name="Opal", staff_role="operator"))
    opal.get("/support/audit")
    opal.post("/support/audit/verify")
    assert "Not anchored" not in opal.get("/support/audit").text
    with tampering(engine) as connection:
        connection.execute(text("UPDATE audit_event SET at = at - interval '3 hours'"))
    assert "Not anchored" in opal.get("/support/audit").text
    with tampering(engine) as connection:
        connection.execute(text("UPDATE audit_event SET at = at + interval '3 hours'"))
