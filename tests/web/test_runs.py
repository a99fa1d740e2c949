"""Runs and logs: what each did, its lines page by page and by filters, from error to error, and as a file."""

import http.client
import json
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.access import Here
from portal.blueprints.downloads import _Flow
from portal.live import log_file
from portal.models import Grant
from portal.queries import logs
from tests.web import admission, factory, shelves
from tests.web.conftest import first
from tests.web.serving import served


@pytest.fixture
def page(company):
    return f"/t/{company.slug}/connections/{company.connection_id}/log"


@pytest.fixture
def write(sessions, company):
    """Write lines: of a text each, or as many as a number says."""

    def lines(*texts, **more):
        with sessions.tenant(company.id) as session:
            return [factory.line(session, company, text, **more).number for text in texts]

    return lines


def shown(answer):
    """The numbers of the lines that a page shows."""
    return [int(number) for number in re.findall(r'data-cursor="(\d+)"', answer.text)]


@pytest.mark.promise("MO-1")
def test_the_log_is_filtered_by_level_entity_and_words(sessions, company, admin, page):
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company, label="4F2A-1187")
        factory.line(session, company, "Both sides read", entity="order 4F2A-1187", link_id=link.id)
        factory.line(session, company, "LeafLink asked to wait", level="wait")
        factory.line(session, company, "Something 100% broke", level="bug")
    everything = admin.get(page).text
    assert everything.index("Both sides read") < everything.index("asked to wait") < everything.index("broke")
    assert f'href="/t/{company.slug}/orders/{link.id}"' in everything
    waits = admin.get(f"{page}?level=wait&level=bug").text
    assert "Both sides read" not in waits
    assert "asked to wait" in waits
    assert "Both sides read" in admin.get(f"{page}?entity=1187").text
    assert "asked to wait" not in admin.get(f"{page}?entity=1187").text
    assert "100% broke" in admin.get(f"{page}?text=100%25").text
    assert "broke" not in admin.get(f"{page}?text=_00%25").text.partition('role="log"')[2]


@pytest.mark.promise("MO-1")
def test_a_long_log_is_read_backwards_without_a_gap(sessions, company, admin, page):
    with sessions.tenant(company.id) as session:
        for number in range(150):
            factory.line(session, company, f"line [{number:03}]")
    newest, older = admin.get(page).text, admin.get(f"{page}?before=51").text
    assert "before=51" in newest
    assert [f"[{number:03}]" in newest for number in (49, 50, 149)] == [False, True, True]
    assert [f"[{number:03}]" in older for number in (0, 49, 50)] == [True, True, False]
    assert "hx-sse:connect" not in older


def test_a_long_log_is_read_forwards_without_a_gap_to_where_it_goes_on(admin, page, write):
    write(*(f"line {number}" for number in range(250)))
    begin = admin.get(f"{page}?after=0")
    assert shown(begin) == list(range(1, 101))
    assert f'href="{page}?after=100"' in begin.text
    assert "hx-sse:connect" not in begin.text
    assert "Older lines</a>" in begin.text
    last = admin.get(f"{page}?after=200")
    assert shown(last) == list(range(201, 251))
    assert f'hx-sse:connect="/events{page}?after=250"' in last.text


def test_a_page_goes_on_behind_lines_that_its_filters_hold_back(admin, page, write):
    write("stuck here", level="stuck")
    write(*["routine"] * 5)
    answer = admin.get(f"{page}?level=stuck")
    assert shown(answer) == [1]
    assert "after=6" in answer.text


def test_a_number_finds_every_line_of_its_order_however_old(
    sessions, company, admin, page, write, monkeypatch
):
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company, label="4F2A-1187")
    write("arrived", entity="order 4F2A-1187", link_id=link.id)
    write("other", "other", entity="order 4F2A-11873")
    monkeypatch.setattr(logs, "TEXT_REACH", 1)
    for number in ("4F2A-1187", "order 4f2a-1187", str(link.id)):
        assert shown(admin.get(f"{page}?entity={number}")) == [1], number
    # What is no number of anything is a word, and looked for in the newest lines.
    answer = admin.get(f"{page}?entity=1187")
    assert shown(answer) == [3]
    assert "Words are looked for in the newest 1 lines" in answer.text


def test_a_sku_finds_the_lines_of_its_item_and_leads_to_the_product(
    sessions, company, admin, page, write, monkeypatch
):
    monkeypatch.setattr(logs, "TEXT_REACH", 0)
    with sessions.tenant(company.id) as session:
        item = shelves.product(session, company, "BD-35-LMN")
        factory.order(session, company, label="not-it", terms=("BD-35-LMN",))
    write("sellable 140", entity="item BD-35-LMN", link_id=item.id)
    answer = admin.get(f"{page}?entity=BD-35-LMN")
    assert shown(answer) == [1]
    assert f'href="/t/{company.slug}/products/{item.id}"' in answer.text


def test_levels_are_found_in_the_order_in_which_they_happened(admin, page, write):
    for level in ("stuck", "wait", "info", "bug", "wait"):
        write("x", level=level)
    assert shown(admin.get(f"{page}?level=wait&level=bug&level=stuck")) == [1, 2, 4, 5]


