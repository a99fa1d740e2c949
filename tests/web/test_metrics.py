"""Figures for Prometheus: true, without names, and for nobody but this machine and who has the token."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from portal.blueprints.figures import owner_label
from portal.models import Installation, Mail, Tenant, utc_now
from portal.sync import queues
from portal.sync.contract import Throttle
from tests.marks import ROOT
from tests.web import factory
from tests.web.conftest import built

TOKEN = "metrics-Zt7vQ2xLm9RkD4wYb8HsC1uJfG5nPaE3"
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.7"}


def read(client, **more):
    """Every figure as Prometheus reads it: {(name, labels): value}."""
    answer = client.get("/metrics", **more)
    assert answer.status_code == 200
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.fixture
def busy(sessions, company):
    """A company in which something of everything is going on."""
    now = utc_now()
    with sessions.tenant(company.id) as opened:
        late = factory.order(
            opened, company, label="Quagga-1", state="waiting", due_at=now - timedelta(minutes=5)
        )
        factory.order(opened, company, due_at=now + timedelta(hours=1), state="waiting")
        factory.problem(opened, late)
        factory.operation(opened, late, status="intent", finished_at=None, intent_at=now)
        factory.delivery(opened, late, outcome="applied")
        factory.proof(opened, company, lost=2, doubled=1, outcome="failed")
    with sessions.system() as opened:
        opened.add(Mail(kind="invitation", sealed=b"x", tenant_id=company.id))
    return company


@pytest.mark.promise("MO-8")
def test_the_figures_are_those_of_the_rows(app, busy):
    found = read(app.test_client())

    assert found["trellis_up", "database"] == found["trellis_up", "redis"] == 1
    assert found["trellis_links_due", "order"] == 1
    assert 299 < found["trellis_links_due_oldest_seconds", "order"] < 400
    assert found["trellis_problems_open", "sku_unknown"] == 1
    assert found["trellis_writes_unsettled", "intent"] == 1
    assert found["trellis_deliveries_last_hour", "applied"] == 1
    assert found["trellis_mail_waiting",] == 1
    assert found["trellis_connections", "leaflink", "live"] >= 1
    assert found["trellis_proofs", "failed"] == 1
    assert (found["trellis_proof_orders", "lost"], found["trellis_proof_orders", "doubled"]) == (2, 1)
    assert found["trellis_writing_stopped", "everybody"] == 0


def test_stop_switches_and_the_schedule_are_told(app, busy, sessions):
    with sessions.system() as opened:
        opened.execute(update(Tenant).where(Tenant.id == busy.id).values(stopped_at=utc_now()))
        opened.merge(Installation(id=True, last_swept_at=utc_now() - timedelta(seconds=40)))
    found = read(app.test_client())

    assert found["trellis_writing_stopped", "company"] >= 1
    assert 39 < found["trellis_sweep_age_seconds",] < 60


def test_the_queue_and_the_rate_budgets_are_told(app):
    desk = app.extensions["trellis"].desk
    queues.ring(desk.redis)
    desk.budget.take("leaflink:Quagga Farms", Throttle(per_second=0.1, burst=10))
    desk.budget.hold("leaflink:Quagga Farms", 30)
    found = read(app.test_client())
    system, owner = owner_label("leaflink:Quagga Farms")

    assert found["trellis_queue_jobs", "waiting"] == 1
    assert found["trellis_workers",] == 0
    assert found["trellis_rate_budget_calls_left", owner, system] == pytest.approx(1, abs=0.1)
    assert found["trellis_rate_budget_pace", owner, system] == pytest.approx(0.5, abs=0.01)
    assert 28 < found["trellis_rate_budget_held_seconds", owner, system] <= 30


def test_requests_are_counted_by_route_and_never_by_address(app, company):
    client = app.test_client()
    before = read(client).get(("trellis_requests_total", "404", "webhooks.receive"), 0.0)
    client.post("/webhooks/leaflink/quagga-token", data=b"{}")
    client.get("/no-such-page-quagga")
    found = read(client)

    assert found["trellis_requests_total", "404", "webhooks.receive"] == before + 1
    assert found["trellis_requests_total", "404", "none"] >= 1
    assert found["trellis_request_seconds_count", "webhooks.receive"] >= 1


@pytest.mark.promise("MO-8")
def test_no_name_person_or_key_is_in_them(app, busy):
    app.extensions["trellis"].desk.budget.take("leaflink:Greenleaf Farms", Throttle(per_second=1, burst=10))
    text = app.test_client().get("/metrics").text

    for word in ("Greenleaf", "Quagga", "Harbor", "Dana", "9f2c", busy.slug, str(busy.id)):
        assert word not in text
    assert not re.search(r"[\w.]+@[\w.]+", text)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 200),
        ({"environ_base": {"REMOTE_ADDR": "::1"}}, 200),
        ({"environ_base": ELSEWHERE}, 401),
        ({"environ_base": ELSEWHERE, "headers": {"Authorization": f"Bearer {TOKEN}"}}, 200),
        ({"environ_base": ELSEWHERE, "headers": {"Authorization": f"Bearer {TOKEN}x"}}, 401),
        ({"environ_base": ELSEWHERE, "headers": {"Authorization": "Basic eDp4"}}, 401),
        ({"headers": {"Authorization": "Bearer wrong"}}, 401),
        ({"headers": {"X-Forwarded-For": "127.0.0.1"}}, 401),
        ({"headers": {"Forwarded": "for=127.0.0.1"}}, 401),
        ({"environ_base": {"REMOTE_ADDR": "not an address"}}, 401),
    ],
)
def test_who_may_read_them(settings, asked, status):
    with built(replace(settings, metrics_token=TOKEN)) as app:
        assert app.test_client().get("/metrics", **asked).status_code == status


def test_without_a_token_nobody_elsewhere_reads_them(app):
    for given in ("Bearer ", "Bearer x", ""):
        headers = {"Authorization": given} if given else {}
        answer = app.test_client().get("/metrics", environ_base=ELSEWHERE, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_what_is_away_is_told_as_away(settings):
    away = "postgresql+psycopg://nobody:x@127.0.0.1:1/none"
    for changed, gone in (
        ({"redis_url": "redis://127.0.0.1:1/0"}, "redis"),
        ({"database_url": away}, "database"),
    ):
        with built(replace(settings, **changed)) as app:
            found = read(app.test_client())
        assert found["trellis_up", gone] == 0
        assert sum(value for name, value in found.items() if name[0] == "trellis_up") == 1


def test_every_figure_is_in_the_operations_guide(app, busy):
    listed = set(re.findall(r"`(trellis_\w+)`", (ROOT / "docs/operations.md").read_text(encoding="utf-8")))
    app.extensions["trellis"].desk.budget.take("leaflink:Quagga Farms", Throttle(per_second=1, burst=10))
    told = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in text_string_to_metric_families(app.test_client().get("/metrics").text)
    }
    assert {name for name in told if not name.endswith("_created")} - listed == set()
