"""Whatever LeafLink, Flourish or a person's name holds, a page shows it as text."""

from urllib.parse import quote

import pytest

from portal.models import Connection
from tests.web import factory

CORPUS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "{{ 7*7 }}${7*7}<%= 7*7 %>",
    '<hx-partial hx-target="body">x</hx-partial>',
    '<a hx-get="/sign-out" hx-trigger="load">x</a>',
    "<!--<script>--!>",
    "\u202egnp.exe\u2028\u0007",
)


@pytest.mark.fault(64)
@pytest.mark.parametrize("text", CORPUS)
def test_foreign_text_stays_text(sessions, company, as_user, text):
    visitor = as_user(factory.member(sessions, company, "admin", name=text))
    with sessions.tenant(company.id) as session:
        evil = {"a": text, text: [text]}
        owner = session.get_one(Connection, company.connection_id)
        owner.name = owner.company_name = text
        link = factory.order(
            session,
            company,
            label=text,
            state="stuck",
            flourish_status=text,
            foreign_status=text,
            decision_text=text,
            next_step=text,
            snapshot={
                "customer": {"name": text, "license": text},
                "rep": text,
                "facility": text,
                "total": text,
                "lines": [dict.fromkeys(("sku", "name", "eaches", "unit_price", "line_total", "note"), text)],
                "money": {"lines": text, "total": text},
                "platform": {"id": text, "status": text},
                "flourish": {"id": text, "status": text, "facility": text},
            },
        )
        detail = {"changes": [[text, text, text]], "request": evil, "answer": evil}
        factory.event(session, link, text, actor=text, how=text, text=text, detail=detail)
        problem = {"code": text, "cause": text, "title": text, "text": text, "next_step": text, "who": text}
        factory.problem(session, link, **problem)
        factory.delivery(session, link, topic=text, outcome_text=text)
        written = {"changes": [[text, text, text]], "request": evil, "response_ref": text}
        factory.operation(session, link, why=text, prompted_by=text, status="refused", error=text, **written)
        run = factory.run(session, company, worker=text, counts={text: 1})
        factory.line(session, company, text, entity=text, link_id=link.id, run_id=run.id, raw=evil)
    for address in (
        "",
        "orders",
        f"orders/{link.id}",
        f"orders/{link.id}/story?after=0",
        "problems",
        "runs",
        "writes",
        f"writes?thing={quote(text)}",
        f"runs/{run.id}",
        "connections",
        f"connections/{company.connection_id}",
        f"connections/{company.connection_id}/log",
        f"connections/{company.connection_id}/log/lines?after=0",
    ):
        answer = visitor.get(f"/t/{company.slug}/{address}")
        assert answer.status_code == 200
        for planted in (
            "<script>alert",
            "<img src=x",
            "<svg/onload",
            '<hx-partial hx-target="body"',
            '<a hx-get="/sign-out"',
        ):
            assert planted not in answer.text, address
        assert 'href="javascript:' not in answer.text


def test_what_is_searched_for_is_shown_as_text(company, admin):
    answer = admin.get(f"/t/{company.slug}/orders", query_string={"q": '"><script>alert(1)</script>'})
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
