"""Notifications: made, tried, followed and taken away in the browser."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select
from standardwebhooks import Webhook

from portal.models import Notice, NoticeRule, Secret
from tests.sandbox.receiver import receiving
from tests.web import factory, notified
from tests.web.acts import recorded
from tests.web.conftest import first

WISH = {"kinds": ["connection", "orders"], "pace": "minutes_15", "connection": ""}


@pytest.fixture
def base(company):
    return f"/t/{company.slug}/notifications"


@pytest.fixture
def receiver():
    with receiving() as there:
        there.statuses = [204]
        yield there


@pytest.fixture
def rows(sessions, company):
    def read(table):
        with sessions.tenant(company.id) as session:
            return list(
                session.scalars(select(table).where(table.tenant_id == company.id).order_by(table.id))
            )

    return read


def make(admin, base, channel, **wish):
    admin.get(f"{base}/new/{channel}")
    return admin.post(f"{base}/new/{channel}", {**WISH, **wish})


def test_without_any_the_page_says_that_nobody_is_told(admin, base):
    assert "Nobody is told" in admin.get(base).text


@pytest.mark.promise("MO-7")
def test_a_webhook_is_made_its_secret_shown_once_and_a_test_says_what_came_of_it(admin, base, receiver, rows):
    answer = make(admin, base, "webhook", address=receiver.url)
    secret = first(r'id="signing-secret">([^<]+)<', answer.text)
    (rule,) = rows(NoticeRule)
    page = admin.get(f"{base}/{rule.id}").text
    assert secret not in page
    assert f"whsec_••••••••{secret[-4:]}" in page
    answer = admin.post(f"{base}/{rule.id}/test", follow_redirects=True)
    assert "The test was taken." in answer.text
    assert "<code>204</code>" in answer.text
    (came,) = receiver.came
    assert Webhook(secret).verify(came.body, came.headers)["type"] == "test"


def test_a_test_that_is_not_taken_says_why(admin, base, receiver, rows):
    receiver.statuses = [500]
    make(admin, base, "webhook", address=receiver.url)
    (rule,) = rows(NoticeRule)
    page = admin.post(f"{base}/{rule.id}/test", follow_redirects=True).text
    assert "it answered 500" in page
    assert "Not taken" in page


def test_tests_are_limited(admin, base, sessions, company, receiver):
    with sessions.tenant(company.id) as session:
        rule = notified.rule(session, company)
    admin.get(f"{base}/{rule.id}")
    answers = [admin.post(f"{base}/{rule.id}/test").status_code for _ in range(11)]
    assert answers == [303] * 10 + [429]


def test_mail_to_a_member_is_made_at_once_and_to_somebody_else_once_it_is_confirmed(
    admin, base, sessions, company, rows
):
    member = factory.member(sessions, company, "viewer", email=f"vera@{company.slug}.example")
    assert make(admin, base, "email", address=member.email).status_code == 303
    answer = make(admin, base, "email", address="Auditor@Elsewhere.example")
    assert answer.status_code == 422
    assert "Nobody in Greenleaf Farms has this address: confirm it." in answer.text
    assert make(admin, base, "email", address="Auditor@Elsewhere.example", outsider="y").status_code == 303
    assert [row.address for row in rows(NoticeRule)] == [member.email, "auditor@elsewhere.example"]


@pytest.mark.parametrize(
    ("channel", "wish", "words"),
    [
        ("email", {"address": ""}, "Enter an address."),
        ("email", {"address": "nobody"}, "is not an e-mail address"),
        ("email", {"address": "a@b.example, c@d.example", "outsider": "y"}, "is not an e-mail address"),
        ("webhook", {"address": "http://hooks.example.com/"}, "must begin with https://"),
        ("webhook", {"address": "https://10.0.0.1/"}, "must be one of the public internet"),
        (
            "webhook",
            {"address": "https://hooks.example.com/", "kinds": []},
            "Choose at least one of the list.",
        ),
        ("webhook", {"address": "https://hooks.example.com/", "pace": "always"}, "Choose one of the list."),
        (
            "webhook",
            {"address": "https://hooks.example.com/", "kinds": ["x"]},
            "Choose at least one of the list.",
        ),
    ],
)
def test_what_cannot_be_kept_is_said_beside_its_field_and_nothing_typed_is_lost(
    admin, base, rows, channel, wish, words
):
    answer = make(admin, base, channel, **wish)
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{wish["address"]}"' in answer.text
    assert rows(NoticeRule) == []


def test_a_rule_of_a_connection_is_listed_with_it_and_one_of_another_is_not(admin, base, sessions, company):
    with sessions.tenant(company.id) as session:
        other = factory.connection(session, company.id, company.hub_id, name="Second shop")
        notified.rule(session, company, address="first@acme.example")
        notified.rule(session, company, address="second@acme.example", connection_id=other)
        notified.rule(session, company, address="all@acme.example", connection_id=None)
    page = admin.get(f"{base}?connection={company.connection_id}").text
    assert "first@acme.example" in page
    assert "all@acme.example" in page
    assert "second@acme.example" not in page
    assert (
        f"{base}?connection={company.connection_id}"
        in admin.get(f"/t/{company.slug}/connections/{company.connection_id}").text
    )


def test_what_is_told_is_changed_and_where_to_stays_what_it_was_by_channel(
    admin, base, sessions, company, rows
):
    with sessions.tenant(company.id) as session:
        rule = notified.rule(session, company)
    page = admin.get(f"{base}/{rule.id}/change").text
    assert 'value="ops@acme.example"' in page
    wish = {**WISH, "address": "ops@acme.example", "outsider": "y", "kinds": ["readiness"], "pace": "day"}
    assert admin.post(f"{base}/{rule.id}/change", wish).status_code == 303
    (row,) = rows(NoticeRule)
    assert (row.kinds, row.pace, row.connection_id, row.channel) == (["readiness"], "day", None, "email")
    assert recorded(sessions, company.id, "notice_rule.changed")


def test_the_log_shows_each_message_each_try_and_what_it_says(admin, base, sessions, company):
    with sessions.tenant(company.id) as session:
        rule = notified.rule(session, company)
        notice = notified.notice(session, rule, "SKU <b>FL-1</b> is unknown")
    page = admin.get(f"{base}/{rule.id}").text
    assert "SKU &lt;b&gt;FL-1&lt;/b&gt; is unknown" in page
    assert re.search(r'data-label="Tries" class="num">2<', page)
    page = admin.get(f"{base}/{rule.id}/messages/{notice.id}").text
    assert "it answered 500" in page
    assert f"msg_{notice.id.hex}" in page
    assert "problem.opened" in page


def test_a_message_is_sent_again_under_its_id(admin, base, receiver, rows, sessions, company):
    make(admin, base, "webhook", address=receiver.url)
    (rule,) = rows(NoticeRule)
    admin.get(f"{base}/{rule.id}")
    admin.post(f"{base}/{rule.id}/test")
    (notice,) = rows(Notice)
    page = admin.post(f"{base}/{rule.id}/messages/{notice.id}/again", follow_redirects=True).text
    assert "Sent again, under the same id" in page
    assert len({came.headers["webhook-id"] for came in receiver.came}) == 1
    assert len(receiver.came) == 2
    assert recorded(sessions, company.id, "notice_rule.sent_again")


def test_what_still_takes_news_in_or_is_off_is_not_sent_again(admin, base, sessions, company):
    with sessions.tenant(company.id) as session:
        rule = notified.rule(session, company)
        early = notified.notice(session, rule, "x", body=None, sent_at=None, due_at=rule.since)
        sent = notified.notice(session, rule, "y")
    admin.get(f"{base}/{rule.id}")
    again = f"{base}/{rule.id}/messages/{{}}/again"
    assert "still takes news in" in admin.post(again.format(early.id), follow_redirects=True).text
    admin.post(f"{base}/{rule.id}/switch", {"to": "off"})
    assert "switch it on first" in admin.post(again.format(sent.id), follow_redirects=True).text


def test_a_secret_is_replaced_with_an_overlap_that_can_be_ended(admin, base, receiver, rows):
    old = first(r'id="signing-secret">([^<]+)<', make(admin, base, "webhook", address=receiver.url).text)
    (rule,) = rows(NoticeRule)
    admin.get(f"{base}/{rule.id}")
    new = first(r'id="signing-secret">([^<]+)<', admin.post(f"{base}/{rule.id}/secret").text)
    page = admin.get(f"{base}/{rule.id}").text
    assert new[-4:] in page
    assert old[-4:] in page
    assert "Both sign" in page
    admin.post(f"{base}/{rule.id}/test")
    for secret in (old, new):
        assert Webhook(secret).verify(receiver.came[0].body, receiver.came[0].headers)
    admin.post(f"{base}/{rule.id}/end-overlap")
    assert "Both sign" not in admin.get(f"{base}/{rule.id}").text
    assert [row.field for row in rows(Secret) if row.owner_id == rule.id] == ["notice_secret"]


def test_mail_has_no_secret_to_replace(admin, base, sessions, company):
    with sessions.tenant(company.id) as session:
        rule = notified.rule(session, company)
    assert "Signing secret" not in admin.get(f"{base}/{rule.id}").text
    assert admin.post(f"{base}/{rule.id}/secret").status_code == 404


def test_it_is_switched_off_and_on_and_removed(admin, base, sessions, company, rows):
    with sessions.tenant(company.id) as session:
        rule = notified.rule(session, company)
    admin.get(f"{base}/{rule.id}")
    assert (
        "switched it off."
        in admin.post(f"{base}/{rule.id}/switch", {"to": "off"}, follow_redirects=True).text
    )
    assert "It is on:" in admin.post(f"{base}/{rule.id}/switch", {"to": "on"}, follow_redirects=True).text
    assert "Nobody is told" in admin.post(f"{base}/{rule.id}/remove", follow_redirects=True).text
    assert admin.get(f"{base}/{rule.id}").status_code == 404
    acts = recorded(sessions, company.id, "notice_rule.switched_off", "notice_rule.removed")
    assert len(acts) == 2


def test_there_is_no_other_channel(admin, base):
    assert admin.get(f"{base}/new/pigeon").status_code == 404


def test_a_viewer_and_a_stranger_see_nothing_of_it(base, sessions, company, as_user):
    with sessions.tenant(company.id) as session:
        rule = notified.rule(session, company)
    viewer = as_user(factory.member(sessions, company, "viewer"))
    assert viewer.get(f"{base}/{rule.id}").status_code == 403
    other = factory.company(sessions, name="Other Farms")
    stranger = as_user(factory.member(sessions, other, "owner"))
    assert stranger.get(f"/t/{other.slug}/notifications/{rule.id}").status_code == 404