@pytest.mark.promise("MO-1")
def test_errors_are_gone_through_from_one_to_the_next(sessions, company, admin, page):
    errors = {20: "stuck", 180: "stuck", 190: "bug"}
    with sessions.tenant(company.id) as session:
        for number in range(1, 200):
            factory.line(session, company, "x", level=errors.get(number, "info"))
    found = []
    address = f"{page}/error"
    for _ in range(3):
        answer = admin.get(address)
        found.append(int(answer.location.partition("#line-")[2]))
        there = admin.get(answer.location)
        assert found[-1] in shown(there)
        address = first(rf'href="({page}/error\?before=\d+)"', there.text)
    assert found == [190, 180, 20]
    none = admin.get(address, follow_redirects=True)
    assert "There is no earlier error in this log." in none.text
    assert 20 in shown(none)
    assert admin.get(f"{page}/error?after=20").location.endswith("at=180#line-180")
    assert admin.get(f"{page}/error?after=20&level=bug").location.endswith("level=bug&at=190#line-190")
    assert "/log/error" not in admin.get(f"{page}?level=info").text


@pytest.mark.promise("MO-1")
def test_a_run_has_the_filters_of_a_log(sessions, company, admin, write):
    with sessions.tenant(company.id) as session:
        run = factory.run(session, company)
    write("of the run", "broke", level="bug", run_id=run.id)
    write("not of it", level="bug")
    page = f"/t/{company.slug}/runs/{run.id}"
    assert shown(admin.get(f"{page}?level=bug&text=broke")) == [2]
    assert shown(admin.get(page)) == [1, 2]
    assert f'hx-sse:connect="/events{page}?after=3"' in admin.get(page).text
    assert admin.get(f"{page}/log/file").text.count("\n") == 2
    assert admin.get(f"{page}/log/error").location == f"{page}?at=2#line-2"


def test_the_runs_of_one_connection_are_listed(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        factory.run(session, company, counts={"looked": 417})
        other = factory.connection(session, company.id, company.hub_id, name="Second", state="live")
    assert "417" in admin.get(f"/t/{company.slug}/runs?connection={company.connection_id}").text
    assert "417" not in admin.get(f"/t/{company.slug}/runs?connection={other}").text
    assert admin.get(f"/t/{company.slug}/runs?connection={company.id}").status_code == 404


@pytest.mark.promise("MO-1")
def test_a_log_is_downloaded_by_the_same_filters(sessions, company, admin, page, write):
    at = datetime(2026, 3, 1, 20, 0, 0, 123000, tzinfo=UTC)
    write("went\nwell", at=at, raw={"status": 200})
    write("went wrong", at=at, level="stuck", entity="order 1")
    text = admin.get(f"{page}/file")
    assert text.text == (
        "2026-03-01 12:00:00.123-08:00  info   connection  went well\n"
        "2026-03-01 12:00:00.123-08:00  stuck  order 1  went wrong\n"
    )
    assert ".txt" in text.headers["Content-Disposition"]
    only = admin.get(f"{page}/file?form=json&level=info")
    assert [json.loads(line) for line in only.text.splitlines()] == [
        {
            "number": 1,
            "at": "2026-03-01T20:00:00.123+00:00",
            "level": "info",
            "run": None,
            "link": None,
            "about": "connection",
            "text": "went\nwell",
            "raw": {"status": 200},
        }
    ]
    assert admin.get(f"{page}/file?form=exe").status_code == 404


def test_a_download_reads_a_few_lines_at_a_time(sessions, company, write, monkeypatch):
    monkeypatch.setattr(log_file, "_BATCH", 3)
    write(*"abcdefg")
    read = []
    really = logs.lines

    def counted(*args, **more):
        read.append(more["size"])
        return really(*args, **more)

    monkeypatch.setattr(logs, "lines", counted)
    log = logs.Log(company.id, company.connection_id, logs.LogFilters())
    reader = Here(company.id, company.slug, "Greenleaf", "viewer", ZoneInfo("UTC"), stopped=False)
    pieces = log_file.pieces(sessions, reader, log, log_file.FORMS["text"])
    assert _Flow(pieces).read(10)
    assert read == [3]
    assert [len(piece.splitlines()) for piece in pieces] == [3, 1]
    assert read == [3, 3, 3]


@pytest.mark.promise("MO-1")
def test_the_real_server_sends_a_log_while_it_is_written(
    settings, sessions, company, as_user, page, write, monkeypatch
):
    monkeypatch.setattr(log_file, "_BATCH", 40)
    write(*(f"line {number}" for number in range(100)))
    cookie = as_user(factory.member(sessions, company, "viewer")).client.get_cookie("trellis_session").value
    with served(settings) as (_, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", f"{page}/file?form=json", headers={"Cookie": f"trellis_session={cookie}"})
        answer = connection.getresponse()
        lines = [json.loads(line)["number"] for line in answer.read().splitlines()]
        connection.close()
    assert answer.getheader("Content-Length") is None
    assert lines == list(range(1, 101))


def test_a_support_agent_downloads_no_personal_data_and_nothing_once_the_grant_is_over(
    sessions, company, as_user, page, write, monkeypatch
):
    monkeypatch.setattr(log_file, "_BATCH", 1)
    write("call (415) 555-0199", "second", raw={"phone": "415-555-0199", "count": 4155550199, "list": [3]})
    agent = factory.user(sessions, staff_role="support")
    with sessions.tenant(company.id) as session:
        grant_id = admission.grant(session, company, agent, given=True).id
    support = as_user(agent)
    rows = [json.loads(line) for line in support.get(f"{page}/file?form=json").text.splitlines()]
    assert [row["number"] for row in rows] == [1, 2]
    assert "555" not in json.dumps([row["text"] for row in rows] + [row["raw"] for row in rows])
    assert rows[0]["raw"]["list"] == [3]
    assert "555" not in support.get(f"{page}/file").text

    pieces = support.get(f"{page}/file", buffered=False).iter_encoded()
    assert next(pieces)
    with sessions.tenant(company.id) as session:
        session.get_one(Grant, grant_id).ends_at = datetime.now(UTC) - timedelta(seconds=1)
    assert list(pieces) == []
