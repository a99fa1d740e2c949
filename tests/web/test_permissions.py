"""Who may do what: reliability.md 5.4 as a table, every permission for every role and kind of grant."""

from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from portal import access
from portal.models import utc_now

# permission -> who has it: Owner, Admin, Viewer, a support grant to Look or to act (X), the broken Glass.
TENANT = {
    "overview.see": "OAVLXG",
    "orders.see": "OAVLXG",
    "products.see": "OAVLXG",
    "runs.see": "OAVLXG",
    "writes.see": "OAVLXG",
    "problems.see": "OAVLXG",
    "connections.see": "OAVLXG",
    "orders.hold": "OAX",
    "orders.retry": "OAX",
    "orders.decide": "OA",
    "products.look": "OAX",
    "matches.decide": "OA",
    "stock.decide": "OA",
    "problems.handle": "OAX",
    "connections.test": "OAX",
    "connections.stop": "OAXG",
    "connections.add": "OA",
    "connections.resume": "OA",
    "readiness.see": "OAVLXG",
    "readiness.check": "OAX",
    "readiness.waive": "OA",
    "notices.manage": "OA",
    "writes.stop": "OAG",
    "writes.resume": "OA",
    "people.manage": "OA",
    "people.owners": "O",
    "grants.manage": "OA",
    "company.settings": "OA",
    "tokens.manage": "OA",
    "company.export": "O",
    "company.delete": "O",
    "keys.replace": "OA",
    "rules.change": "OA",
    "audit.see": "OA",
}
# The same for Trellis's own area: Support, Operator.
STAFF = {
    "support.see": "SO",
    "support.stop": "O",
    "companies.add": "O",
    "grants.ask": "S",
    "grants.break_glass": "O",
    "audit.verify": "O",
}


def _grant(kind, *, act=False):
    return access.Granted(uuid4(), kind, act, utc_now() + timedelta(minutes=30), "a reason")


WHO = {
    "O": ("owner", None),
    "A": ("admin", None),
    "V": ("viewer", None),
    "L": ("support", _grant("support")),
    "X": ("support", _grant("support", act=True)),
    "G": ("operator", _grant("break_glass", act=True)),
    "nobody": ("support", None),
    "stranger": ("operator", None),
}


def _here(role, grant):
    return access.Here(uuid4(), "acme", "Acme", role, ZoneInfo("UTC"), stopped=False, grant=grant)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("permission", TENANT)
def test_who_may_do_what_in_a_company(permission, who):
    assert _here(*WHO[who]).may(permission) is (who in TENANT[permission])


def test_the_table_names_every_permission():
    given = frozenset().union(*access.TENANT_PERMISSIONS.values())
    assert given <= set(TENANT)
    assert set(TENANT) >= access.GRANT_ACTS | access.GRANT_SEES | access.BREAK_GLASS_ACTS
    assert frozenset().union(*access.STAFF_PERMISSIONS.values()) <= set(STAFF)


@pytest.mark.parametrize("permission", STAFF)
def test_who_may_do_what_in_the_support_area(permission):
    for letter, role in {"S": "support", "O": "operator"}.items():
        assert (permission in access.STAFF_PERMISSIONS[role]) is (letter in STAFF[permission])


def test_personal_data_is_hidden_from_whoever_is_here_under_a_grant():
    assert [who for who, what in WHO.items() if _here(*what).masked] == ["L", "X", "G"]
    sights = {_here(*WHO[who]).sight for who in "OAVLXG"}
    assert len(sights) == 6
