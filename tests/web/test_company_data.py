"""A company's data on its pages: kept for so long, exported, deleted and taken back."""

from __future__ import annotations

import http.client
import io
import json
import zipfile

import pytest
from sqlalchemy import select, text

from portal.models import AuditEvent, Tenant
from portal.sync import retention, sealed
from tests.models.rows import INSERTS, fill
from tests.web import factory
from tests.web.acts import BUT_SIGN_INS
from tests.web.conftest import Visitor
from tests.web.serving import served


@pytest.fixture
def owner(sessions, company, as_user):
    return as_user(factory.member(sessions, company, "owner", name="Olive Owner"))


@pytest.fixture
def page(company):
    return f"/t/{company.slug}/company/data"


def ours(sessions, company):
    with sessions.tenant(company.id) as session:
        return session.get_one(Tenant, company.id)


def acts(sessions, company):
    with sessions.tenant(company.id) as session:
        return session.execute(
            select(AuditEvent.action, AuditEvent.actor, AuditEvent.detail)
            .where(BUT_SIGN_INS)
            .order_by(AuditEvent.seq)
        ).all()


def test_an_admin_sets_for_how_long_bodies_are_kept(sessions, company, admin, page):
    assert "Empty: 30, as everywhere here." in admin.get(page).text
    assert (
        admin.post(page.replace("data", "keep"), {"days": "7", "slug": "x", "retired_at": "1"}).status_code
        == 303
    )
    assert ours(sessions, company).keep_bodies_days == 7
    assert 'value="7"' in admin.get(page).text
    assert admin.post(page.replace("data", "keep"), {"days": ""}).status_code == 303
    assert ours(sessions, company).keep_bodies_days is None
    assert [act.action for act in acts(sessions, company)] == ["company.settings_changed"] * 2


@pytest.mark.parametrize("days", ["0", "91", "-1", "many", "1.5", "99999999999999999999"])
def test_no_other_time_is_taken(sessions, company, admin, page, days):
    admin.get(page)
    answer = admin.post(page.replace("data", "keep"), {"days": days})
    assert answer.status_code == 422
    assert 'id="days-error" class="error"' in answer.text or "aria-invalid" in answer.text
    assert ours(sessions, company).keep_bodies_days is None


def unpacked(answer):
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    return {name: archive.read(name).decode() for name in archive.namelist()}


def test_an_owner_takes_everything_but_what_lets_somebody_in(sessions, company, owner, page):
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company, label="4F2A-1187")
        factory.delivery(session, link, body=b'{"note": "caf\xc3\xa9"}')
        factory.line(session, company, "=HYPERLINK(1)")
    owner.get(page)

    answer = owner.post(page.replace("data", "export"), buffered=True)

    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert answer.headers["Content-Disposition"].startswith(f"attachment; filename={company.slug}-")
    files = unpacked(answer)
    assert "Everything that Trellis keeps of Greenleaf Farms" in files["README.txt"]
    assert json.loads(files["link.jsonl"])["label"] == "4F2A-1187"
    assert json.loads(files["delivery.jsonl"])["body"] == '{"note": "café"}'
    (secret,) = (json.loads(line) for line in files["secret.jsonl"].splitlines())
    assert secret["last_four"] == "9f2c"
    assert json.loads(files["member.jsonl"])["name"] == "Olive Owner"
    bytes_left_out = {name.partition(".")[2] for name in sealed.DIGESTS} | {
        "ciphertext",
        "sealed",
        "password_hash",
    }
    for name, content in files.items():
        for line in content.splitlines() if name.endswith(".jsonl") else ():
            assert not bytes_left_out & set(json.loads(line)), name
    assert acts(sessions, company)[-1][:2] == ("company.exported", "Olive Owner")


def test_an_export_has_every_table_and_nobody_elses_rows(sessions, company, owner, page):
    theirs = fill(sessions, f"theirs-{company.slug}"[:40])
    owner.get(page)
    files = unpacked(owner.post(page.replace("data", "export"), buffered=True))
    assert {f"{table}.jsonl" for table in INSERTS} < set(files)
    assert not any(
        str(theirs[name]) in content for content in files.values() for name in ("tenant", "hub", "link")
    )


def test_exports_are_made_so_often_only(owner, page):
    owner.get(page)
    answers = [owner.post(page.replace("data", "export"), buffered=True).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]


def test_an_owner_asks_for_the_end_and_every_page_says_so_until_it_is_taken_back(
    sessions, company, owner, as_user, page
):
    owner.get(page)
    wrong = owner.post(page.replace("data", "delete"), {"slug": "another"})
    assert (wrong.status_code, f"Type {company.slug} to show" in wrong.text) == (422, True)
    assert ours(sessions, company).delete_at is None

    assert owner.post(page.replace("data", "delete"), {"slug": company.slug}).status_code == 303

    row = ours(sessions, company)
    assert row.delete_asked_by == "Olive Owner"
    viewer = as_user(factory.member(sessions, company, "viewer"))
    for address in ("", "orders", "connections"):
        shown = viewer.get(f"/t/{company.slug}/{address}").text
        assert "To be deleted" in shown
        assert "Asked for by Olive Owner." in shown
        assert "An owner can take it back." in shown
    assert owner.post(page.replace("data", "delete/take-back")).status_code == 303
    assert ours(sessions, company).delete_at is None
    assert "To be deleted" not in viewer.get(f"/t/{company.slug}/").text
    assert [act.action for act in acts(sessions, company)] == [
        "company.deletion_asked",
        "company.deletion_taken_back",
    ]


@pytest.mark.parametrize("act", ["export", "delete", "delete/take-back"])
def test_an_admin_neither_exports_nor_deletes(company, admin, page, act):
    shown = admin.get(page).text
    assert "Download everything" not in shown
    assert "Delete everything" not in shown
    assert admin.post(page.replace("data", act), {"slug": company.slug}).status_code == 403


def test_what_is_kept_for_the_companys_own_time_is_cleared_after_it(desk, sessions, company):
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company)
        factory.delivery(session, link)
        session.execute(text("UPDATE delivery SET received_at = now() - interval '3 days'"))
    assert retention.clear_bodies(desk, company.id) == 0
    with sessions.tenant(company.id) as session:
        session.get_one(Tenant, company.id).keep_bodies_days = 2
    assert retention.clear_bodies(desk, company.id) == 1


def test_the_server_sends_an_export_in_pieces(settings, sessions, company):
    person = factory.member(sessions, company, "owner")
    with served(settings) as (application, port):
        visitor = Visitor(application.flask)
        visitor.sign_in(person.email)
        visitor.get(f"/t/{company.slug}/company/data")
        cookie = visitor.client.get_cookie("trellis_session")
        assert cookie is not None
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request(
            "POST",
            f"/t/{company.slug}/company/export",
            f"csrf_token={visitor.token}",
            {
                "Cookie": f"trellis_session={cookie.value}",
                "Content-Type": "application/x-www-form-urlencoded",
                "Host": "localhost",
            },
        )
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
    assert (answer.status, int(answer.headers["Content-Length"])) == (200, len(content))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "README.txt" in zipfile.ZipFile(io.BytesIO(content)).namelist()
