"""Rules: what is kept of one, what is refused, and what the audit tells."""

from __future__ import annotations

import base64
import os
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.models import AuditEvent, NoticeRule, Secret, new_id, utc_now
from portal.sync import retention, rotation
from portal.sync.notices import rules
from tests.sync.notices.room import ACTOR
from tests.web import notified

URL = "https://hooks.example.com/trellis?team=7"


def secrets_of(room):
    return [(row.field, row.last_four) for row in room.rows(Secret) if row.field.startswith("notice")]


def acts(room):
    with room.desk.tenant(room.company.id) as session:
        rows = session.scalars(select(AuditEvent).order_by(AuditEvent.seq))
        return [(row.action, row.subject) for row in rows if row.action.startswith("notice_rule")]


def test_a_webhook_has_a_secret_as_standard_webhooks_writes_it_and_only_its_end_is_read(room):
    rule_id, secret = room.rule(URL)
    head, _, key = secret.partition("_")
    assert head == "whsec"
    assert 24 <= len(base64.b64decode(key, validate=True)) <= 64
    assert secrets_of(room) == [(rules.SECRET_FIELD, secret[-4:])]
    assert secret.encode() not in room.rows(Secret)[-1].ciphertext
    assert acts(room) == [("notice_rule.made", "hooks.example.com")]
    assert rules.signing_secrets(room.desk, room.one(rule_id)) == (secret,)


def test_mail_has_none(room):
    rule_id, secret = room.rule("ops@acme.example", channel="email")
    assert secret == ""
    assert rules.signing_secrets(room.desk, room.one(rule_id)) == ()
    assert secrets_of(room) == []


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"kinds": ()}, "kinds"),
        ({"kinds": ("everything",)}, "kinds"),
        ({"pace": "always"}, "pace"),
        ({"connection_id": new_id()}, "connection"),
        ({"address": "http://hooks.example.com/x"}, "address"),
        ({"address": "https://169.254.169.254/latest"}, "address"),
        ({"address": "https://intranet/x"}, "address"),
    ],
)
def test_what_cannot_be_kept_is_refused_beside_its_field(room, wish, field):
    with pytest.raises(rules.NotAccepted) as refused:
        room.rule(**{"address": URL, **wish})
    assert refused.value.field == field


def test_a_company_has_so_many_at_the_most(room, monkeypatch):
    monkeypatch.setattr(rules, "MOST_RULES", 2)
    room.rule(URL)
    room.rule(URL)
    with pytest.raises(rules.NotAccepted, match="2 notifications already"):
        room.rule(URL)


def test_each_act_is_in_the_audit_and_names_no_more_of_an_address_than_its_host(room):
    rule_id, _ = room.rule(URL)
    for act in (rules.replace_secret, rules.end_overlap, rules.pause, rules.switch_on, rules.remove):
        room.act(rule_id, act)
    assert [action.partition(".")[2] for action, _ in acts(room)] == [
        "made",
        "secret_replaced",
        "overlap_ended",
        "switched_off",
        "switched_on",
        "removed",
    ]
    assert {subject for _, subject in acts(room)} == {"hooks.example.com"}


def test_a_removed_one_has_no_secret_any_more(room):
    rule_id, _ = room.rule(URL)
    room.act(rule_id, rules.replace_secret)
    assert len(secrets_of(room)) == 2
    room.act(rule_id, rules.remove)
    assert secrets_of(room) == []


def test_a_secret_of_before_is_forgotten_once_it_signs_no_more(room):
    rule_id, secret = room.rule(URL)
    room.act(rule_id, rules.replace_secret)
    retention.drop_secrets(room.desk, room.company.id)
    assert (rules.BEFORE_FIELD, secret[-4:]) in secrets_of(room)
    room.later(hours=25)
    assert retention.drop_secrets(room.desk, room.company.id) == 1
    assert [field for field, _ in secrets_of(room)] == [rules.SECRET_FIELD]


def test_old_messages_and_their_tries_are_dropped_and_what_waits_is_not(room):
    rule_id, _ = room.rule("ops@acme.example", channel="email")
    with room.desk.tenant(room.company.id) as session:
        rule = session.get_one(NoticeRule, rule_id)
        long_ago = utc_now() - timedelta(days=91)
        notified.notice(session, rule, "old", created_at=long_ago)
        notified.notice(session, rule, "waits", created_at=long_ago, sent_at=None, due_at=long_ago)
        notified.notice(session, rule, "new")
    assert retention.drop_notices(room.desk, room.company.id) == 1
    assert [notice.told["entries"][0]["title"] for notice in room.notices()] == ["waits", "new"]
    assert len(room.attempts()) == 4


def test_pressing_twice_keeps_the_secret_that_is_in_use(room):
    rule_id, used = room.rule(URL)
    room.act(rule_id, rules.replace_secret)
    newest = room.act(rule_id, rules.replace_secret)
    assert rules.signing_secrets(room.desk, room.one(rule_id)) == (newest, used)


def test_rotation_of_the_installations_key_reaches_signing_secrets(room):
    rule_id, secret = room.rule(URL)
    keys = {"t9": os.urandom(32)}
    both = replace(room.desk.settings, master_keys={**keys, **room.desk.settings.master_keys})
    rotation.rotate(replace(room.desk, settings=both), actor=ACTOR)
    only = replace(room.desk, settings=replace(both, master_keys=keys))
    assert rules.signing_secrets(only, room.one(rule_id)) == (secret,)
