"""What programs read: as pages show it, page by page, and without anybody's personal data."""

from datetime import timedelta

import pytest

from portal.models import Link, utc_now
from tests.web import factory
from tests.web.test_masking import FIELDS, NOTE, PLANTED, PLANTED_FIELDS


def test_an_order_is_read_by_its_id_and_by_its_number(program, things, company, sessions):
    by_id = program.read(f"/orders/{things.link_id}")

    assert (by_id["id"], by_id["number"], by_id["state"]) == (things.link_id, "Quagga", "stuck")
    assert by_id["place"] == "stuck"
    assert by_id["customer"] == {"name": "Harbor Wellness", "license": "C11-0000214-LIC"}
    assert [line["sku"] for line in by_id["lines"]] == ["BD-35-LMN", "GG-1G-PR"]
    assert by_id["money"]["total"] == by_id["total"] == "1842.00"
    assert [problem["code"] for problem in by_id["problems"]] == ["sku_unknown"]
    assert program.read("/orders/by-number/quagga") == by_id
    assert program.get("/orders/by-number/BD-35-LMN").status_code == 404
    assert program.get("/orders/by-number/%00").status_code == 404


def test_a_number_that_several_orders_have_is_not_guessed(program, company, sessions):
    with sessions.tenant(company.id) as opened:
        for _ in range(2):
            factory.order(opened, company, label="TWICE-1")
    assert program.get("/orders/by-number/TWICE-1").status_code == 404
    assert len(program.read("/orders", q="TWICE-1")["items"]) == 2


@pytest.mark.parametrize(
    ("state", "flourish_id"),
    [
        ("settled", None),
        ("settled", ""),
        ("waiting", None),
        ("waiting", ""),
        ("skipped", None),
        ("stuck", ""),
    ],
)
def test_an_order_is_told_to_be_where_the_list_finds_it(program, company, sessions, state, flourish_id):
    with sessions.tenant(company.id) as opened:
        order = factory.order(opened, company, state=state, flourish_id=flourish_id)
    place = program.read(f"/orders/{order.id}")["place"]
    found = program.read("/orders", place=place)["items"]
    assert [(one["id"], one["place"]) for one in found] == [(str(order.id), place)]


