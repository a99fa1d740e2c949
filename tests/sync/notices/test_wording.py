"""Wording: for programs and for people, and nothing of it is anybody's personal data."""

from __future__ import annotations

import json

import pytest

from portal.sync import mail
from portal.sync.notices import wording
from portal.sync.notices.grouping import Told
from tests.sync.notices.test_grouping import NOW, SHOP, news

COMPANY = wording.Company(
    "greenleaf", "Greenleaf Farms", {str(SHOP): "LeafLink CA"}, url="https://trellis.example/t/greenleaf"
)


def body(kind, *pieces):
    return wording.body(kind, NOW, Told().with_news(pieces), COMPANY)


def test_a_message_has_a_type_a_time_and_data():
    message = json.loads(body(wording.OPENED, news(), news()))
    assert (message["type"], message["timestamp"]) == ("problem.opened", "2026-11-27T15:00:00+00:00")
    data = message["data"]
    assert data["company"] == {"slug": "greenleaf", "name": "Greenleaf Farms"}
    assert (data["count"], data["others"]) == (2, 0)
    assert data["url"] == "https://trellis.example/t/greenleaf/problems"
    (problem,) = data["problems"]
    assert problem == {
        "state": "opened",
        "code": "sku_unknown",
        "title": "SKU FL-1 is unknown in Flourish",
        "next_step": "Give the item this SKU.",
        "who": "tenant",
        "connection": {"id": str(SHOP), "name": "LeafLink CA"},
        "count": 2,
        "first_at": "2026-11-27T15:00:00+00:00",
        "last_at": "2026-11-27T15:00:00+00:00",
    }


@pytest.mark.parametrize(
    ("group", "kind"),
    [
        ("opened::sku_unknown", "problem.opened"),
        ("resolved:x:y", "problem.resolved"),
        ("day", "problems.summary"),
    ],
)
def test_a_groups_messages_have_a_type(group, kind):
    assert wording.type_of(group) == kind


@pytest.mark.parametrize(
    ("kind", "pieces", "subject"),
    [
        (wording.OPENED, [news()], "Greenleaf Farms: SKU FL-1 is unknown in Flourish"),
        (wording.RESOLVED, [news(happening="resolved")], "resolved: SKU FL-1 is unknown in Flourish"),
        (wording.OPENED, [news()] * 500, "500 problems, such as: SKU FL-1 is unknown in Flourish"),
        (wording.SUMMARY, [news(), news(code="x", title="y")], "Greenleaf Farms: 2 things to know"),
        (wording.TEST, [], "Greenleaf Farms: a test of your notifications"),
    ],
)
def test_a_letter_says_in_its_subject_what_it_is_about(kind, pieces, subject):
    assert subject in wording.letter(body(kind, *pieces))[0]


def test_a_letter_says_what_to_do_and_how_often_it_happened():
    many = [news(title=f"SKU FL-{number} is unknown") for number in range(30)]
    text = wording.letter(body(wording.OPENED, *many, many[0]))[1]
    assert "- SKU FL-0 is unknown (2 times)\n  On LeafLink CA. Next, for you: Give the item this SKU." in text
    assert "And 10 more." in text
    assert "All of them: https://trellis.example/t/greenleaf/problems" in text


def test_no_personal_data_is_in_a_message():
    one = news(
        title="Flourish has no rep with the e-mail sam.ortiz@buyer.example",
        next_step="Call +1 (510) 555-0100, born 1980-02-03.",
    )
    sent = body(wording.OPENED, one)
    for text in (sent, *wording.letter(sent)):
        for personal in ("sam.ortiz", "555-0100", "1980"):
            assert personal not in text


def test_foreign_text_cannot_begin_a_header_of_a_mail():
    subject, text = wording.letter(
        body(wording.OPENED, news(title="SKU\r\nBcc: all@evil.example\nis unknown"))
    )
    assert mail.Message("olive@acme.example", subject, text).subject.isprintable()
