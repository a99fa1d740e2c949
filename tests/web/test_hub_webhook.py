"""The page of a hub's webhook: every field to copy for whoever may, and what came of deliveries."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from portal.models import AuditEvent, Hub, UserSession, utc_now
from portal.sync import webhook_screen
from portal.sync.audit import Actor
from portal.sync.flourish import FLOURISH
from portal.sync.signing import sign
from tests.sync.engine.shop import open_shop
from tests.web import factory
from tests.web.conftest import built
from tests.web.endpoints import flourish_webhook, open_endpoint
from tests.web.test_adding import fields_to_copy, words

BODY = flourish_webhook()
EVERY = ("webhook-address", "signing-key", "header-1-key", "header-1-value", "header-2-key", "header-2-value")


@pytest.fixture
def company(desk, sessions):
    """A company, made once everything of other tests is gone."""
    return factory.company(sessions)


@pytest.fixture
def made(desk, company):
    """A hub whose signing key and headers were made; what Flourish's screen is given."""
    with desk.tenant(company.id) as session:
        hub = session.get_one(Hub, company.hub_id)
        webhook_screen.renew(desk, session, hub, actor=Actor("Adam"))
        webhook_screen.end_overlap(desk, session, hub, actor=Actor("Adam"))
    with desk.tenant(company.id) as session:
        return webhook_screen.screen(desk, session, session.get_one(Hub, company.hub_id))


@pytest.fixture
def page(company):
    return f"/t/{company.slug}/hubs/{company.hub_id}/webhook"


def secrets_of(screen):
    return (screen.signing_key, *screen.headers.values())


@pytest.mark.promise("OR-3")
def test_who_may_sees_each_field_to_copy_and_the_audit_tells(desk, company, admin, page, made):
    asked = admin.get(page).text
    assert not any(secret in asked for secret in secrets_of(made))
    assert "Outbound Order" in asked

    shown = fields_to_copy(admin.post(page).text)

    assert shown["signing-key"] == made.signing_key
    pairs = {shown[f"header-{number}-key"]: shown[f"header-{number}-value"] for number in (1, 2)}
    assert pairs == made.headers
    with desk.tenant(company.id) as session:
        assert "hub.webhook_shown" in session.scalars(select(AuditEvent.action)).all()
    # Shown in that answer alone.
    assert not any(secret in admin.get(page).text for secret in secrets_of(made))


@pytest.mark.promise("OR-3")
def test_each_field_can_be_selected_without_a_script_and_has_a_label(admin, page, made):
    text = admin.post(page).text

    for name in EVERY[1:]:
        assert re.search(rf'<label for="{name}"', text)
        assert re.search(rf'data-copies="{name}"', text)
    assert set(EVERY[1:]) <= set(fields_to_copy(text))


@pytest.mark.promise("OR-3")
def test_new_ones_are_shown_and_those_of_before_can_be_ended(desk, company, admin, page, made):
    admin.get(page)
    answer = admin.post(f"{page}/renew")
    assert fields_to_copy(answer.text)["signing-key"] not in secrets_of(made)
    assert "are taken beside the new ones until" in words(answer)
    assert "None came with the new signing key and headers" in words(answer)

    assert admin.post(f"{page}/end-overlap").status_code == 303
    assert "are taken beside the new ones until" not in words(admin.get(page))
    with desk.tenant(company.id) as session:
        assert session.get_one(Hub, company.hub_id).overlap_until is None


@pytest.mark.parametrize("act", ["", "/renew", "/end-overlap"])
def test_who_did_not_prove_lately_who_they_are_is_asked_to(desk, admin, page, made, act):
    admin.get(page)
    with desk.sessions.identity() as session:
        session.execute(update(UserSession).values(proven_at=utc_now() - timedelta(minutes=6)))
    answer = admin.post(f"{page}{act}")
    assert answer.status_code == 303
    assert "/confirm" in answer.location


def test_a_viewer_sees_how_it_stands_and_no_secret(viewer, page, made):
    asked = viewer.get(page)
    assert asked.status_code == 200
    assert "How it stands" in words(asked)
    assert "Show the fields" not in asked.text
    assert [viewer.post(f"{page}{act}").status_code for act in ("", "/renew", "/end-overlap")] == [403] * 3


def test_the_list_of_connections_leads_there(company, admin, page):
    assert f'href="{page}"' in admin.get(f"/t/{company.slug}/connections").text
    assert f'href="{page}"' in admin.get(f"/t/{company.slug}/connections/{company.connection_id}").text


REFUSED = (
    ({"Trellis-Sender-1": None}, "the header Trellis-Sender-1 is missing"),
    ({"Trellis-Sender-2": "wrong"}, "the header Trellis-Sender-2 is wrong"),
    ({"Auth-Signature": None}, "the signature is missing"),
    ({"Auth-Signature": "0" * 64, "Trellis-Sender-1": None},
     "the header Trellis-Sender-1 is missing; the signature is wrong"),
)  # fmt: skip


@pytest.fixture
def shop(desk, tenant_id):
    return open_shop(desk, tenant_id)


@pytest.fixture
def door(settings, shop):
    """The webhook's door, and what a delivery of the hub has to show there."""
    endpoint = open_endpoint(shop, "flourish")
    with shop.desk.tenant(shop.tenant_id) as session:
        hub = session.get_one(Hub, shop.hub_id)
        webhook_screen.renew(shop.desk, session, hub, actor=Actor("Adam"))
        webhook_screen.end_overlap(shop.desk, session, hub, actor=Actor("Adam"))
    with shop.desk.tenant(shop.tenant_id) as session:
        screen = webhook_screen.screen(shop.desk, session, session.get_one(Hub, shop.hub_id))
    with built(settings) as app:
        client = app.test_client()

        def deliver(**changed):
            headers = {"Auth-Signature": sign(FLOURISH.webhook, screen.signing_key, BODY), **screen.headers}
            given = {name: value for name, value in (headers | changed).items() if value is not None}
            return client.post(endpoint.path, data=BODY, headers=given)

        yield deliver
        app.extensions["trellis_inbox"].close()


@pytest.mark.promise("OR-3")
@pytest.mark.parametrize(("changed", "fault"), REFUSED)
def test_a_delivery_without_one_of_the_three_is_refused_and_the_hub_says_which(shop, door, changed, fault):
    answer = door(**changed)

    assert answer.status_code == 401
    # The sender is told no more than that.
    assert fault not in answer.text
    hub = shop.connection().hub
    assert (hub.refused_deliveries, hub.last_refusal) == (1, fault)
    assert hub.shown_made_at is None
    assert shop.deliveries() == []


@pytest.mark.promise("OR-3")
def test_a_delivery_with_all_three_is_taken_and_noted_as_such(shop, door):
    assert door().status_code == 202

    hub = shop.connection().hub
    assert hub.last_delivery_at is not None
    assert hub.shown_made_at is not None


@pytest.mark.promise("OR-3")
def test_the_page_of_deliveries_says_what_was_refused_and_why(desk, company, admin):
    with desk.tenant(company.id) as session:
        hub = session.get_one(Hub, company.hub_id)
        hub.refused_deliveries, hub.last_refused_at = 3, utc_now()
        hub.last_refusal = "the header Trellis-Sender-1 is missing"

    shown = words(admin.get(f"/t/{company.slug}/deliveries"))

    assert "Refused" in shown
    assert "the header Trellis-Sender-1 is missing" in shown
