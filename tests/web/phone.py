"""Somebody's phone with an authenticator app on it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from uuid import UUID

import pyotp
from sqlalchemy import func

from portal.extensions import Sessions
from portal.identity import second_factor
from portal.models import SignIn
from tests.web import factory
from tests.web.conftest import Visitor


class Phone:
    """Shows codes, of now or of so many steps from now."""

    def __init__(self, secret: str) -> None:
        self._app = pyotp.TOTP(secret.replace(" ", ""))

    def code(self, steps: int = 0) -> str:
        return self._app.at(int(time.time()) + 30 * steps)

    def wrong(self) -> str:
        right = {self.code(steps) for steps in range(-3, 4)}
        return next(code for code in ("000000", "111111", "222222", "333333") if code not in right)


def enrolled(sessions: Sessions, keys: Mapping[str, bytes], user_id: UUID) -> Phone:
    """Give somebody a second factor whose first code is still to be used."""
    with sessions.identity() as session:
        second_factor.begin(session, keys, user_id)
        secret = second_factor.begun(session, keys, user_id)
        session.get_one(SignIn, user_id).totp_confirmed_at = func.now()
    assert secret is not None
    return Phone(secret)


def sign_in(visitor: Visitor, email: str, phone: Phone, steps: int = 0) -> None:
    """Sign somebody in by password and code."""
    visitor.sign_in(email, factory.PASSWORD)
    visitor.get("/sign-in/code")
    assert visitor.post("/sign-in/code", {"code": phone.code(steps)}).status_code == 303
    visitor.get("/account")
