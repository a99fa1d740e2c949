from dataclasses import replace

from portal.config import Settings
from tests.web.conftest import built


def test_alive_says_nothing(anybody):
    answer = anybody.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok")


def test_ready_names_both_servers(anybody):
    answer = anybody.get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"database": "ok", "redis": "ok"})


def test_without_redis_it_is_ready_all_the_same(settings: Settings):
    with built(replace(settings, redis_url="redis://127.0.0.1:1/0")) as app:
        answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"database": "ok", "redis": "down"})


def test_without_the_database_it_is_not_ready(settings: Settings):
    with built(replace(settings, database_url="postgresql+psycopg://nobody:x@127.0.0.1:1/none")) as app:
        answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (503, {"database": "down", "redis": "ok"})
