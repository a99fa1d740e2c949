"""Stop switches: what they stop, whom they tell, and how everything goes on when they are off."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update

from portal.identity import tenants
from portal.models import Installation, Tenant
from portal.sync import connecting, switches
from portal.sync.audit import Actor
from portal.sync.engine import crash
from portal.sync.engine.reconcile import reconcile
from tests.sync.engine.shop import Shop, open_shop
from tests.sync.mapping.examples import order

REASON = "A wrong price list went out"


@pytest.fixture
def shop(desk, tenant_id) -> Shop:
    return open_shop(desk, tenant_id)


def another_shop(desk) -> Shop:
    other = tenants.create(desk.sessions, slug="other", name="Other", timezone="UTC")
    return open_shop(desk, other.id, "Other")


def stop_company(shop: Shop) -> bool:
    with shop.desk.tenant(shop.tenant_id) as session:
        return switches.stop_company(
            session,
            shop.desk.settings.master_keys,
            shop.tenant_id,
            actor=Actor("Olivia Owner"),
            reason=REASON,
        )


def resume_company(shop: Shop) -> bool:
    with shop.desk.tenant(shop.tenant_id) as session:
        return switches.resume_company(
            session, shop.desk.settings.master_keys, shop.tenant_id, actor=Actor("Olivia Owner")
        )


def stop_everybody(shop: Shop) -> bool:
    with shop.desk.sessions.system() as session:
        return switches.stop_everybody(
            session, shop.desk.settings.master_keys, actor=Actor("Opal Operator"), reason=REASON
        )


def resume_everybody(shop: Shop) -> bool:
    with shop.desk.sessions.system() as session:
        turned = switches.resume_everybody(session, shop.desk.settings.master_keys, actor=Actor("Opal"))
    switches.pass_on(shop.desk)
    return turned


SWITCHES = {
    "of the company": (stop_company, resume_company, "the company's stop switch is on"),
    "of the operator": (stop_everybody, resume_everybody, "the operator of Trellis has stopped all writing"),
}


@pytest.mark.promise("MO-11")
@pytest.mark.parametrize(("stop", "resume", "words"), SWITCHES.values(), ids=SWITCHES)
def test_a_stop_lets_everything_be_read_and_nothing_be_written(shop, stop, resume, words):
    assert stop(shop)
    link_id = shop.arrive()

    shop.look()

    link = shop.link(link_id)
    assert (link.state, link.decision_code) == ("waiting", "bring_in")
    assert words in (link.decision_text or "")
    assert shop.leaflink.count("order") == 1
    assert shop.operations() == []
    assert shop.writes() == 0


@pytest.mark.parametrize(("stop", "resume", "words"), SWITCHES.values(), ids=SWITCHES)
def test_what_was_held_back_goes_on_by_itself(shop, stop, resume, words):
    stop(shop)
    link_id = shop.arrive()
    shop.look()
    assert shop.look() == 0

    assert resume(shop)
    shop.look_until_quiet()

    assert shop.link(link_id).state == "settled"
    assert shop.flourish.count("create_order") == 1


@pytest.mark.promise("MO-11")
@pytest.mark.fault(71)
@pytest.mark.parametrize(("stop", "resume", "words"), SWITCHES.values(), ids=SWITCHES)
def test_no_write_starts_after_a_stop_in_the_midst_of_fifty_looks(shop, stop, resume, words):
    for number in range(50):
        shop.arrive(order(number=f"n-{number}", label=f"L-{number}"))
    made: list[str] = []

    def stop_at_the_twentieth(name: str, about: str) -> None:
        made.append(about)
        if len(made) == 20:
            stop(shop)

    shop.flourish.witness = stop_at_the_twentieth
    at_once, claims = 8, shop.claims(most=50)
    account = shop.account
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(lambda claim: reconcile(shop.desk, claim, account), claims))

    # Those that had passed the gate when the switch was turned ended; no other began.
    held_back = shop.flourish.count("create_order")
    assert 20 <= held_back < 20 + at_once
    assert len(shop.operations()) == shop.writes()
    resume(shop)
    for _ in range(8):
        shop.look()
    shop.look_until_quiet(most=20)
    assert shop.flourish.count("create_order") == 50
    assert {shop.link(claim.link_id).state for claim in claims} == {"settled"}


def test_the_log_of_each_connection_says_who_stopped_it_and_why(shop):
    stop_company(shop)
    resume_company(shop)

    assert shop.log() == [
        f"Olivia Owner stopped all writing of this company: {REASON}",
        "Olivia Owner let this company write again",
    ]


def test_every_company_is_told_once_of_each_turn_of_the_operators_switch(shop, desk):
    other = another_shop(desk)
    stop_everybody(shop)

    assert switches.pass_on(desk) == 2
    assert switches.pass_on(desk) == 0
    resume_everybody(shop)

    told = [
        f"The operator of Trellis stopped all writing: {REASON}",
        "The operator of Trellis lets everybody write again",
    ]
    assert shop.log() == told
    assert other.log() == told


def test_a_company_that_was_made_later_is_not_told_of_what_was_before(shop, desk):
    stop_everybody(shop)
    resume_everybody(shop)
    tenants.create(desk.sessions, slug="later", name="Later", timezone="UTC")

    assert switches.pass_on(desk) == 0


def test_passing_on_goes_on_where_it_was_broken_off(shop, desk, monkeypatch):
    other = another_shop(desk)
    stop_everybody(shop)
    for one in (shop, other):
        one.arrive()
        one.look()
    with desk.sessions.system() as session:
        switches.resume_everybody(session, desk.settings.master_keys, actor=Actor("Opal"))
    passed_on = switches._pass_on_to
    calls: list[object] = []

    def dies_at_the_second(desk, tenant_id):
        if calls:
            raise KeyboardInterrupt
        calls.append(tenant_id)
        return passed_on(desk, tenant_id)

    monkeypatch.setattr(switches, "_pass_on_to", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        switches.pass_on(desk)
    monkeypatch.undo()

    assert switches.pass_on(desk) == 1
    assert [one.look() for one in (shop, other)] == [1, 1]


@pytest.mark.fault(84)
def test_the_first_stop_stays_as_it_was_said(shop):
    assert stop_company(shop)
    with shop.desk.tenant(shop.tenant_id) as session:
        assert not switches.stop_company(
            session,
            shop.desk.settings.master_keys,
            shop.tenant_id,
            actor=Actor("Adam"),
            reason="Another reason",
        )
        row = session.get_one(Tenant, shop.tenant_id)
        assert (row.stopped_by, row.stop_reason) == ("Olivia Owner", REASON)
    assert stop_everybody(shop)
    assert not stop_everybody(shop)
    assert resume_everybody(shop)
    assert not resume_everybody(shop)
    assert resume_company(shop)
    assert not resume_company(shop)


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_stop_without_a_reason_is_refused(shop, reason):
    with pytest.raises(switches.NoReason), shop.desk.tenant(shop.tenant_id) as session:
        switches.stop_company(
            session, shop.desk.settings.master_keys, shop.tenant_id, actor=Actor("Olivia"), reason=reason
        )
    with pytest.raises(switches.NoReason), shop.desk.sessions.system() as session:
        switches.stop_everybody(session, shop.desk.settings.master_keys, actor=Actor("Opal"), reason=reason)
    with shop.desk.sessions.system() as session:
        assert session.scalar(select(Tenant.stopped_at)) is None
        assert session.scalar(select(Installation.stopped_at)) is None


def test_one_companys_stop_stops_no_other(shop, desk):
    other = another_shop(desk)
    stop_company(shop)
    link_id = other.arrive()

    other.look()

    assert other.link(link_id).state == "settled"


def test_both_switches_hold_until_both_are_off(shop):
    stop_company(shop)
    stop_everybody(shop)
    link_id = shop.arrive()
    shop.look()

    resume_everybody(shop)
    shop.look()
    assert "the company's stop switch" in (shop.link(link_id).decision_text or "")
    resume_company(shop)
    shop.look_until_quiet()

    assert shop.link(link_id).state == "settled"


def test_a_resume_while_a_link_is_being_held_back_is_not_lost(shop, monkeypatch):
    """The look saw the switch on, and ends after it was turned off: the link is due again at once."""
    stop_company(shop)
    link_id = shop.arrive()

    def resume_before_the_end(point: str) -> None:
        if point == "before_conclusion":
            resume_company(shop)

    monkeypatch.setattr(crash, "point", resume_before_the_end)
    shop.look()
    monkeypatch.undo()

    assert shop.link(link_id).due_at is not None
    shop.look_until_quiet()
    assert shop.link(link_id).state == "settled"


def test_pausing_a_connection_stays_its_own_matter(shop):
    with shop.desk.tenant(shop.tenant_id) as session:
        connecting.pause(session, shop.desk.settings.master_keys, shop.connection_id, actor=Actor("Adam"))
    stop_company(shop)
    resume_company(shop)
    link_id = shop.arrive()

    shop.look()

    assert "the connection is paused" in (shop.link(link_id).decision_text or "")


def test_a_stop_of_the_time_before_reasons_can_be_ended(shop):
    with shop.desk.tenant(shop.tenant_id) as session:
        session.execute(update(Tenant).values(stopped_at=shop.connection().live_since))

    assert resume_company(shop)
