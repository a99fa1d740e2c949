import re

import pytest
from sqlalchemy import select, update

from portal.models import Connection, Problem, Secret, Stream, utc_now
from portal.sync import connecting
from portal.sync.decisions import Finding
from portal.sync.engine.endpoints import TOKEN_FIELD


def test_the_page_says_what_each_state_still_does(sessions, company, admin):
    page = f"/t/{company.slug}/connections/{company.connection_id}"
    for state, words in (
        ("live", "It reads and writes on both sides."),
        ("paused", "writes nothing until it is resumed"),
        ("needs_credentials", "Its key was refused"),
        ("disconnected", "It does nothing any more"),
    ):
        with sessions.tenant(company.id) as session:
            session.get_one(Connection, company.connection_id).state = state
        assert words in admin.get(page).text


def test_secrets_are_shown_by_their_end_only(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        session.add(
            Secret(
                tenant_id=company.id,
                owner_id=company.connection_id,
                field=TOKEN_FIELD,
                ciphertext=b"sealed-value",
                key_id="k1",
                last_four="wxyz",
                set_at=utc_now(),
                set_by="Dana",
            )
        )
    text = admin.get(f"/t/{company.slug}/connections/{company.connection_id}").text
    assert "…9f2c" in text
    assert "/webhooks/leaflink/••••••••wxyz" in text
    assert "webhook token" not in text
    assert "sealed-value" not in text


def test_pausing_and_resuming_change_the_state_and_the_log(sessions, company, admin):
    page = f"/t/{company.slug}/connections/{company.connection_id}"
    admin.get(page)
    admin.post(f"{page}/pause")
    assert "Paused. Deliveries are still taken in" in admin.get(page).text
    with sessions.tenant(company.id) as session:
        assert session.get_one(Connection, company.connection_id).state == "paused"
    admin.post(f"{page}/resume")
    with sessions.tenant(company.id) as session:
        assert session.get_one(Connection, company.connection_id).state == "live"
    log = admin.get(f"{page}/log").text
    assert "Dana Reyes paused the connection" in log
    assert "Dana Reyes resumed the connection" in log


@pytest.mark.parametrize(
    ("findings", "words"),
    [
        ((), "Both sides answered"),
        ((Finding("test_failed", "LeafLink: the key is refused", "Replace the key."),), "Replace the key."),
    ],
)
def test_a_test_says_what_was_found(company, admin, monkeypatch, findings, words):
    monkeypatch.setattr(connecting, "test", lambda desk, tenant_id, connection_id, *, actor: findings)
    page = f"/t/{company.slug}/connections/{company.connection_id}"
    admin.get(page)
    assert words in admin.post(f"{page}/test").text


def test_no_transaction_is_open_while_the_other_side_is_called(company, admin, monkeypatch):
    from portal.extensions import refuse_open_transaction

    def call(desk, tenant_id, connection_id, *, actor):
        refuse_open_transaction()
        return ()

    monkeypatch.setattr(connecting, "test", call)
    page = f"/t/{company.slug}/connections/{company.connection_id}"
    admin.get(page)
    assert admin.post(f"{page}/test").status_code == 200


def test_testing_is_no_oracle_for_keys(company, admin, monkeypatch):
    monkeypatch.setattr(connecting, "test", lambda *_, **__: ())
    page = f"/t/{company.slug}/connections/{company.connection_id}"
    admin.get(page)
    assert [admin.post(f"{page}/test").status_code for _ in range(11)] == [200] * 10 + [429]


@pytest.mark.promise("LL-11")
def test_an_admin_decides_about_many_products_that_would_lose_all_their_stock(admin, sessions, company):
    page = f"/t/{company.slug}/connections/{company.connection_id}"
    with sessions.tenant(company.id) as session:
        session.add(
            Problem(
                tenant_id=company.id,
                connection_id=company.connection_id,
                subject_id=company.connection_id,
                code="mass_drop",
                title="30 of 40 products would lose all their stock",
                next_step="Look in Flourish whether that is true.",
                who="tenant",
            )
        )
    assert "Approve for an hour" in admin.get(page).text

    assert admin.post(f"{page}/drops", data={"decision": "hold"}).status_code == 303
    assert "They stay held" in admin.get(page).text
    assert "Approve for an hour" in admin.get(page).text
    admin.post(f"{page}/drops", data={"decision": "approve"})

    assert "Approve for an hour" not in admin.get(page).text
    with sessions.tenant(company.id) as session:
        assert session.get_one(Connection, company.connection_id).drops_approved_until is not None


def test_the_catalogue_is_begun_on_the_connections_page(admin, sessions, company):
    page = f"/t/{company.slug}/connections/{company.connection_id}"
    assert "Sync products" in admin.get(page).text

    assert admin.post(f"{page}/catalogue").status_code == 303

    assert "Read all products again" in admin.get(page).text
    with sessions.tenant(company.id) as session:
        names = set(session.scalars(select(Stream.name)))
    assert {"flourish.items", "flourish.stock", "products"} <= names


@pytest.mark.parametrize(
    ("platform", "listed", "asked"),
    [("ordo", "none are sent", "it sends no webhooks"), ("leaflink", "never", "never")],
)
def test_of_a_platform_that_sends_no_webhooks_none_is_missed(
    sessions, company, admin, platform, listed, asked
):
    with sessions.tenant(company.id) as session:
        session.execute(update(Connection).values(platform=platform, last_delivery_at=None))

    table = admin.get(f"/t/{company.slug}/connections").text
    unknown = admin.get(f"/t/{company.slug}/orders?q=NOBODY-HAS-IT").text

    assert cell(table, "Last delivery") == listed
    assert cell(unknown, "Last told") == asked


def cell(text, label):
    found = re.search(rf'data-label="{label}"[^>]*>(.*?)</td>', text, re.S)
    assert found is not None
    return re.sub(r"<[^>]+>", "", found[1]).strip()
