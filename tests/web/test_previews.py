"""The page of a preview: how far it is, its rows, one tried for real, and going live with it."""

from __future__ import annotations

import csv
import io
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from portal.models import AuditEvent, Connection, Link, Preview, PreviewRow, new_id, utc_now
from portal.sync.approval import Approval, Since
from portal.sync.credentials import CannotConnect

CHANGE = [["Stock", "4", "10", "what is sellable"], ["Name", "Old", "=New", "the item's name"]]
ROWS: tuple[tuple[str, str, str, str, list[list[str]]], ...] = (
    ("item", "AB-35", "change", "Set the stock in LeafLink from 4 to 10.", CHANGE),
    ("item", "GG-1", "create", "Make the product in LeafLink: it has none with this SKU.", []),
    ("item", "OG-14", "stuck", "Two items in Flourish have the SKU OG-14.", []),
    ("item", "ZK-2", "nothing", "Both sides agree.", []),
    ("order", "n-1", "earlier", "It was placed before this connection went live.", []),
)


@pytest.fixture
def ready(sessions, company):
    """The company's connection is ready and was never live."""
    with sessions.tenant(company.id) as session:
        values = {"state": "ready", "live_since": None, "company_ref": str(company.id)}
        session.execute(update(Connection).where(Connection.id == company.connection_id).values(values))
    return company


def made(sessions, company, **changed):
    """A preview that is done, unless said otherwise."""
    usual = {
        "state": "done",
        "finished_at": utc_now(),
        "counts": {
            "kinds": {"item change": 1, "item create": 1, "item stuck": 1, "item nothing": 1,
            "order earlier": 1},
            "acts": {"set_stock": 418, "create_product": 12, "create_destination": 3},
            "calls": {"platform": 600, "flourish": 40},
            "drops": 2,
        },
    }  # fmt: skip
    with sessions.tenant(company.id) as session:
        preview = Preview(
            id=new_id(),
            tenant_id=company.id,
            connection_id=company.connection_id,
            started_by="Dana Reyes",
            **(usual | changed),
        )
        session.add(preview)
        session.flush()
        for thing, subject, kind, sentence, changes in ROWS:
            act = {"kind": "set_stock", "side": "platform", "key": f"k:{subject}", "name": "",
            "purpose": f"set the stock of {subject}"}  # fmt: skip
            session.add(
                PreviewRow(
                    tenant_id=company.id,
                    preview_id=preview.id,
                    thing=thing,
                    subject=subject,
                    label=subject,
                    words=f"{subject} flower".casefold(),
                    kind=kind,
                    code="c",
                    sentence=sentence,
                    next_step="Look there.",
                    acts=[act] if kind in ("change", "create") else [],
                    changes=changes,
                )
            )
        return preview


SETTLED = {"state": "settled", "decision_code": "agree"}


def page_of(company, more=""):
    return f"/t/{company.slug}/connections/{company.connection_id}/preview{more}"


def listed(text):
    return [subject for _, subject, *_ in ROWS if f'<span class="mono">{subject}</span>' in text]


def test_without_a_preview_the_page_says_how_to_make_one(ready, admin, viewer):
    assert "Start the preview" in admin.get(page_of(ready)).text
    text = viewer.get(page_of(ready)).text
    assert "None yet" in text
    assert "Start the preview" not in text


@pytest.mark.promise("ON-4")
def test_a_preview_tells_in_words_what_would_be_done_and_how_long_that_takes(sessions, ready, admin):
    made(sessions, ready)

    text = " ".join(admin.get(page_of(ready)).text.split())

    assert "12 products are created, the stock of 418 products is set, 3 destinations are created" in text
    assert "640 calls, about 3 minutes" in text
    assert "2 products would lose all their stock" in text
    assert "listing state of a product is never changed" in text
    assert listed(text) == ["AB-35", "GG-1", "OG-14", "ZK-2", "n-1"]
    assert "what is sellable" in text


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("kind=stuck", ["OG-14"]),
        ("thing=order", ["n-1"]),
        ("q=zk", ["ZK-2"]),
        ("q=flow", ["AB-35", "GG-1", "OG-14", "ZK-2", "n-1"]),
        ("q=low", []),
        ("kind=change&thing=order", []),
        ("kind=moon&thing=sun&after=x", ["AB-35", "GG-1", "OG-14", "ZK-2", "n-1"]),
        ("after=item.GG-1", ["OG-14", "ZK-2", "n-1"]),
        ("after=order.n-1", []),
    ],
)
def test_rows_are_found_by_result_thing_and_beginning(sessions, ready, admin, query, rows):
    made(sessions, ready)
    assert listed(admin.get(page_of(ready, f"?{query}")).text) == rows


