import re
from datetime import timedelta

import pytest

from portal.models import Connection, Stream, Tenant, utc_now
from portal.queries import dashboard
from portal.queries.scope import Scope
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
        counts = dashboard.seen_since(session, Scope(company.id), now - timedelta(minutes=1))
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


@pytest.fixture
def second(sessions, company):
    """Another connection of the company, with one order that is stuck."""
    with sessions.tenant(company.id) as session:
        made = factory.connection(session, company.id, company.hub_id, name="Sunrise on LeafLink")
        whose = factory.Company(company.id, company.slug, company.hub_id, company.facility_id, made)
        stuck = factory.order(session, whose, state="stuck", flourish_id=None, created_at=utc_now())
        factory.problem(session, stuck, title="Only of Sunrise")
    return whose


def plain(page):
    """A page's words, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


@pytest.mark.promise("MO-9")
def test_lag_is_told_both_ways_with_what_it_means(sessions, company, admin):
    now = utc_now()
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company, created_at=now)
        times = {"prompted_at": now - timedelta(seconds=90), "finished_at": now - timedelta(seconds=60)}
        factory.operation(session, link, **times)
        back = {"kind": "move", "system": "leaflink", "natural_key": "move:1", "once": False}
        factory.operation(session, link, **back, **times | {"finished_at": now - timedelta(seconds=88)})
    words = plain(admin.get(f"/t/{company.slug}/"))
    assert "Sync lag in 24 hours 30 s is the median of 1 order into Flourish" in words
    assert "Back: median 2 s, 95 of 100 within 2 s, of 1 status" in words
    assert "Lag is from the change, by the clock of the system where it was made, until the other" in words


@pytest.mark.promise("MO-9")
def test_each_flow_says_when_it_last_worked_or_why_it_does_not(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company, created_at=utc_now() - timedelta(hours=5))
        factory.operation(session, link)
    words = plain(admin.get(f"/t/{company.slug}/"))
    assert re.search(r"LeafLink webhooks \d\d s ago", words)
    assert re.search(r"LeafLink polls 3 min", words)
    assert re.search(r"Orders in (5 h|4 h 59 min) ago", words)
    assert "Statuses out never yet" in words
    assert "Stock out not begun" in words
    assert "Products out switched off" in words
    page = plain(admin.get(f"/t/{company.slug}/connections/{company.connection_id}"))
    assert "an order was created, edited, moved or cancelled in Flourish" in page


@pytest.mark.promise("MO-9")
@pytest.mark.parametrize("window", ["day", "week"])
def test_each_chart_has_a_sentence_and_a_table_behind_it(sessions, company, admin, window):
    now = utc_now()
    with sessions.tenant(company.id) as session:
        for state, flourish_id in (("settled", ""), ("settled", ""), ("stuck", None)):
            link = factory.order(session, company, state=state, flourish_id=flourish_id, created_at=now)
        factory.operation(session, factory.order(session, company, created_at=now), finished_at=now)
        factory.problem(session, link)
    text = admin.get(f"/t/{company.slug}/?window={window}").text
    assert text.count("<svg viewBox") == text.count("As a table") == 3
    assert re.search(r'id="chart-orders-said">In all: 4, most (at|on) [^<]+: 4\.<', text)
    assert re.search(r'id="chart-problems-said">Opened: 1, most', text)
    assert text.count('<th scope="row">') == 3 * {"day": 24, "week": 7}[window]


@pytest.mark.promise("MO-9")
def test_a_chart_of_nothing_says_so(company, admin):
    words = plain(admin.get(f"/t/{company.slug}/"))
    assert "No order was first seen in the last 24 hours." in words
    assert "No order was created in Flourish in the last 24 hours." in words
    assert "No problem was opened or closed in the last 24 hours." in words


@pytest.mark.promise("MO-9")
def test_the_dashboard_is_of_one_connection_when_asked(sessions, company, second, admin):
    with sessions.tenant(company.id) as session:
        factory.order(session, company, created_at=utc_now())
    own, others = (f"/t/{company.slug}/?connection={one.connection_id}" for one in (company, second))
    assert re.search(r'seen=today[^"]*">1</a>', admin.get(own).text)
    assert "Only of Sunrise" not in admin.get(own).text
    assert "Only of Sunrise" in admin.get(others).text
    assert bottom_line(admin, company) == "Needs you"
    assert 'class="status ok">All clear' in admin.get(own).text


def test_of_a_connection_that_is_not_the_companys_there_is_no_dashboard(sessions, company, admin):
    foreign = factory.company(sessions).connection_id
    for asked in (foreign, "7", "x" * 300):
        assert admin.get(f"/t/{company.slug}/?connection={asked}").status_code == 404
        assert admin.get(f"/t/{company.slug}/today?connection={asked}").status_code == 404


@pytest.mark.promise("MO-9")
def test_pages_that_stand_open_share_one_reading(app, sessions, company, admin):
    address = f"/t/{company.slug}/today"
    before = admin.get(address).text
    with sessions.tenant(company.id) as session:
        factory.order(session, company, created_at=utc_now())
    assert admin.get(address).text == before
    assert re.search(r'seen=today[^"]*">1</a>', admin.get(f"/t/{company.slug}/").text)
