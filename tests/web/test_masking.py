"""Personal data is hidden from Trellis's own people, in pages, fragments, tickets and streams."""

import html

import pytest

from portal.config import Settings
from portal.models import Link
from tests.web import admission, factory
from tests.web.serving import Watcher, served

# As it may stand in any text that came from a platform, and as a field.
NOTE = (
    "Ask Kim (510) 555-0142 or kim.doe@mail.example, DOB 02/03/1990, medical id MMJ-4417-22,"
    " at 1200 Harbor Bay Parkway"
)
PLANTED = ("555-0142", "kim.doe", "02/03/1990", "4417", "1200 Harbor")
FIELDS = {"phone": "5105550199", "birth_date": "1991-04-05", "medical_id": "MID-7"}
PLANTED_FIELDS = tuple(FIELDS.values())


@pytest.fixture
def order(sessions, company):
    """An order with personal data in every text that is kept of it."""
    with sessions.tenant(company.id) as session:
        row = factory.order(
            session,
            company,
            label="4F2A-1187",
            state="stuck",
            decision_text=NOTE,
            next_step=NOTE,
            snapshot=factory.snapshot(
                customer={"name": NOTE, "license": NOTE},
                rep=NOTE,
                facility=NOTE,
                lines=[{"sku": NOTE, "name": NOTE, "note": NOTE, "eaches": "1"}],
                platform={"id": NOTE, "status": NOTE},
                flourish={"id": "1", "status": NOTE, "facility": NOTE},
            ),
        )
        factory.event(
            session,
            row,
            NOTE,
            actor=NOTE,
            how=NOTE,
            text=NOTE,
            detail={
                "changes": [
                    ["Phone", "5105550199", NOTE],
                    ["Note", NOTE, NOTE],
                    ["Birth date", "1991-04-05", ""],
                ],
                "request": {"customer": FIELDS, "notes": [NOTE]},
                "answer": {"text": NOTE, "person": FIELDS},
            },
        )
        factory.problem(session, row, title=NOTE, text=NOTE, next_step=NOTE, cause=NOTE)
        factory.delivery(session, row, outcome_text=NOTE, topic=NOTE)
        _written(session, row)
        factory.line(
            session, company, NOTE, entity=NOTE, raw={"person": FIELDS, "note": NOTE}, link_id=row.id
        )
        return row


def _written(session, order):
    """A write of it that was refused."""
    factory.operation(
        session,
        order,
        request={"customer": FIELDS, "notes": [NOTE]},
        changes=[["Phone", "5105550199", NOTE], ["Note", NOTE, NOTE], ["Birth date", "1991-04-05", ""]],
        why=NOTE,
        prompted_by=NOTE,
        status="refused",
        error=NOTE,
    )


@pytest.fixture
def pages(company, order):
    base = f"/t/{company.slug}"
    return {
        "the order": f"{base}/orders/{order.id}",
        "its ticket": f"{base}/orders/{order.id}/ticket",
        "its story alone": f"{base}/orders/{order.id}/story",
        "the orders": f"{base}/orders",
        "the problems": f"{base}/problems",
        "the log": f"{base}/connections/{company.connection_id}/log",
        "log lines alone": f"{base}/connections/{company.connection_id}/log/lines",
        "the dashboard": f"{base}/",
        "the writes": f"{base}/writes",
        "the writes as a file": f"{base}/writes/writes.csv",
    }


@pytest.fixture
def support(sessions, company, as_user):
    agent = factory.user(sessions, staff_role="support")
    with sessions.tenant(company.id) as session:
        admission.grant(session, company, agent, given=True, may_act=True)
    return as_user(agent)


def found(text):
    return [value for value in (*PLANTED, *PLANTED_FIELDS) if value in html.unescape(text)]


def test_support_sees_no_personal_data_on_any_page(pages, support):
    for name, address in pages.items():
        answer = support.get(address)
        assert answer.status_code == 200
        assert found(answer.text) == [], name


def test_the_company_sees_what_is_its_own(pages, viewer):
    assert set(PLANTED) <= set(found(viewer.get(pages["the order"]).text))
    assert set(PLANTED) <= set(found(viewer.get(pages["the log"]).text))


def test_a_stream_hides_from_one_watcher_what_it_shows_to_another(
    settings: Settings, company, order, support, viewer
):
    paths = (
        (f"/events/t/{company.slug}/orders/{order.id}", 2),
        (f"/events/t/{company.slug}/connections/{company.connection_id}/log", 1),
    )
    with served(settings) as (_, port):
        for path, count in paths:
            for visitor, hidden in ((viewer, False), (support, True), (viewer, False)):
                cookie = visitor.client.get_cookie("trellis_session").value
                with Watcher(port, path, cookie) as watcher:
                    messages = watcher.messages()
                    told = "".join(next(messages)[1] for _ in range(count))
                assert (found(told) == []) is hidden, path


def test_the_planted_order_is_the_one_that_is_looked_at(sessions, company, order):
    with sessions.tenant(company.id) as session:
        assert session.get_one(Link, order.id).decision_text == NOTE
