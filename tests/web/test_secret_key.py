"""Changing the key that signs cookies."""

from __future__ import annotations

from dataclasses import replace

from portal.config import Settings
from portal.extensions import Sessions
from tests.web import factory
from tests.web.conftest import Visitor, built
from tests.web.factory import Company


def test_who_is_signed_in_stays_so_while_the_key_is_changed(
    settings: Settings, sessions: Sessions, company: Company
):
    user = factory.member(sessions, company, "admin")
    with built(settings) as before:
        visitor = Visitor(before)
        visitor.sign_in(user.email)
        cookie = visitor.client.get_cookie("trellis_session")
        assert cookie is not None
    changed = replace(settings, secret_key="n" * 40)
    for fallbacks, status in (((settings.secret_key,), 200), ((), 302)):
        with built(replace(changed, secret_key_fallbacks=fallbacks)) as after:
            client = after.test_client()
            client.set_cookie("trellis_session", cookie.value)
            assert client.get(f"/t/{company.slug}/").status_code == status