def test_the_file_has_a_line_for_each_field_and_no_formula(sessions, ready, admin):
    made(sessions, ready)

    with closing(admin.get(page_of(ready, ".csv?kind=change"))) as answer:
        text = answer.text

    head, stock, name = csv.reader(io.StringIO(text))
    assert head[:3] == ["thing", "name", "what happens"]
    assert stock[6:9] == ["Stock", "4", "10"]
    assert name[8] == "'=New"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"state": "reading", "finished_at": None, "counts": {}}, "Both sides are being read"),
        ({"state": "orders", "finished_at": None, "counts": {}, "total": {"orders": 7}}, "of 7"),
        ({"state": "items", "finished_at": None, "counts": {}}, "4 SKUs so far, after 1 orders"),
        ({"state": "failed", "counts": {}, "error": "LeafLink refuses the key"}, "LeafLink refuses the key"),
    ],
)
def test_a_preview_that_is_not_done_says_where_it_is_and_can_not_be_approved(
    sessions, ready, admin, changed, words
):
    made(sessions, ready, **changed)

    text = " ".join(admin.get(page_of(ready)).text.split())
    assert words in text
    assert "Go live with this preview" not in text
    assert words in " ".join(admin.get(page_of(ready, "/now")).text.split())


@pytest.mark.parametrize(
    ("since", "words"),
    [("yesterday", "year, month and day"), ("2999-01-01", "has come already"), ("0000-00-00", "year, month")],
)
def test_a_day_that_is_none_is_refused_beside_the_form(sessions, ready, admin, since, words):
    answer = admin.post(page_of(ready), {"since": since})

    assert answer.status_code == 422
    assert words in answer.text
    with sessions.tenant(ready.id) as session:
        assert session.scalars(select(Preview)).all() == []


def test_a_preview_is_begun_once_and_told_in_the_audit(sessions, ready, admin):
    assert admin.post(page_of(ready), {"since": "2026-03-01"}).status_code == 303
    again = admin.post(page_of(ready))

    assert again.status_code == 422
    assert "being made already" in again.text
    with sessions.tenant(ready.id) as session:
        (preview,) = session.scalars(select(Preview)).all()
        assert preview.orders_since.isoformat() == "2026-03-01T08:00:00+00:00"
        acts = session.scalars(select(AuditEvent.action)).all()
        assert acts.count("preview.started") == 1
        assert session.get_one(Connection, ready.connection_id).catalogue_since is not None


def test_a_live_connection_has_no_first_sync_to_preview(company, admin):
    answer = admin.post(page_of(company))

    assert answer.status_code == 422
    assert "was live already" in answer.text


@pytest.mark.promise("LL-26")
@pytest.mark.parametrize(
    ("subject", "kind", "place"), [("AB-35", "item", "products"), ("n-1", "order", "orders")]
)
def test_one_row_is_tried_alone_although_nothing_is_live(sessions, ready, admin, subject, kind, place):
    preview = made(sessions, ready)
    with sessions.tenant(ready.id) as session:
        row = session.scalars(
            select(PreviewRow).where(PreviewRow.preview_id == preview.id, PreviewRow.subject == subject)
        ).one()

    answer = admin.post(page_of(ready, "/try"), {"row": str(row.id)})

    assert answer.status_code == 303
    with sessions.tenant(ready.id) as session:
        link = session.scalars(select(Link).where(Link.foreign_id == subject)).one()
        assert link.kind == kind
        assert answer.headers["Location"].endswith(f"/{place}/{link.id}")
        assert link.alone
        assert link.is_tried
        assert session.get_one(Connection, ready.connection_id).state == "ready"


