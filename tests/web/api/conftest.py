"""A company with one of everything, and programs that hold its tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from portal.extensions import Sessions
from portal.identity import tokens
from portal.models import User
from tests.web import crawl, factory
from tests.web.factory import Company


class Program:
    """A client that shows a token, and keeps no cookies."""

    def __init__(self, app: Flask, token: str = "") -> None:
        self._client = app.test_client(use_cookies=False)
        self.token = token

    def get(self, address: str, headers: dict[str, str] | None = None, **query: Any) -> TestResponse:
        shown = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self._client.get(
            f"/api/v1{address}", headers={**shown, **(headers or {})}, query_string=query or None
        )

    def read(self, address: str, **query: Any) -> Any:
        """What is answered, when that is an answer."""
        answer = self.get(address, **query)
        assert answer.status_code == 200, answer.text
        return answer.json


@pytest.fixture
def maker(sessions: Sessions, company: Company) -> User:
    return factory.member(sessions, company, "admin")


def token_of(sessions: Sessions, company: Company, maker: User, **more: Any) -> str:
    """A token of somebody in a company."""
    values = {"name": "a program", "days": 30, **more}
    with sessions.tenant(company.id) as opened:
        return tokens.make(opened, company.id, maker_id=maker.id, made_by=maker.name, **values)[1]


@pytest.fixture
def program(app: Flask, sessions: Sessions, company: Company, maker: User) -> Program:
    return Program(app, token_of(sessions, company, maker))


@pytest.fixture
def things(sessions: Sessions, company: Company) -> crawl.Things:
    return crawl.things(sessions, company, mark="Quagga")


@pytest.fixture
def programs(app: Flask) -> Callable[[str], Program]:
    """A program with any token."""
    return lambda token: Program(app, token)
