"""What every answer tells browsers, whatever it is an answer to."""

import http.client
from dataclasses import replace

import pytest

from portal import access
from portal.config import Settings
from portal.headers import HEADERS, REPORTS
from portal.sync import connecting
from tests.web import crawl, factory
from tests.web.conftest import Visitor, built
from tests.web.crawl import token_of
from tests.web.serving import served


def incomplete(answer, *, kept=False):
    """What an answer lacks."""
    found = [
        name for name, value in HEADERS.items() if answer.headers.get(name) not in (value, "no-referrer")
    ]
    found += [name for name in ("Server", "X-Powered-By") if answer.headers.get(name)]
    if not kept and answer.headers.get("Cache-Control") != "no-store":
        found.append("Cache-Control")
    if not kept and not {"cookie", "hx-request"} <= {name.strip().lower() for name in vary(answer)}:
        found.append("Vary")
    return found


def vary(answer):
    return answer.headers.get("Vary", "").split(",")


@pytest.fixture
def things(sessions, company):
    return crawl.things(sessions, company)


def test_the_policy_allows_our_own_files_and_no_code_in_pages():
    policy = dict(part.partition(" ")[::2] for part in HEADERS["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["report-uri"] == REPORTS
    assert "unsafe" not in str(policy)
    assert "*" not in str(policy)


@pytest.mark.parametrize("who", ["owner", "viewer", "operator", "nobody"])
def test_every_answer_of_every_route_is_complete(
    app, sessions, company, things, as_user, anybody, monkeypatch, who
):
    """Pages, fragments, downloads, redirects, and refusals: 200, 302, 303, 400, 401, 403, 404, 405, 422."""
    if who == "operator":
        visitor = as_user(factory.user(sessions, staff_role="operator"))
    else:
        visitor = anybody if who == "nobody" else as_user(factory.member(sessions, company, who))
    token = token_of(visitor)
    # Every button is pressed here: the one that calls LeafLink and Flourish calls nobody.
    monkeypatch.setattr(connecting, "test", lambda *_, **__: ())
    codes = set()
    for rule in app.url_map.iter_rules():
        address = crawl.build(app, rule, company.slug, things)
        kept = rule.endpoint == "static"
        machine = rule.endpoint.partition(".")[0] in crawl.MACHINES
        for method in {"GET", "PUT", *crawl.methods(rule)} - (
            {"POST"} if "sign_out" in rule.endpoint else set()
        ):
            for headers in ({}, {"HX-Request": "true"}):
                data = {"csrf_token": token} if method != "GET" else None
                with visitor.client.open(address, method=method, data=data, headers=headers) as answer:
                    codes.add(answer.status_code)
                    assert machine or not incomplete(answer, kept=kept), (method, address)
                    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    expected = {"owner": {200, 303, 404, 405}, "viewer": {200, 403}, "operator": {404}, "nobody": {302, 401}}
    assert expected[who] <= codes


def test_answers_to_what_is_too_much_too_often_and_broken_are_complete(app, company, admin, monkeypatch):
    address = f"/t/{company.slug}/connections/{company.connection_id}"
    admin.get(address)
    assert not incomplete(answer := admin.post("/theme", {"theme": "x" * 1_100_000})), answer.status_code
    assert answer.status_code == 413
    assert not incomplete(answer := admin.post("/theme", {"csrf_token": "x"}))
    assert answer.status_code == 400
    with monkeypatch.context() as busy:
        busy.setattr(app.extensions["trellis"].throttle.__class__, "allow", lambda *_, **__: False)
        assert not incomplete(answer := admin.post(f"{address}/test"))
        assert answer.status_code == 429
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr(access, "resolve", lambda *_: 1 / 0)
    assert not incomplete(answer := admin.get(address))
    assert answer.status_code == 500


def test_a_download_is_a_download(app, company, things, admin):
    """Whatever says that it is one: named, not guessed at, and kept by nobody."""
    for asked in crawl.addresses(app, company.slug, things, of_tenants=True):
        if asked.method == "GET":
            answer = admin.get(asked.address)
            if "Content-Disposition" in answer.headers:
                assert answer.headers["Content-Disposition"].startswith("attachment; filename="), str(asked)
                assert not incomplete(answer)


def test_static_files_may_be_kept_and_are_what_they_say(app, anybody):
    for name, kind in {
        "js/copy.js": "javascript",
        "css/base.css": "text/css",
        "icon.svg": "image/svg",
    }.items():
        with anybody.get(f"/static/{name}") as answer:
            assert answer.status_code == 200
            assert kind in answer.headers["Content-Type"]
            assert "max-age=" in answer.headers["Cache-Control"]
            assert not incomplete(answer, kept=True)


def test_https_is_for_good_and_http_says_nothing_of_it(settings: Settings, anybody):
    name = "Strict-Transport-Security"
    assert name not in anybody.get("/sign-in").headers
    with built(replace(settings, public_url="https://trellis.example.com")) as app:
        for address in ("/sign-in", "/nope", "/static/icon.svg"):
            with Visitor(app).get(address) as answer:
                assert answer.headers[name] == "max-age=31536000; includeSubDomains"


def test_streams_and_refusals_of_the_server_itself_are_complete(
    settings: Settings, sessions, company, things, as_user
):
    cookie = as_user(factory.member(sessions, company, "viewer")).client.get_cookie("trellis_session")
    order = f"/events/t/{company.slug}/orders/{things.link_id}"
    asked = ((order, cookie, 200), (order, None, 401), ("/events/x", None, 404), ("/nope", None, 404))
    with served(settings) as (_, port):
        for address, held, status in asked:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request(
                "GET", address, headers={"Cookie": f"trellis_session={held.value}"} if held else {}
            )
            answer = connection.getresponse()
            assert answer.status == status
            assert not incomplete(answer), (address, incomplete(answer))
            connection.close()