def test_what_is_no_row_of_the_preview_is_not_tried(sessions, ready, admin):
    assert admin.post(page_of(ready, "/try"), {"row": str(new_id())}).status_code == 404
    made(sessions, ready)
    assert admin.post(page_of(ready, "/try"), {"row": str(new_id())}).status_code == 404
    assert admin.post(page_of(ready, "/try"), {"row": "x"}).status_code == 404


def test_a_viewer_neither_tries_nor_goes_live(sessions, ready, viewer):
    made(sessions, ready)
    text = viewer.get(page_of(ready)).text
    assert "Sync this one" not in text
    assert "Go live" not in text
    assert viewer.post(page_of(ready, "/live")).status_code == 403


@pytest.fixture
def approvals(monkeypatch):
    """What the comparison with the preview finds, without a platform to ask."""
    found = {"since": Since()}

    def approved(_desk, _tenant_id, preview_id, *, despite):
        return Approval(preview_id, utc_now(), found["since"])

    monkeypatch.setattr("portal.blueprints.previews.approved", approved)
    monkeypatch.setattr("portal.sync.readiness.gate.refuse_unready", lambda *_, **__: {})
    return found


@pytest.mark.promise("ON-4")
def test_going_live_names_the_preview_and_lets_its_drops_through(sessions, ready, admin, approvals):
    preview = made(sessions, ready)

    answer = admin.post(page_of(ready, "/live"), {"preview": str(preview.id)})

    assert answer.headers["Location"].endswith("/first-sync")
    with sessions.tenant(ready.id) as session:
        connection = session.get_one(Connection, ready.connection_id)
        assert connection.state == "live"
        assert connection.drops_approved_until > utc_now() + timedelta(minutes=50)
        assert session.get_one(Preview, preview.id).approved_by == "Dana Reyes"
        (act,) = session.scalars(select(AuditEvent).where(AuditEvent.action == "connection.went_live"))
        assert act.detail["preview"] == str(preview.id)


@pytest.mark.promise("ON-4")
def test_what_changed_since_is_said_and_going_anyway_is_explicit_and_told(sessions, ready, admin, approvals):
    preview = made(sessions, ready)
    approvals["since"] = Since(items=3, examples=("AB-35",))

    refused = admin.post(page_of(ready, "/live"), {"preview": str(preview.id)})

    assert refused.status_code == 409
    assert "3 products changed since (AB-35, …)." in refused.text
    with sessions.tenant(ready.id) as session:
        assert session.get_one(Connection, ready.connection_id).state == "ready"
    assert (
        admin.post(page_of(ready, "/live"), {"preview": str(preview.id), "anyway": "yes"}).status_code == 303
    )
    with sessions.tenant(ready.id) as session:
        (act,) = session.scalars(select(AuditEvent).where(AuditEvent.action == "connection.went_live"))
        assert "3 products changed since" in act.detail["changed_since"]
        assert session.get_one(Connection, ready.connection_id).drops_approved_until is None


def test_a_preview_that_was_replaced_is_not_approved(sessions, ready, admin, approvals):
    made(sessions, ready)
    answer = admin.post(page_of(ready, "/live"), {"preview": str(new_id())})
    assert answer.status_code == 422
    assert "newer preview" in answer.text


def test_why_nobody_may_go_live_stands_on_the_page(sessions, ready, admin, monkeypatch):
    preview = made(sessions, ready)

    def refuse(*_args, **_more):
        raise CannotConnect("LeafLink could not be asked.")

    monkeypatch.setattr("portal.blueprints.previews.approved", refuse)
    answer = admin.post(page_of(ready, "/live"), {"preview": str(preview.id)})
    assert answer.status_code == 422
    assert "LeafLink could not be asked." in answer.text


def test_a_page_that_waits_for_a_preview_is_loaded_anew_once_that_is_over(sessions, ready, admin):
    preview = made(sessions, ready, state="items", finished_at=None)
    assert "HX-Refresh" not in admin.get(page_of(ready, "/now")).headers
    with sessions.tenant(ready.id) as session:
        row = session.get_one(Preview, preview.id)
        row.state, row.finished_at = "done", utc_now()
    assert admin.get(page_of(ready, "/now")).headers["HX-Refresh"] == "true"
