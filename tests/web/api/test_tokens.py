"""A token opens its own company, to read, for as long as its maker belongs there; and nothing else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from portal.models import ApiToken, Membership, Tenant, User, utc_now
from tests.web import crawl, factory
from tests.web.acts import recorded
from tests.web.api.conftest import Program, token_of
from tests.web.conftest import built, first


def refused(program, status=401):
    answer = program.get("/orders")
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    return answer


def change(sessions, *statements):
    with sessions.identity() as opened:
        for statement in statements:
            opened.execute(statement)


@pytest.mark.parametrize("token", ["", "x", "trellis_" + "x" * 43, "a b", "\u00e9", "x" * 9000])
def test_without_a_good_token_nothing_is_read(programs, token):
    answer = refused(programs(token))
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "Set-Cookie" not in answer.headers


def test_a_signed_in_browser_is_no_program(admin, things):
    assert admin.get("/api/v1/orders").status_code == 401
    assert admin.get("/api/v1/orders", headers={"Authorization": "Basic eDp4"}).status_code == 401


@pytest.mark.parametrize(
    "what", ["revoked", "ran out", "its maker left", "its maker is disabled", "the company is gone"]
)
def test_a_token_that_is_not_good_any_more_opens_nothing(program, sessions, company, maker, what):
    assert program.get("/orders").status_code == 200
    with sessions.tenant(company.id) as opened:
        if what == "revoked":
            opened.execute(update(ApiToken).values(revoked_at=utc_now(), revoked_by="Ann"))
        elif what == "ran out":
            past = utc_now() - timedelta(days=2)
            opened.execute(update(ApiToken).values(created_at=past, expires_at=past + timedelta(days=1)))
        elif what == "its maker left":
            opened.execute(delete(Membership).where(Membership.user_id == maker.id))
    if what == "its maker is disabled":
        change(sessions, update(User).where(User.id == maker.id).values(disabled_at=utc_now()))
    if what == "the company is gone":
        with sessions.system() as opened:
            opened.execute(update(Tenant).where(Tenant.id == company.id).values(retired_at=utc_now()))
    refused(program)


def test_a_token_of_a_stopped_company_says_so(program, sessions, company):
    with sessions.system() as opened:
        opened.execute(update(Tenant).where(Tenant.id == company.id).values(stopped_at=utc_now()))
    assert "stopped" in refused(program, 403).json["detail"]


def test_another_companys_things_do_not_exist(app, program, sessions):
    other = factory.company(sessions, name="Zebra Farms")
    theirs = crawl.things(sessions, other, mark="Zebra")
    asked = 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("api.") and rule.arguments:
            number = {"number": "Zebra"} if "number" in rule.arguments else {}
            address = crawl.build(app, rule, "", theirs, number).removeprefix("/api/v1")
            answer = program.get(address)
            assert answer.status_code == 404, address
            assert "Zebra" not in answer.text
            asked += 1
    assert asked == 7
    for address in ("/orders", "/problems", "/runs", "/connections"):
        assert "Zebra" not in program.get(address).text


def test_a_token_changes_nothing(app, program):
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("api."):
            assert rule.methods <= {"GET", "HEAD", "OPTIONS"}
    answer = app.test_client().post(
        "/api/v1/orders", headers={"Authorization": f"Bearer {program.token}"}, json={}
    )
    assert answer.status_code == 405
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "many"},
        {"place": "elsewhere"},
        {"connection": "not-an-id"},
        {"seen_since": "yesterday"},
        {"seen_since": "2026-01-01T00:00:00"},
        {"after": "nonsense"},
        {"after": "1.not-an-id"},
        {"after": "a\x00"},
        {"q": "a\x00"},
        {"colour": "green"},
    ],
)
def test_a_parameter_that_cannot_be_read_is_named(program, query):
    answer = program.get("/orders", **query)
    assert answer.status_code == 400
    assert list(answer.json["parameters"]) == list(query)


def test_an_address_that_is_none_is_a_refusal_in_json(program):
    for address in ("/nope", "/orders/not-an-id", "/orders/%00/timeline"):
        answer = program.get(address)
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_who_asks_too_often_is_told_when_to_come_back(settings, sessions, company, maker):
    with built(replace(settings, api_per_minute=3)) as app:
        program = Program(app, token_of(sessions, company, maker))
        other = Program(app, token_of(sessions, company, maker))
        assert [program.get("/runs").status_code for _ in range(4)] == [200, 200, 200, 429]
        answer = program.get("/runs")
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert answer.get_json()["status"] == 429
        assert other.get("/runs").status_code == 200


def test_wrong_tokens_of_one_network_are_limited_and_good_ones_go_on(programs, program):
    answers = [programs("trellis_wrong").get("/runs").status_code for _ in range(61)]
    assert set(answers[:60]) == {401}
    assert answers[60] == 429
    assert program.get("/runs").status_code == 200


def test_a_token_is_made_shown_once_used_and_revoked(app, company, sessions, admin):
    base = f"/t/{company.slug}/tokens"
    assert "No program reads this company" in admin.get(base).text
    made = admin.post(base, {"name": "Warehouse screen", "days": "30"})
    token = first(r"(trellis_[\w-]{43})", made.text)
    assert made.status_code == 200
    assert token not in admin.get(base).text

    assert Program(app, token).get("/connections").status_code == 200
    with sessions.tenant(company.id) as opened:
        row = opened.scalars(select(ApiToken)).one()
        assert row.last_used_at is not None
        assert token.encode() not in row.token_hash
        assert timedelta(days=29) < row.expires_at - utc_now() < timedelta(days=31)

    gone = admin.post(f"{base}/{row.id}/revoke", follow_redirects=True)
    assert "Warehouse screen reads nothing any more." in gone.text
    assert "was revoked before" in admin.post(f"{base}/{row.id}/revoke", follow_redirects=True).text
    refused(Program(app, token))
    made_act, revoked_act = recorded(sessions, company.id, "token.made", "token.revoked")
    assert made_act.subject == revoked_act.subject == "Warehouse screen"
    assert token not in str(made_act)


@pytest.mark.parametrize(
    "data",
    [
        {"name": "", "days": "30"},
        {"name": "\x00 ", "days": "30"},
        {"name": "x" * 81},
        {"name": "x", "days": "9999"},
    ],
)
def test_a_token_needs_a_name_and_an_end(company, admin, data):
    base = f"/t/{company.slug}/tokens"
    admin.get(base)
    assert admin.post(base, data).status_code == 422


def test_making_one_asks_for_the_password_again(app):
    assert app.view_functions["tokens.make"].recently_proven


def test_who_is_removed_leaves_no_token_that_works_when_they_return(
    program, sessions, company, maker, as_user
):
    owner = as_user(factory.member(sessions, company, "owner"))
    owner.get(f"/t/{company.slug}/people")
    assert owner.post(f"/t/{company.slug}/people/{maker.id}/remove").status_code == 303
    with sessions.tenant(company.id) as opened:
        opened.add(Membership(tenant_id=company.id, user_id=maker.id, role="admin"))
    refused(program)
