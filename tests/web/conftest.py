"""The application on real servers, and visitors with and without a session."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from portal.config import Settings
from portal.extensions import Sessions, db, new_redis
from portal.identity import passwords
from portal.models import User
from portal.web import build
from tests.conftest import empty
from tests.web import factory
from tests.web.factory import Company

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def first(pattern: str, text: str) -> str:
    """What a pattern's group holds where it is first found; the test fails when it is not there."""
    found = re.search(pattern, text, re.S)
    assert found is not None, pattern
    return found[1]


class Visitor:
    """A browser without scripts: keeps cookies, and sends a form's token along."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        self.token = ""

    def get(self, address: str, **more: Any) -> TestResponse:
        # Read whole, so that a file that is sent is closed.
        answer = self.client.get(address, **{"buffered": True, **more})
        if answer.mimetype == "text/html" and (found := _TOKEN.search(answer.text)):
            self.token = found[1]
        return answer

    def post(self, address: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        return self.client.post(address, data={"csrf_token": self.token, **(data or {})}, **more)

    def sign_in(self, email: str, password: str = factory.PASSWORD, **more: Any) -> TestResponse:
        self.get("/sign-in")
        answer = self.post("/sign-in", {"email": email, "password": password}, **more)
        if answer.status_code == 303:
            self.get("/sign-in", follow_redirects=True)
        return answer


@contextmanager
def built(settings: Settings) -> Iterator[Flask]:
    """An application whose connections are closed at the end."""
    app = build(settings)
    yield app
    with app.app_context():
        db.engine.dispose()
    app.extensions["trellis"].redis.close()


@pytest.fixture(scope="session")
def app(settings: Settings) -> Iterator[Flask]:
    """The application; a bug in a view fails the test that met it."""
    with built(settings) as app:
        app.testing = True
        yield app


@pytest.fixture(autouse=True)
def hasher() -> Iterator[None]:
    """Passwords are hashed weakly: people are made and sign in all the time, for 45 ms each. The rooms that
    ask how passwords are kept have the real hasher."""
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with mock.patch.object(passwords, "_hasher", weak):
        yield


@pytest.fixture
def sessions(engine: Engine) -> Sessions:
    return Sessions(engine)


@pytest.fixture(scope="module", autouse=True)
def emptied(engine: Engine, redis_url: str) -> None:
    """A file begins with nothing of files before it: companies are apart, the installation's audit is one."""
    empty(engine, redis_url)


@pytest.fixture(autouse=True)
def empty_redis(redis_url: str) -> None:
    """Nobody has tried to sign in yet."""
    redis = new_redis(redis_url)
    redis.flushdb()
    redis.close()


@pytest.fixture
def company(sessions: Sessions) -> Company:
    return factory.company(sessions)


@pytest.fixture
def anybody(app: Flask) -> Visitor:
    return Visitor(app)


@pytest.fixture
def as_user(app: Flask) -> Callable[[User], Visitor]:
    """Sign somebody in."""

    def enter(user: User) -> Visitor:
        visitor = Visitor(app)
        assert visitor.sign_in(user.email).status_code == 303
        return visitor

    return enter


@pytest.fixture
def admin(sessions: Sessions, company: Company, as_user: Callable[[User], Visitor]) -> Visitor:
    return as_user(factory.member(sessions, company, "admin"))


@pytest.fixture
def viewer(sessions: Sessions, company: Company, as_user: Callable[[User], Visitor]) -> Visitor:
    return as_user(factory.member(sessions, company, "viewer"))
