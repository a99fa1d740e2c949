import re
from datetime import timedelta

import pytest

from portal.models import Connection, Link, TimelineEvent, utc_now
from tests.web import factory
from tests.web.conftest import first

LABEL = re.compile(r'class="mono"\s+href="[^"]+">([^<]+)</a>')


def listed(visitor, company, query=""):
    return LABEL.findall(visitor.get(f"/t/{company.slug}/orders{query}").text)


@pytest.mark.parametrize(
    "words",
    [
        "4F2A",
        "c11-0000214-lic",
        "C11-00002",
        "Harbor",
        "harbor wellness",
        "BD-35-LMN",
        "  bd-35 ",
        "ＢＤ-35",
    ],
)
def test_search_finds_a_word_or_its_beginning(sessions, company, admin, words):
    with sessions.tenant(company.id) as session:
        factory.order(session, company, label="4F2A-1187")
    assert listed(admin, company, f"?q={words}") == ["4F2A-1187"]


@pytest.mark.parametrize("words", ["1187", "wellness", "%", "_", "4F2A-11871", "\\", "'", "a\x00b", "%00"])
def test_search_finds_no_middles_and_no_wildcards(sessions, company, admin, words):
    with sessions.tenant(company.id) as session:
        factory.order(session, company, label="4F2A-1187", foreign_id="F-1", flourish_id="F-2")
    answer = admin.get(f"/t/{company.slug}/orders", query_string={"q": words})
    assert answer.status_code == 200
    assert "No order is found by" in answer.text


@pytest.mark.fault(74)
def test_search_stays_inside_the_tenant(sessions, company, admin):
    other = factory.company(sessions)
    with sessions.tenant(other.id) as session:
        factory.order(session, other, label="SECRET-1")
    assert listed(admin, company, "?q=SECRET") == []


