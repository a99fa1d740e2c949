"""Every route, tried by those who have no business there, with ids that are not theirs or no ids at all."""

from dataclasses import replace

import pytest
from sqlalchemy import update
from werkzeug.routing import Map, Rule

from portal.models import User, utc_now
from tests.web import crawl, factory
from tests.web.conftest import Visitor
from tests.web.crawl import Things, token_of

# In everything of the other company that a page could show, and in nothing else.
MARK = "Quagga"
NIL = "00000000-0000-0000-0000-000000000000"
NONSENSE = (
    NIL,
    "not-an-id",
    "%00",
    "..",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%ff%fe",
    "'%20OR%201=1--",
    "7" * 30,
    "x" * 3000,
)
HOSTILE = (
    "a%00",
    "%27%20OR%201=1--",
    "-1",
    "7" * 400,
    "NaN",
    "%3Cscript%3E%25",
    "%ff%fe%ed%a0%80",
    "1.not-an-id",
    f"{'9' * 19}.{NIL}",
    "%0d%0aSet-Cookie:a=b%E2%80%AE",
)
# What htmx says of a request, or what somebody says who would like to be htmx.
OF_HTMX = {
    "HX-Request": "true",
    "HX-Boosted": "true",
    "HX-Target": "main",
    "HX-Trigger": "story",
    "HX-Current-URL": "http://localhost/t/own/",
    "HX-History-Restore-Request": "true",
}


@pytest.fixture
def foreign(sessions):
    """A company that is none of the visitors' business, and one of everything in it."""
    company = factory.company(sessions, name=f"{MARK} Farms")
    return company, crawl.things(sessions, company, mark=MARK)


@pytest.fixture
def own(sessions):
    company = factory.company(sessions, name="Own Farms")
    return company, crawl.things(sessions, company)


def open_session(app, sessions, user, end=None):
    """Somebody who was signed in; `end` may then end it behind their back."""
    visitor = Visitor(app)
    assert visitor.sign_in(user.email).status_code == 303
    visitor.get("/sign-in")
    visitor.get("/nope")
    if end == "disabled":
        with sessions.identity() as opened:
            opened.execute(update(User).where(User.id == user.id).values(disabled_at=utc_now()))
    elif end == "signed out":
        cookie = visitor.client.get_cookie("trellis_session")
        visitor.get("/account")
        visitor.post("/sign-out", {"csrf_token": token_of(visitor)})
        assert cookie is not None
        visitor.client.set_cookie("trellis_session", cookie.value)
    return visitor


@pytest.fixture
def stranger(app, sessions, own, foreign):
    """Make a visitor by what they are."""
    of_foreign = ("disabled", "signed out")

    def make(what):
        if what == "nobody":
            return Visitor(app)
        if what in ("support", "operator"):
            return open_session(app, sessions, factory.user(sessions, staff_role=what))
        if what in of_foreign:
            return open_session(app, sessions, factory.member(sessions, foreign[0], "owner"), what)
        return open_session(app, sessions, factory.member(sessions, own[0], what))

    return make


def ask(visitor, asked, token, **headers):
    if asked.method == "GET":
        return visitor.client.get(asked.address, headers=headers)
    return visitor.client.open(
        asked.address, method=asked.method, data={"csrf_token": token}, headers=headers
    )


@pytest.mark.fault(74)
@pytest.mark.parametrize("headers", [{}, OF_HTMX], ids=["page", "htmx"])
@pytest.mark.parametrize("who", ["owner", "admin", "viewer", "support", "operator"])
def test_another_company_does_not_exist(app, foreign, stranger, who, headers):
    company, things = foreign
    visitor = stranger(who)
    token = token_of(visitor)
    for asked in crawl.addresses(app, company.slug, things, of_tenants=True):
        answer = ask(visitor, asked, token, **headers)
        assert answer.status_code == 404, str(asked)
        assert MARK not in answer.text, str(asked)


@pytest.mark.fault(74)
@pytest.mark.parametrize("who", ["nobody", "disabled", "signed out"])
def test_who_is_not_signed_in_gets_nothing(app, foreign, stranger, who):
    company, things = foreign
    visitor = stranger(who)
    token = token_of(visitor)
    for asked in crawl.addresses(app, company.slug, things, of_tenants=True):
        answer = ask(visitor, asked, token)
        assert answer.status_code == (302 if asked.method == "GET" else 401), str(asked)
        assert answer.status_code == 401 or answer.location.startswith("/sign-in?next="), str(asked)
        assert MARK not in answer.text
        fragment = ask(visitor, asked, token, **OF_HTMX)
        assert fragment.status_code == 401, str(asked)
        assert fragment.headers["HX-Redirect"].startswith("/sign-in")
        assert fragment.data == b""


