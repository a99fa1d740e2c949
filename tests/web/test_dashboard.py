import re
from datetime import timedelta

import pytest

from portal.models import Connection, Stream, Tenant, utc_now
from portal.queries import dashboard
from tests.web import factory
from tests.web.conftest import first


def bottom_line(visitor, company):
    text = visitor.get(f"/t/{company.slug}/").text
    return first(r'<div class="notice \w+">\s*<span class="status \w+">([^<]+)</span>', text)


@pytest.mark.promise("MO-9")
def test_the_counts_sum_to_the_orders(sessions, company, admin):
    now = utc_now()
    with sessions.tenant(company.id) as session:
        for state, flourish_id in (
            ("settled", ""),
            ("waiting", ""),
            ("waiting", None),
            ("new", None),
            ("skipped", None),
            ("stuck", None),
            ("stuck", ""),
            ("settled", None),
        ):
            factory.order(session, company, state=state, flourish_id=flourish_id, created_at=now)
        factory.order(session, company, kind="item")
        counts = dashboard.seen_since(session, company.id, now - timedelta(minutes=1))
    assert {name: count.number for name, count in counts.items()} == {
        "in_flourish": 2,
        "waiting": 2,
        "skipped": 2,
        "stuck": 2,
    }
    shown = admin.get(f"/t/{company.slug}/").text
    assert re.search(r'seen=today">8</a>', shown)


def test_a_quiet_connection_is_not_called_all_clear(company, admin):
    assert bottom_line(admin, company) == "Quiet so far"


def test_all_clear_is_said_when_nothing_else_is_true(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        factory.order(session, company)
    assert bottom_line(admin, company) == "All clear"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"state": "stuck"}, "Needs you"),
        ({"state": "waiting", "flourish_id": None}, "Waiting too long"),
        ({"state": "new", "flourish_id": None}, "Waiting too long"),
        ({"due_at": utc_now() - timedelta(minutes=3)}, "Behind"),
    ],
)
def test_all_clear_is_never_said_while_an_order_is_held_up(sessions, company, admin, values, words):
    with sessions.tenant(company.id) as session:
        factory.order(session, company, placed_at=utc_now() - timedelta(days=3), **values)
    assert bottom_line(admin, company) == words


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": "needs_credentials"}, "Connection trouble"),
        ({"open_until": utc_now() + timedelta(hours=1)}, "Connection trouble"),
        ({"state": "paused"}, "Paused"),
    ],
)
def test_all_clear_is_never_said_while_a_connection_is_out(sessions, company, admin, change, words):
    with sessions.tenant(company.id) as session:
        factory.order(session, company)
        for name, value in change.items():
            setattr(session.get_one(Connection, company.connection_id), name, value)
    assert bottom_line(admin, company) == words


def test_all_clear_is_never_said_while_polls_are_silent(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        factory.order(session, company)
        stream = session.query(Stream).filter_by(source_id=company.connection_id).one()
        stream.last_ok_at = utc_now() - timedelta(hours=1)
    assert bottom_line(admin, company) == "Connection trouble"
    assert "Polls late" in admin.get(f"/t/{company.slug}/").text


def test_all_clear_is_never_said_while_the_stop_switch_is_on(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        factory.order(session, company)
        session.get_one(Tenant, company.id).stopped_at = utc_now()
    assert bottom_line(admin, company) == "Stopped"


def test_speed_is_measured_from_first_seen_to_created(sessions, company):
    now = utc_now()
    with sessions.tenant(company.id) as session:
        for seconds in (1, 2, 3, 4, 100):
            link = factory.order(session, company, created_at=now)
            factory.operation(session, link, finished_at=now + timedelta(seconds=seconds))
        speed = dashboard.speed(session, company.id, now)
    assert speed.number == 5
    assert speed.median == 3.0
    assert speed.p95 == pytest.approx(80.8)


@pytest.mark.promise("MO-9")
def test_problems_are_counted_by_cause(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        for _ in range(3):
            factory.problem(session, factory.order(session, company, state="stuck"))
        factory.problem(
            session,
            factory.order(session, company, state="stuck"),
            code="edited_late",
            cause="",
            title="Edited late",
        )
    text = admin.get(f"/t/{company.slug}/").text
    assert re.search(r"SKU BD-35-LMN is unknown in Flourish</a>\s*<span[^>]*>3 ·", text)
    assert text.index("SKU BD-35-LMN") < text.index("Edited late")
