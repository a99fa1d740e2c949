import json
import logging

import pytest

from portal.blueprints import reports

REPORT = {
    "csp-report": {
        "document-uri": "http://localhost/t/greenleaf/orders/0197c1d0-0000-7000-8000-000000000001?q=secret-word",
        "effective-directive": "script-src-elem",
        "blocked-uri": "https://evil.example/x.js?token=secret-word",
        "script-sample": "alert('secret-word')",
    }
}
TYPE = {"Content-Type": "application/csp-report"}


def send(visitor, report, **headers):
    data = report if isinstance(report, bytes) else json.dumps(report).encode()
    return visitor.client.post("/csp-report", data=data, headers={**TYPE, **headers})


@pytest.fixture
def told(caplog):
    caplog.set_level(logging.WARNING, logger="portal.reports")
    return lambda: [record.getMessage() for record in caplog.records if record.name == "portal.reports"]


def test_a_report_is_one_line_that_names_rule_and_route_and_no_address(anybody, told):
    answer = send(anybody, REPORT)
    assert (answer.status_code, answer.data) == (204, b"")
    assert told() == [
        "a page broke the content security policy: script-src-elem, by evil.example, on orders.show"
    ]


@pytest.mark.parametrize("field", ["document-uri", "effective-directive", "blocked-uri"])
@pytest.mark.parametrize(
    "value",
    ["\r\nERROR admin signed in", "\u2028x", "http://[", "/\x00", None, 7, ["a"], {"b": 1}, "x" * 3000],
)
def test_what_a_report_says_cannot_forge_a_line(anybody, told, field, value):
    assert send(anybody, {"csp-report": REPORT["csp-report"] | {field: value}}).status_code == 204
    assert len(told()) == 1
    assert told()[0].isascii()
    assert told()[0].isprintable()
    assert "signed in" not in told()[0]
    assert len(told()[0]) < 200


@pytest.mark.parametrize(
    "report", [b"", b"\xff", b"{", b"[]", b"{}", b'{"csp-report": 1}', b"[" * 8000, b"9" * 5000]
)
def test_what_is_no_report_is_refused(anybody, told, report):
    assert send(anybody, report).status_code == 400
    assert told() == []


def test_a_large_report_is_refused(anybody, told):
    assert send(anybody, b" " * (reports.LARGEST + 1)).status_code == 413
    assert told() == []


def test_reports_are_counted_and_no_more_than_some_are_taken(anybody, told):
    codes = [send(anybody, REPORT).status_code for _ in range(reports.TIMES + 2)]
    assert codes == [204] * reports.TIMES + [429] * 2
    assert len(told()) == reports.TIMES


def test_another_sites_page_reports_nothing(anybody, told):
    assert send(anybody, REPORT, Origin="https://evil.example").status_code == 400
    assert send(anybody, REPORT, **{"Sec-Fetch-Site": "cross-site"}).status_code == 400
    assert told() == []
