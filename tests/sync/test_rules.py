"""Rules: what is typed is read or refused in words, and what is kept is what was chosen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from portal.models import AuditEvent, Connection, Link
from portal.sync import rules
from portal.sync.audit import Actor
from portal.sync.entered import Setting
from portal.sync.registry import PLATFORMS
from tests.sync.engine.shop import Shop, open_shop
from tests.sync.mapping.examples import order

FLAG = Setting("paid", "Paid", "", (), False)
CHOICE = Setting("places", "Places", "", ("4", "2"), "4")
CHOICES = Setting("statuses", "Statuses", "", ("Submitted", "Accepted"), ("Submitted",), many=True)
NUMBER = Setting("seconds", "Seconds", "", (), 180, least=10, most=3600)
TEXT = Setting("key", "Key", "", (), "")
TABLE = Setting("categories", "Categories", "", (), {})
FLOWER = {"Flower": "Flower > Jars", "Edibles": "a = b"}
STATUSES = Setting("table", "Table", "", ("Accepted", "Shipped"), {}, keys=("Allocated", "Shipped"))


@pytest.mark.parametrize(
    ("setting", "typed", "value"),
    [
        (FLAG, ["yes"], True),
        (FLAG, ["Off"], False),
        (FLAG, [], False),
        (CHOICE, [" 2 "], "2"),
        (CHOICES, ["accepted", "Submitted"], ["Submitted", "Accepted"]),
        (NUMBER, ["60"], 60),
        (NUMBER, ["60.50"], "60.50"),
        (TEXT, [" A key "], "A key"),
        (TABLE, ["Flower = Flower > Jars", "", "Edibles =  a = b"], FLOWER),
        (STATUSES, ["allocated = accepted", "Shipped ="], {"Allocated": "Accepted"}),
    ],
)  # fmt: skip
def test_what_is_typed_is_read_by_the_kind_of_the_setting(setting, typed, value):
    assert rules.parse(setting, typed) == value


@pytest.mark.parametrize(
    ("setting", "typed", "words"),
    [
        (FLAG, ["maybe"], "Answer yes or no."),
        (CHOICE, ["3"], "3 is not one of: 4, 2."),
        (CHOICE, [], "Nothing is not one of"),
        (CHOICE, ["4", "2"], "Give one value."),
        (CHOICES, [], "Choose at least one."),
        (CHOICES, ["Draft"], "Draft is not one of: Submitted, Accepted."),
        (NUMBER, ["9"], "from 10 to 3600"),
        (NUMBER, ["NaN"], "from 10 to 3600"),
        (NUMBER, ["soon"], "from 10 to 3600"),
        (TEXT, ["a\x00b"], "cannot be shown"),
        (TEXT, ["x" * 501], "at most 500"),
        (TABLE, ["Flower"], "left = right"),
        (TABLE, ["= Flower"], "left = right"),
        (TABLE, ["Flower ="], "left = right"),
        (TABLE, ["A = 1", "A = 2"], "A has two rows."),
        (TABLE, [f"{number} = x" for number in range(2001)], "at most 2,000 rows"),
        (STATUSES, ["Created = Accepted"], "Created is not one of"),
        (STATUSES, ["Allocated = Gone"], "Gone is not one of"),
    ],
)
def test_what_is_no_value_is_refused_in_words(setting, typed, words):
    with pytest.raises(rules.WrongValue, match=words.replace(".", r"\.")):
        rules.parse(setting, typed)


@given(st.data())
def test_whatever_was_read_is_written_as_it_is_read_again(data):
    setting = data.draw(st.sampled_from((FLAG, CHOICE, CHOICES, NUMBER, TEXT, TABLE, STATUSES)))
    words = st.text("abc =>0123456789", max_size=8)
    typed = data.draw(st.lists(st.one_of(words, st.sampled_from((*setting.choices, "yes", "a = b", "77")))))
    try:
        value = rules.parse(setting, typed)
    except rules.WrongValue:
        return

    assert rules.parse(setting, rules.typed(setting, value)) == value


@pytest.mark.parametrize("platform", PLATFORMS.values(), ids=lambda platform: platform.key)
def test_every_default_can_be_typed(platform):
    for setting in platform.settings:
        kept = rules.parse(setting, rules.typed(setting, setting.default))
        assert rules.typed(setting, kept) == rules.typed(setting, setting.default), setting.name
        assert setting.consequence.endswith("."), setting.name


@pytest.fixture
def shop(desk, tenant_id) -> Shop:
    return open_shop(desk, tenant_id)


def change(shop: Shop, **values: object) -> tuple[str, ...]:
    with shop.desk.tenant(shop.tenant_id) as session:
        connection = session.get_one(Connection, shop.connection_id)
        keys = shop.desk.settings.master_keys
        return rules.change(session, keys, connection, values, actor=Actor("Dana Reyes"))


def kept(shop: Shop) -> dict[str, object]:
    with shop.desk.tenant(shop.tenant_id) as session:
        return dict(session.get_one(Connection, shop.connection_id).settings)


def test_a_change_is_kept_told_and_audited_and_a_default_is_not_kept(shop):
    before = kept(shop)
    assert change(shop, price_places="2") == ("Decimal places of unit prices",)
    assert kept(shop) == {**before, "price_places": "2"}

    assert change(shop, price_places="2") == ()
    assert change(shop, price_places="4") == ("Decimal places of unit prices",)
    assert kept(shop) == before
    with shop.desk.tenant(shop.tenant_id) as session:
        acts = session.scalars(
            select(AuditEvent).where(AuditEvent.action == "connection.rules_changed").order_by(AuditEvent.seq)
        ).all()
    assert [act.detail for act in acts] == [
        {"changes": [["Decimal places of unit prices", "4", "2"]]},
        {"changes": [["Decimal places of unit prices", "2", "4"]]},
    ]


@pytest.mark.promise("LL-12")
def test_an_order_that_waited_for_the_old_rules_comes_in_by_the_new_ones(shop):
    change(shop, intake_statuses=["Accepted"])
    link_id = shop.arrive(order(status="Submitted"))
    shop.look()
    with shop.desk.tenant(shop.tenant_id) as session:
        assert session.get_one(Link, link_id).decision_code == "status_not_chosen"

    change(shop, intake_statuses=["Submitted", "Accepted"])
    shop.look()

    assert len(shop.flourish.live()) == 1
