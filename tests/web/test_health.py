from dataclasses import replace

import pytest
from sqlalchemy import text

from portal import migrations
from portal.config import Settings
from portal.sync import audit, switches
from tests.web.conftest import built


def test_alive_says_nothing(anybody):
    answer = anybody.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok")


FINE = {"database": "ok", "migrations": "current", "redis": "ok", "writing": "on"}


@pytest.mark.promise("MO-8")
def test_ready_names_each_part(anybody):
    answer = anybody.get("/readyz")
    assert (answer.status_code, answer.json) == (200, FINE)


def test_while_writing_is_stopped_it_is_ready_and_says_so(app, anybody, sessions):
    keys = app.extensions["trellis"].settings.master_keys
    operator = audit.Actor("an operator")
    with sessions.system() as opened:
        switches.stop_everybody(opened, keys, actor=operator, reason="a test")
    answer = anybody.get("/readyz")
    with sessions.system() as opened:
        switches.resume_everybody(opened, keys, actor=operator)

    assert (answer.status_code, answer.json) == (200, FINE | {"writing": "stopped"})


@pytest.mark.parametrize(
    ("revision", "status", "said"), [("0001", 503, "behind"), ("9999", 200, "ahead")], ids=["behind", "ahead"]
)
def test_the_schema_is_the_one_that_this_program_needs(anybody, engine, revision, status, said):
    with engine.begin() as owner:
        head = owner.scalar(text("SELECT version_num FROM alembic_version"))
        owner.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})
    try:
        answer = anybody.get("/readyz")
    finally:
        with engine.begin() as owner:
            owner.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": head})

    assert (answer.status_code, answer.json["migrations"]) == (status, said)


def test_a_schema_without_migrations_is_behind():
    assert migrations.standing(set()) == "behind"


def test_without_redis_it_is_ready_all_the_same(settings: Settings):
    with built(replace(settings, redis_url="redis://127.0.0.1:1/0")) as app:
        answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (200, FINE | {"redis": "down"})


def test_without_the_database_it_is_not_ready(settings: Settings):
    with built(replace(settings, database_url="postgresql+psycopg://nobody:x@127.0.0.1:1/none")) as app:
        answer = app.test_client().get("/readyz")
    nothing = {"database": "down", "migrations": "unknown", "writing": "unknown"}
    assert (answer.status_code, answer.json) == (503, FINE | nothing)
