import re
from datetime import timedelta

from portal.models import utc_now
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


def test_staff_are_led_to_the_support_area(sessions, as_user):
    answer = as_user(factory.user(sessions, staff_role="support")).get("/")
    assert answer.location == "/support/"