@pytest.mark.fault(74)
@pytest.mark.parametrize("who", ["owner", "admin", "viewer"])
def test_foreign_ids_under_the_own_company_do_not_exist(app, own, foreign, stranger, who):
    visitor = stranger(who)
    token = token_of(visitor)
    for asked in crawl.addresses(app, own[0].slug, own[1], of_tenants=True):
        for name in _ids(asked.rule):
            mixed = replace(own[1], **{name: getattr(foreign[1], name)})
            address = crawl.build(app, asked.rule, own[0].slug, mixed)
            answer = ask(visitor, crawl.Asked(asked.rule, asked.method, address), token)
            # A viewer is told first that they may not do this.
            assert answer.status_code == 404 or (who != "owner" and answer.status_code == 403), str(asked)
            assert MARK not in answer.text, str(asked)


@pytest.mark.fault(74)
@pytest.mark.parametrize("who", ["owner", "admin", "viewer"])
def test_the_area_of_staff_does_not_exist_for_companies(app, own, foreign, stranger, who):
    visitor = stranger(who)
    token = token_of(visitor)
    for asked in crawl.addresses(app, own[0].slug, foreign[1], of_tenants=False):
        declared = app.view_functions[asked.rule.endpoint]
        if getattr(getattr(declared, "declaration", None), "area", "") == "staff":
            assert ask(visitor, asked, token).status_code == 404, str(asked)
            assert ask(visitor, asked, token, **OF_HTMX).status_code == 404, str(asked)


def test_nonsense_in_place_of_any_id_is_not_found(app, own, stranger):
    visitor = stranger("owner")
    token = token_of(visitor)
    for asked in crawl.addresses(app, own[0].slug, own[1], of_tenants=True):
        # One guard reads every slug: its own pages will do for all.
        for name in _ids(asked.rule) or ["slug"]:
            for nonsense in NONSENSE:
                address = crawl.planted(app, asked.rule, own[0].slug, own[1], {name: nonsense})
                answer = ask(visitor, crawl.Asked(asked.rule, asked.method, address), token)
                # Dots lead up to another page of their own, as in any address.
                allowed = (404, 405, 400, 308, 200) if nonsense == ".." else (404,)
                assert answer.status_code in allowed, (asked.method, address)
                assert MARK not in answer.text
                assert not answer.headers.getlist("Set-Cookie:a")


def test_hostile_queries_break_nothing(app, own, stranger):
    visitor = stranger("owner")
    for asked in crawl.addresses(app, own[0].slug, own[1]):
        if asked.method != "GET" or asked.rule.endpoint == "static":
            continue
        names = crawl.parameters(app, asked.rule)
        together = ["&".join(f"{name}={hostile}" for name in names) for hostile in HOSTILE]
        # A page that reads no parameter of its own needs no more than a look.
        own_ones = len(names) > len(crawl.EVERYWHERE)
        for query in [*together, f"{together[0]}&{together[1]}"] if own_ones else together[:2]:
            answer = visitor.get(f"{asked.address}?{query}")
            assert answer.status_code < 500, (asked.address, query)
            assert MARK not in answer.text


def test_the_parameters_of_lists_are_known(app):
    rules = {rule.endpoint: rule for rule in crawl.rules(app)}
    assert {"after", "connection", "q"} <= set(crawl.parameters(app, rules["orders.index"]))
    assert {"code", "cause"} <= set(crawl.parameters(app, rules["problems.index"]))


def test_an_argument_that_nobody_registered_is_loud(app, own):
    rule = Rule("/t/<slug>/<uuid:moon_id>")
    Map([rule])
    with pytest.raises(AssertionError, match=r"say in tests/web/crawl.py what stands for moon_id"):
        crawl.values(rule, "own", own[1])


@pytest.mark.parametrize("who", ["owner", "nobody"])
def test_no_other_method_gets_further(app, own, foreign, stranger, who):
    visitor = stranger(who)
    token = token_of(visitor)
    for asked in crawl.addresses(app, foreign[0].slug, foreign[1]):
        for method in ("HEAD", "OPTIONS", "PUT", "DELETE", "BREW"):
            answer = visitor.client.open(asked.address, method=method, headers={"X-CSRFToken": token})
            answer.close()
            assert answer.status_code < 500, (method, asked.address)
            assert MARK not in answer.text
            assert method != "HEAD" or answer.data == b""
            if "slug" in asked.rule.arguments:
                assert answer.status_code != 200, (method, asked.address)


def _ids(rule):
    """The arguments of a route that stand for a row of a company."""
    names = {field for field in Things.__dataclass_fields__ if field.endswith("_id")}
    return sorted(rule.arguments & names)
