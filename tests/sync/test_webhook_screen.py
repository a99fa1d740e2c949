"""The webhook of a Flourish account: what it shows, what is refused, and how key and headers change."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.models import AuditEvent, Hub, Secret, utc_now
from portal.sync import webhook_screen
from portal.sync.audit import Actor
from portal.sync.engine.endpoints import TOKEN_FIELD, made_at, overlaps
from portal.sync.engine.inbox import Inbox
from portal.sync.flourish import FLOURISH
from portal.sync.registry import PLATFORMS
from portal.sync.retention import drop_secrets
from portal.sync.signing import examine, sign
from tests.sync.engine.shop import open_shop
from tests.web.endpoints import flourish_webhook, open_endpoint

ADAM = Actor("Adam")
BODY = flourish_webhook()
FIELDS = set(FLOURISH.webhook.pairs.values())


@pytest.fixture
def shop(desk, tenant_id):
    return open_shop(desk, tenant_id)


@pytest.fixture
def hub(shop):
    """A hub of before there were headers: with an address and a signing key."""
    return open_endpoint(shop, "flourish")


@pytest.fixture
def ask(shop, hub):
    """Do something with the hub, in a transaction of its own."""

    def ask(act, **more):
        with shop.desk.tenant(shop.tenant_id) as session:
            return act(shop.desk, session, session.get_one(Hub, shop.hub_id), **more)

    return ask


@pytest.fixture
def renew(ask):
    """Make new ones; gives what Flourish's screen is then given."""

    def renew():
        ask(webhook_screen.renew, actor=ADAM)
        return ask(webhook_screen.screen)

    return renew


@pytest.fixture
def shown(shop, hub):
    """What a delivery by a screen's fields, some of them changed, is found to show by a new process."""

    def shown(screen, **changed):
        headers = {"Auth-Signature": sign(FLOURISH.webhook, screen.signing_key, BODY), **screen.headers}
        headers |= changed
        inbox = Inbox(shop.desk)
        try:
            endpoint = inbox.endpoint("flourish", hub.token)
            assert endpoint is not None
            return examine(endpoint.proof, BODY, lambda name: [headers[name]] if headers.get(name) else [])
        finally:
            inbox.close()

    return shown


def fields_of(shop):
    with shop.desk.tenant(shop.tenant_id) as session:
        return set(session.scalars(select(Secret.field).where(Secret.owner_id == shop.hub_id)))


@pytest.mark.promise("OR-3")
def test_a_hub_of_before_goes_on_without_headers(ask, shown):
    screen = ask(webhook_screen.screen)

    assert screen.headers == {}
    assert shown(screen).is_enough
    assert shown(screen).is_newest
    # Headers that nobody asked for do no harm.
    assert shown(screen, **{"Trellis-Sender-1": "anything"}).is_enough


@pytest.mark.promise("OR-3")
def test_once_made_both_headers_are_asked_for_and_those_of_before_taken_for_a_while(ask, renew, shown):
    before = ask(webhook_screen.screen)

    new = renew()

    assert list(new.headers) == list(FLOURISH.webhook.pairs)
    assert new.signing_key != before.signing_key
    assert shown(new).is_newest
    assert (shown(before).is_enough, shown(before).is_newest) == (True, False)
    assert shown(new, **{"Trellis-Sender-2": "x"}).fault == "the header Trellis-Sender-2 is wrong"


@pytest.mark.promise("OR-3")
@pytest.mark.parametrize("ends", ["by a person", "by itself"])
def test_after_the_overlap_only_the_new_ones_are_taken(shop, ask, renew, shown, ends):
    before = renew()
    shop.set("hub", overlap_until=utc_now() - timedelta(seconds=1))
    new = renew()
    assert shown(before).is_enough

    if ends == "by a person":
        ask(webhook_screen.end_overlap, actor=ADAM)
    else:
        shop.set("hub", overlap_until=utc_now() - timedelta(seconds=1))

    assert shown(before).fault == (
        "the signature, the header Trellis-Sender-1 and the header Trellis-Sender-2 are wrong"
    )
    assert shown(new).is_newest


def test_made_twice_the_ones_in_use_are_still_taken_and_not_those_that_nobody_entered(ask, renew, shown):
    in_use = ask(webhook_screen.screen)
    never_entered = renew()

    new = renew()

    assert shown(in_use).is_enough
    assert not shown(never_entered).is_enough
    assert shown(new).is_newest


def test_a_header_that_was_never_made_may_be_missing_until_the_overlap_ends(ask, renew, shown):
    renew()
    bare = ask(webhook_screen.screen)
    missing = dict.fromkeys(bare.headers, "")
    assert shown(bare, **missing).is_enough

    ask(webhook_screen.end_overlap, actor=ADAM)

    assert shown(bare, **missing).fault == (
        "the header Trellis-Sender-1 and the header Trellis-Sender-2 are missing"
    )


def test_what_is_over_is_forgotten_at_once_by_a_person_and_by_the_next_night_else(shop, ask, renew):
    renew()
    assert {f"{field}_before" for field in FIELDS} <= fields_of(shop)
    assert drop_secrets(shop.desk, shop.tenant_id) == 0

    shop.set("hub", overlap_until=utc_now() - timedelta(seconds=1))

    assert drop_secrets(shop.desk, shop.tenant_id) == 3
    assert fields_of(shop) == {*FIELDS, "webhook_key"}
    renew()
    ask(webhook_screen.end_overlap, actor=ADAM)
    assert fields_of(shop) == {*FIELDS, "webhook_key"}


def test_the_newest_is_told_by_when_it_was_made_and_the_audit_names_who(shop, ask, renew):
    def made(desk, session, hub):
        return made_at(session, hub.id), overlaps(hub)

    first = ask(made)
    renew()

    assert first[0] < ask(made)[0]
    assert (first[1], ask(made)[1]) == (False, True)
    with shop.desk.tenant(shop.tenant_id) as session:
        told = session.execute(select(AuditEvent.action, AuditEvent.actor)).all()
    assert ("hub.webhook_renewed", "Adam") in told


@pytest.mark.promise("OR-3")
@pytest.mark.parametrize(
    ("platforms", "events"),
    [
        ((), ("Outbound Order", "Retail Order", "Inventory", "Item")),
        (("leaflink",), ("Outbound Order", "Inventory", "Item")),
        (("ordo",), ("Outbound Order", "Inventory")),
        (("ordo", "leaflink"), ("Outbound Order", "Inventory", "Item")),
        (("aiq",), ("Retail Order", "Inventory", "Item")),
        (("aiq", "ordo"), ("Outbound Order", "Retail Order", "Inventory", "Item")),
    ],
)
def test_the_events_to_tick_are_all_that_its_platforms_need(platforms, events):
    assert webhook_screen.events(platforms) == events


@pytest.mark.parametrize("key", PLATFORMS)
def test_flourishs_screen_has_each_event_that_a_platform_needs(key):
    assert set(webhook_screen.events((key,))) == set(PLATFORMS[key].flourish_events)


def test_a_platform_that_was_disconnected_needs_none(shop, ask):
    def fed(desk, session, hub):
        return webhook_screen.fed_by(session, hub.id)

    assert ask(fed) == ("leaflink",)
    shop.set("connection", state="disconnected")
    assert ask(fed) == ()


def test_an_address_that_was_never_stored_is_none(ask):
    assert ask(webhook_screen.screen).url == ""
    assert TOKEN_FIELD not in FIELDS
