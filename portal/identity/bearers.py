"""Bearers: the token that a program's request shows, how often it may ask, and why it is refused."""

from __future__ import annotations

from flask import current_app, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, TooManyRequests, Unauthorized

from portal.identity import tokens
from portal.identity.throttle import network
from portal.identity.tokens import Found

_MINUTE = 60
# Wrong tokens of one network, in a minute; nobody guesses one, but each costs a look into the database.
_MOST_WRONG = 60


def bearer() -> Found:
    """The good token of this request.

    Raises:
        Unauthorized: it shows none, or one that is not good.
        Forbidden: its company is stopped.
        TooManyRequests: it asks too often; says after how many seconds it may ask again.
    """
    portal = current_app.extensions["trellis"]
    wrong = f"wrong-tokens:{network(request.remote_addr or '')}"
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        raise _unauthorized("Send a token of your company: Authorization: Bearer trellis_...")
    with portal.sessions.identity() as identity:
        found = tokens.find(identity, given.token)
    if found is None:
        _limit(wrong, _MOST_WRONG)
        raise _unauthorized(
            "This token is unknown, was revoked, has run out, or its maker has left the company."
        )
    _limit(f"token:{found.id}", portal.settings.api_per_minute)
    if found.tenant.stopped_at is not None:
        raise Forbidden("This company is stopped: its tokens read nothing until somebody lets it go on.")
    return found


def _limit(what: str, times: int) -> None:
    throttle = current_app.extensions["trellis"].throttle
    if not throttle.allow(what, times=times, seconds=_MINUTE):
        raise TooManyRequests(f"More than {times} requests in a minute.", retry_after=throttle.wait(what))


def _unauthorized(why: str) -> Unauthorized:
    return Unauthorized(why, www_authenticate=WWWAuthenticate("bearer", {"realm": "trellis"}))
