import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask, g

from portal.access import public
from portal.config import Settings
from portal.headers import HEADERS
from tests.web import factory
from tests.web.conftest import built

ROOT = Path(__file__).parents[2]


def test_pages_carry_the_security_headers(company, admin):
    answer = admin.get(f"/t/{company.slug}/")
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert {"Cookie", "HX-Request"} <= set(answer.vary)
    assert re.fullmatch(r"[0-9a-f]{12}", answer.headers["X-Request-ID"])


def test_static_files_may_be_kept_and_the_rest_may_not(anybody):
    with anybody.get("/static/css/base.css") as answer:
        assert "no-store" not in answer.headers["Cache-Control"]
    assert anybody.get("/sign-in").headers["Cache-Control"] == "no-store"


def test_addresses_that_differ_in_ids_alone_are_those_that_flask_builds(app):
    rules = [rule for rule in app.url_map.iter_rules() if rule.arguments - {"slug"}]
    kinds = [(rule.endpoint, rule.arguments - {"slug"}) for rule in rules if "token" not in rule.arguments]
    with app.test_request_context("/t/acme/problems"):
        g.slug = "acme"
        for endpoint, names in [*kinds, ("problems.index", {"connection", "after"}), (".index", {"run"})]:
            for _ in range(2):
                ids: dict[str, Any] = {name: uuid4() for name in sorted(names)}
                assert app.url_for(endpoint, **ids) == Flask.url_for(app, endpoint, **ids)


def test_the_session_cookie_is_out_of_reach_of_scripts(sessions, anybody):
    answer = anybody.sign_in(factory.user(sessions).email)
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if "trellis_session" in value)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_the_session_cookie_is_secure_behind_https(settings: Settings):
    with built(replace(settings, public_url="https://trellis.example.com")) as app:
        assert app.config["SESSION_COOKIE_SECURE"] is True


@pytest.fixture
def broken(settings: Settings) -> Iterator[Flask]:
    @public
    def bug():
        raise RuntimeError("password=hunter2")

    with built(settings) as app:
        app.add_url_rule("/bug", "bug", bug)
        yield app


def test_a_bug_is_shown_by_its_reference_only(broken, caplog):
    answer = broken.test_client().get("/bug")
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["X-Request-ID"] in answer.text
    assert answer.headers["X-Request-ID"] in caplog.text


def test_errors_are_pages_in_words(anybody):
    missing = anybody.get("/nope")
    assert missing.status_code == 404
    assert "There is no such page" in missing.text
    assert anybody.client.post("/healthz").status_code in (400, 405)
    assert anybody.client.put("/sign-in").status_code in (400, 405)


def test_too_large_a_form_is_refused(anybody):
    anybody.get("/sign-in")
    assert anybody.post("/sign-in", {"email": "x" * 1_100_000}).status_code == 413


def test_an_error_of_a_button_goes_where_notices_are(company, viewer):
    viewer.get(f"/t/{company.slug}/")
    answer = viewer.post(f"/t/{company.slug}/problems/choose", headers={"HX-Request": "true"})
    assert answer.status_code == 403
    assert answer.headers["HX-Retarget"] == "#notices"
    assert 'id="notices"' in answer.text


@pytest.mark.parametrize("folder", ["static/vendor", "tests/browser/vendor"])
def test_vendored_files_are_the_ones_that_were_published(folder):
    listed = dict(
        reversed(line.split()) for line in (ROOT / folder / "VERSIONS.txt").read_text().splitlines()[2:]
    )
    assert listed
    for name, digest in listed.items():
        assert hashlib.sha256((ROOT / folder / name).read_bytes()).hexdigest() == digest, name
    scripts = {path.name for path in (ROOT / folder).glob("*.js")}
    assert scripts <= set(listed)
