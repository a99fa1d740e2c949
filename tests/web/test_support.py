import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from portal.blueprints import company_health
from portal.identity import tenants
from portal.models import Connection, Invitation, Stream, utc_now
from portal.sync.engine.accounts import platform_owner
from portal.sync.engine.budget import Use
from tests.web import factory


def test_support_sees_counts_and_nothing_of_an_order(sessions, as_user):
    company = factory.company(sessions, name="Counted Company")
    with sessions.tenant(company.id) as session:
        for state in ("stuck", "stuck", "waiting", "settled"):
            link = factory.order(session, company, state=state, label="SECRET-LABEL", due_at=utc_now())
        factory.problem(session, link, title="Secret title")
    text = as_user(factory.user(sessions, staff_role="support")).get("/support/").text
    row = next(row for row in text.split("<tr>") if company.slug in row)
    numbers = re.findall(r'<td data-label="[^"]+"\s+class="num">\s*(\d+)', row)
    # New, waiting, agrees, not taken, stuck, problems.
    assert numbers == ["0", "1", "1", "0", "2", "1"]
    assert "SECRET-LABEL" not in text
    assert "Harbor Wellness" not in text
    assert "Secret title" not in text


def test_support_sees_where_a_check_failed(sessions, as_user):
    company = factory.company(sessions, name="Checked Company")
    with sessions.tenant(company.id) as session:
        factory.proof(session, company, at=utc_now() - timedelta(hours=2))
        failed = {"outcome": "failed", "lost": 2, "doubled": 1, "failed": ["I1", "I2"]}
        # From five minutes on seconds are not said, however long signing in takes here.
        factory.proof(session, company, at=utc_now() - timedelta(minutes=6), **failed)

    text = as_user(factory.user(sessions, staff_role="support")).get("/support/").text

    row = next(row for row in text.split("<tr>") if company.slug in row)
    cell = re.search(r'data-label="Lost or doubled"[^>]*>(.*?)</td>', row, re.S)
    assert cell is not None
    assert re.sub(r"<[^>]+>", " ", cell[1]).split() == ["3", "Failed", "6", "min", "ago"]


def row_of(visitor, company, query=""):
    text = visitor.get(f"/support/{query}").text
    return next((row for row in text.split("<tr>") if company.slug in row), "")


def words(row):
    return " ".join(re.sub(r"<[^>]+>", " ", row).split())


@pytest.mark.promise("MO-5")
@pytest.mark.parametrize(
    ("wrong", "word", "tone", "text"),
    [
        ("due", "Work stands still", "bad", "1 due"),
        ("key", "Key needed", "bad", "1 connection refused"),
        ("silent", "Webhook silent", "warn", "1 webhook silent"),
        ("stale", "Polls late", "warn", "1 list late"),
        ("stuck", "Orders stuck", "warn", "1 order"),
        ("held", "Held back", "warn", "nobody calls for"),
        ("nothing", "Well", "ok", ""),
    ],
)
def test_each_sign_has_a_word_a_number_and_a_mark(app, sessions, as_user, wrong, word, tone, text):
    company = factory.company(sessions)
    factory.member(sessions, company, "owner")
    long_ago = utc_now() - timedelta(hours=1)
    with sessions.tenant(company.id) as session:
        connection = session.get_one(Connection, company.connection_id)
        if wrong == "due":
            factory.order(session, company, due_at=long_ago)
        if wrong == "key":
            connection.state = "needs_credentials"
        if wrong == "silent":
            link = factory.order(session, company, due_at=None)
            factory.problem(session, link, code="webhook_silent")
        if wrong == "stale":
            late = update(Stream).where(Stream.source_id == company.connection_id)
            session.execute(late.values(last_ok_at=long_ago))
        if wrong == "stuck":
            factory.order(session, company, state="stuck", due_at=None)
        if wrong == "held":
            factory.order(session, company, due_at=utc_now())
            owner = platform_owner(connection.platform, connection.key_owner)
            app.extensions["trellis"].desk.budget.hold(owner, 60)
    support = as_user(factory.user(sessions, staff_role="support"))

    row = row_of(support, company)

    assert word in row
    assert text in words(row)
    assert f'class="status {tone}"' in row
    assert row_of(support, company, f"?health={tone}")
    assert not row_of(support, company, "?health=idle")


@pytest.mark.promise("MO-5")
def test_companies_in_trouble_come_first_and_are_found_by_name(sessions, as_user):
    well = factory.company(sessions, name="A well one")
    worse = factory.company(sessions, name="Z in trouble", state="needs_credentials")
    support = as_user(factory.user(sessions, staff_role="support"))
    text = support.get("/support/").text
    assert text.index(worse.slug) < text.index(well.slug)
    assert row_of(support, worse, "?q=z+in")
    assert not row_of(support, well, "?q=z+in")


@pytest.mark.promise("MO-5")
def test_a_backlog_is_forecast_by_the_rate_that_is_allowed():
    use = Use(share=0.4, per_second=2.0, held_seconds=0.0)
    assert company_health._budget("LeafLink", use, 1200).text.endswith("1,200 due are through in 20 min")
    assert company_health._budget("LeafLink", use, 10).word == "Within rate"


@pytest.mark.promise("MO-5")
def test_the_first_owner_is_invited_again_while_nobody_has_joined(sessions, as_user):
    company = factory.company(sessions)
    operator = as_user(factory.user(sessions, staff_role="operator"))
    address = f"/support/companies/{company.id}/invite"
    assert "Invite its owner again" in row_of(operator, company)
    operator.get(address)
    for _ in range(2):
        assert operator.post(address, {"owner": "olive@example.com"}).status_code == 303
    with sessions.tenant(company.id) as session:
        open_ones = session.scalars(select(Invitation).where(Invitation.revoked_at.is_(None))).all()
        assert [one.email for one in open_ones] == ["olive@example.com"]
    factory.member(sessions, company, "owner")
    answer = operator.post(address, {"owner": "other@example.com"})
    assert (answer.status_code, "Somebody has joined" in answer.text) == (422, True)
    assert "Invite its owner again" not in row_of(operator, company)


def test_staff_are_led_to_the_support_area(sessions, as_user):
    answer = as_user(factory.user(sessions, staff_role="support")).get("/")
    assert answer.location == "/support/"


@pytest.mark.promise("MO-5")
@pytest.mark.parametrize(
    ("platform", "told", "says"),
    [
        ("leaflink", True, "last webhook from Flourish: never last webhook from LeafLink: 7 min ago"),
        ("leaflink", False, "last webhook from Flourish: never last webhook from LeafLink: never"),
        ("ordo", False, "last webhook from Flourish: never"),
    ],
)
def test_who_sends_webhooks_is_named_with_its_last_and_who_sends_none_is_not(
    sessions, as_user, platform, told, says
):
    company = factory.company(sessions)
    at = utc_now() - timedelta(minutes=7) if told else None
    with sessions.tenant(company.id) as session:
        session.execute(update(Connection).values(platform=platform, last_delivery_at=at))

    row = words(row_of(as_user(factory.user(sessions, staff_role="support")), company))

    assert says in row
    assert ("LeafLink" in row) == (platform == "leaflink")


def test_of_a_company_that_connected_nothing_no_webhook_is_expected(sessions, as_user):
    tenant = tenants.create(sessions, slug="bare-one", name="Bare", timezone="UTC")
    row = words(row_of(as_user(factory.user(sessions, staff_role="support")), tenant))

    assert "no webhook is expected yet" in row