def test_each_filter_narrows_the_list_and_can_be_removed(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        second = factory.connection(session, company.id, company.hub_id, name="Sunrise")
        factory.order(session, company, label="STUCK", state="stuck", flourish_id=None)
        factory.order(session, company, label="WAITS", state="waiting", flourish_id=None)
        factory.order(session, company, label="SKIPPED", state="skipped", flourish_id=None)
        factory.order(session, company, label="SHIPPED", flourish_status="Shipped", connection_id=second)
    assert listed(admin, company, "?place=stuck") == ["STUCK"]
    assert listed(admin, company, "?place=waiting") == ["WAITS"]
    assert listed(admin, company, "?place=skipped") == ["SKIPPED"]
    assert listed(admin, company, "?place=in_flourish") == ["SHIPPED"]
    assert listed(admin, company, "?flourish=Shipped") == ["SHIPPED"]
    assert listed(admin, company, f"?connection={second}") == ["SHIPPED"]
    assert sorted(listed(admin, company, "?flourish=none")) == ["SKIPPED", "STUCK", "WAITS"]
    assert listed(admin, company, "?platform=ordo") == []
    page = " ".join(admin.get(f"/t/{company.slug}/orders?place=stuck&flourish=none").text.split())
    assert f'href="/t/{company.slug}/orders?flourish=none" aria-label="Remove Where: Stuck"' in page
    assert (
        f'href="/t/{company.slug}/orders?place=stuck" aria-label="Remove Flourish status: Not in Flourish"'
        in page
    )


def test_filters_that_make_no_sense_are_left_out(company, sessions, admin):
    with sessions.tenant(company.id) as session:
        factory.order(session, company, label="ONLY")
    assert listed(admin, company, "?place=mars&connection=x&flourish=Lost&after=nonsense&after=9.x") == [
        "ONLY"
    ]


def test_paging_skips_nothing_and_repeats_nothing(sessions, company, admin):
    moment = utc_now() - timedelta(hours=5)
    with sessions.tenant(company.id) as session:
        # Many at the very same time: the id decides their order.
        labels = {
            factory.order(
                session, company, label=f"P-{n:04}", placed_at=moment + timedelta(microseconds=n // 40)
            ).label
            for n in range(130)
        }
    seen, address, pages = [], f"/t/{company.slug}/orders", 0
    while address:
        text = admin.get(address).text
        seen += LABEL.findall(text)
        older = re.search(r'href="([^"]+)"\s+rel="next"', text)
        address, pages = older[1].replace("&amp;", "&") if older else "", pages + 1
    assert pages == 3
    assert len(seen) == len(set(seen)) == 130
    assert set(seen) == labels


def test_paging_keeps_the_filters(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        for _ in range(51):
            factory.order(session, company, state="stuck", flourish_id=None)
        factory.order(session, company, label="OTHER", placed_at=utc_now() - timedelta(days=9))
    text = admin.get(f"/t/{company.slug}/orders?place=stuck").text
    older = first(r'href="([^"]+)"\s+rel="next"', text).replace("&amp;", "&")
    assert "place=stuck" in older
    assert len(LABEL.findall(admin.get(older).text)) == 1


def test_each_kind_of_nothing_has_its_own_words(sessions, company, admin):
    page = f"/t/{company.slug}/orders"
    assert "No order has arrived yet" in admin.get(page).text
    with sessions.tenant(company.id) as session:
        factory.order(session, company)
    assert "No order is found by" in admin.get(f"{page}?q=zzz").text
    assert "No order matches" in admin.get(f"{page}?q=zzz&place=stuck").text
    assert "No order is stuck" in admin.get(f"{page}?place=stuck").text
    assert "No older orders" in admin.get(f"{page}?after=1.00000000-0000-7000-8000-000000000000").text


@pytest.fixture
def link(sessions, company):
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company, label="4F2A-1187")
        factory.event(
            session, link, "Order submitted", side="platform", actor="Harbor Wellness, buyer", how="webhook"
        )
        factory.event(
            session,
            link,
            "Quantity changed",
            side="platform",
            detail={
                "changes": [["GG-1G-PR", "40", "60"]],
                "request": {"note": "Trellis 1"},
                "answer": {"id": 7},
            },
        )
        factory.delivery(session, link, outcome_text="Taken in.")
    return link


def test_the_story_names_actor_way_and_change(company, admin, link):
    text = admin.get(f"/t/{company.slug}/orders/{link.id}").text
    for words in (
        "Order 4F2A-1187",
        "Harbor Wellness, buyer",
        "webhook",
        "<del>40</del>",
        "<ins>60</ins>",
        "What was sent",
        "What was answered",
        "Both sides agree",
        "Staff ship it in Flourish",
        "$1,842.00",
        "Taken in.",
        "1 case × 24",
        "PST",
    ):
        assert words in text, words


def test_deliveries_name_their_sender_as_people_do(sessions, company, admin, link):
    with sessions.tenant(company.id) as session:
        factory.delivery(session, session.get_one(Link, link.id)).platform = "flourish"

    text = admin.get(f"/t/{company.slug}/orders/{link.id}").text

    assert sorted(re.findall(r'<td data-label="From">([^<]+)</td>', text)) == ["Flourish", "LeafLink"]


def test_both_ladders_show_where_each_side_is(company, admin, link):
    text = admin.get(f"/t/{company.slug}/orders/{link.id}").text
    here = re.findall(r'<li class="here"\s+aria-current="step">([^<]+)</li>', text)
    assert here == ["Accepted", "Allocated"]


def test_a_status_beside_the_ladder_is_named(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company, flourish_status="Cancelled", foreign_status="Rejected")
    text = admin.get(f"/t/{company.slug}/orders/{link.id}").text
    assert "Status at Flourish: Cancelled" in text
    assert "Status at LeafLink: Rejected" in text


def test_an_order_that_was_never_read_is_shown_as_such(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        link = factory.order(
            session, company, state="new", flourish_id=None, snapshot={}, foreign_status=None, next_step=None
        )
    text = admin.get(f"/t/{company.slug}/orders/{link.id}").text
    assert "Trellis has seen this order" in text
    assert "The lines have not been read yet" in text
    assert "Not in Flourish" in text


def test_an_unknown_outcome_says_when_it_is_looked_into(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company, state="waiting", flourish_id=None)
        settle_at = utc_now() + timedelta(seconds=100)
        factory.operation(session, link, status="unknown", finished_at=None, settle_at=settle_at)
    text = admin.get(f"/t/{company.slug}/orders/{link.id}").text
    assert "It is not known whether the last write took effect" in text
    assert re.search(r"\(<span data-until=[^>]+>in 1 min \d+ s</span>\)", text)


def test_a_late_look_is_admitted(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company, due_at=utc_now() - timedelta(minutes=5))
    text = admin.get(f"/t/{company.slug}/orders/{link.id}").text
    assert "has not happened yet: the workers are busy or away" in text


def test_pages_refresh_without_scripts_until_the_order_is_settled(sessions, company, admin, link):
    assert 'http-equiv="refresh"' not in admin.get(f"/t/{company.slug}/orders/{link.id}").text
    with sessions.tenant(company.id) as session:
        session.get_one(Link, link.id).state = "waiting"
    assert 'http-equiv="refresh"' in admin.get(f"/t/{company.slug}/orders/{link.id}").text


def test_looking_again_marks_the_order_and_says_who_asked(sessions, company, admin, link):
    page = f"/t/{company.slug}/orders/{link.id}"
    admin.get(page)
    assert admin.post(f"{page}/look").location == page
    text = admin.get(page).text
    assert "Trellis is looking at both sides again" in text
    with sessions.tenant(company.id) as session:
        marked = session.get_one(Link, link.id)
        assert marked.due_at is not None
        assert marked.dirty_seq == 2
        last = (
            session.query(TimelineEvent).filter_by(link_id=link.id).order_by(TimelineEvent.seq.desc()).first()
        )
        assert last.actor == "Dana Reyes"


def test_the_ticket_holds_the_story_as_text(company, admin, link):
    ticket = admin.get(f"/t/{company.slug}/orders/{link.id}/ticket").text
    for words in ("4F2A-1187", "Quantity changed", str(link.id), "LeafLink: Accepted", "Flourish: Allocated"):
        assert words in ticket


def test_new_rows_are_served_to_pages_that_poll(sessions, company, admin, link):
    text = admin.get(f"/t/{company.slug}/orders/{link.id}/story?after=1").text
    assert "Quantity changed" in text
    assert "Order submitted" not in text
    assert 'hx-target="#order-verdict"' in text
    assert "csrf_token" not in text


def test_items_have_no_order_page(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        item = factory.order(session, company, kind="item")
    assert admin.get(f"/t/{company.slug}/orders/{item.id}").status_code == 404


def test_a_paused_connection_keeps_its_orders(sessions, company, admin, link):
    with sessions.tenant(company.id) as session:
        session.get_one(Connection, company.connection_id).state = "paused"
    assert listed(admin, company) == ["4F2A-1187"]