def test_lists_are_read_whole_page_by_page_while_rows_come_in(program, company, sessions):
    now = utc_now()
    with sessions.tenant(company.id) as opened:
        for number in range(25):
            factory.order(
                opened, company, label=f"P-{number:02}", placed_at=now - timedelta(minutes=number // 3)
            )
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = program.read("/orders", limit=4, after=after)
        seen += [one["number"] for one in page["items"]]
        after = page["next"]
        with sessions.tenant(company.id) as opened:
            factory.order(opened, company, label="NEW", placed_at=utc_now())
    assert sorted(seen) == [f"P-{number:02}" for number in range(25)]


def test_orders_are_found_by_the_filters_of_their_page(program, company, sessions):
    with sessions.tenant(company.id) as opened:
        factory.order(opened, company, label="OLD", created_at=utc_now() - timedelta(days=3))
        factory.order(opened, company, label="NEW", flourish_status="Shipped")
    since = (utc_now() - timedelta(days=1)).isoformat()

    def numbers(**query):
        return {one["number"] for one in program.read("/orders", **query)["items"]}

    assert numbers() == {"OLD", "NEW"}
    assert numbers(flourish="Shipped") == numbers(q="new") == {"NEW"}
    assert numbers(connection=company.connection_id, platform="leaflink") == {"OLD", "NEW"}
    assert numbers(seen_since=since) <= {"NEW", "OLD"}
    assert numbers(platform="ordo") == numbers(place="stuck") == set()


def test_a_timeline_is_read_from_where_it_was_left(program, company, sessions):
    with sessions.tenant(company.id) as opened:
        order = factory.order(opened, company)
        for number in range(5):
            factory.event(
                opened,
                order,
                f"Step {number}",
                detail={"changes": [["Total", "1.00", "2.00"]], "request": {"a": 1}},
            )
    first = program.read(f"/orders/{order.id}/timeline", limit=3)
    rest = program.read(f"/orders/{order.id}/timeline", after=first["next"])

    assert [one["title"] for one in first["items"] + rest["items"]] == [
        f"Step {number}" for number in range(5)
    ]
    assert rest["next"] is None
    assert first["items"][0]["changes"] == [{"what": "Total", "before": "1.00", "after": "2.00"}]
    assert "request" not in first["items"][0]


def test_problems_are_read_open_or_closed_and_by_cause(program, company, sessions):
    with sessions.tenant(company.id) as opened:
        order = factory.order(opened, company)
        factory.problem(opened, order, cause="A")
        factory.problem(opened, order, cause="B")
        factory.problem(opened, order, cause="C", closed_at=utc_now(), closed_because="Its cause is gone.")

    def causes(**query):
        return sorted(one["cause"] for one in program.read("/problems", **query)["items"])

    assert causes() == ["A", "B"]
    assert causes(state="closed") == ["C"]
    assert causes(code="sku_unknown", cause="A") == ["A"]
    page = program.read("/problems", limit=1)
    assert {
        page["items"][0]["cause"],
        program.read("/problems", after=page["next"])["items"][0]["cause"],
    } == {"A", "B"}


def test_a_run_is_read_with_its_lines(program, company, sessions):
    with sessions.tenant(company.id) as opened:
        run = factory.run(opened, company)
        for level in ("info", "stuck", "done"):
            factory.line(opened, company, f"A {level} line", run_id=run.id, level=level)
        factory.line(opened, company, "of no run")
    lines = program.read(f"/runs/{run.id}/lines", limit=2)
    rest = program.read(f"/runs/{run.id}/lines", after=lines["next"])

    assert [one["level"] for one in lines["items"] + rest["items"]] == ["info", "stuck", "done"]
    assert [one["text"] for one in program.read(f"/runs/{run.id}/lines", level="stuck")["items"]] == [
        "A stuck line"
    ]
    assert program.read("/runs")["items"][0]["id"] == str(run.id)
    assert program.read(f"/runs/{run.id}")["counts"]["looked"] == 3


def test_a_connection_is_read_without_what_opens_it(program, company):
    (one,) = program.read("/connections")["items"]
    assert (one["id"], one["state"], one["company"]) == (
        str(company.connection_id),
        "live",
        "Greenleaf Farms",
    )
    assert program.read(f"/connections/{company.connection_id}") == one
    assert "9f2c" not in program.get("/connections").text


def test_what_did_not_change_is_not_sent_again(program, things, company, sessions):
    address = f"/orders/{things.link_id}"
    tag = program.get(address).headers["ETag"]
    again = program.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")

    with sessions.tenant(company.id) as opened:
        opened.get_one(Link, things.link_id).foreign_status = "Shipped"
    assert program.get(address, headers={"If-None-Match": tag}).json["platform_status"] == "Shipped"


def test_no_personal_data_is_told(program, company, sessions):
    with sessions.tenant(company.id) as opened:
        order = factory.order(
            opened,
            company,
            state="stuck",
            decision_text=NOTE,
            next_step=NOTE,
            snapshot=factory.snapshot(
                customer={"name": NOTE, "license": NOTE, **FIELDS},
                lines=[{"sku": "A", "name": NOTE, **FIELDS}],
            ),
        )
        changes = [["Phone", "5105550199", NOTE], ["Note", NOTE, NOTE], ["Birth date", "1991-04-05", ""]]
        detail = {"changes": changes, "request": {"customer": FIELDS}, "answer": FIELDS}
        factory.event(opened, order, NOTE, actor=NOTE, how=NOTE, text=NOTE, detail=detail)
        factory.problem(opened, order, title=NOTE, text=NOTE, next_step=NOTE, cause=NOTE)
        run = factory.run(opened, company)
        factory.line(
            opened, company, NOTE, entity=NOTE, raw={"person": FIELDS}, link_id=order.id, run_id=run.id
        )
    for address in (
        "/orders",
        f"/orders/{order.id}",
        f"/orders/{order.id}/timeline",
        "/problems",
        f"/runs/{run.id}/lines",
    ):
        text = program.get(address).text
        assert "***" in text, address
        for planted in (*PLANTED, *PLANTED_FIELDS):
            assert planted not in text, (address, planted)
