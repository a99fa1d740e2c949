"""Whatever is done to a chain behind the product's back is reported, with its place."""

from __future__ import annotations

import os

import pytest
from sqlalchemy import text

from portal.models import AuditHead, utc_now
from portal.sync import audit
from portal.sync.audit import anchors
from portal.sync.audit.record import KEY_FIELD, KEY_OWNER, chain_key
from portal.sync.audit.verify import verify
from portal.sync.secrets import seal
from tests.sync.audit.chains import grow, grow_long, tampering

ROWS = 45


@pytest.fixture
def chain(desk, tenant_id):
    grow(desk, tenant_id, ROWS)
    return tenant_id


def looked(desk, chain, known=(), keys=None):
    with desk.sessions.system() as session:
        return verify(session, keys or desk.settings.master_keys, chain, known)


def words(desk, chain, known=()):
    return [tamper.words for tamper in looked(desk, chain, known).tampers]


def anchored(desk, chain):
    """An anchor of the chain as it is now."""
    with desk.sessions.system() as session:
        head = session.get_one(AuditHead, chain)
        return anchors.Anchor(chain, head.seq, head.hash, utc_now())


_MOVE = "UPDATE audit_event SET seq = seq + {by} WHERE seq {where}"
# The primary key is looked at row by row, so numbers are moved out of the way first.
_SHIFT_DOWN = (_MOVE.format(by=1000, where="> 13"), _MOVE.format(by=-1001, where="> 1000"))
_SHIFT_UP = (_MOVE.format(by=1000, where=">= 13"), _MOVE.format(by=-999, where="> 1000"))
_ADDED = (
    "INSERT INTO audit_event SELECT chain, {seq}, at, actor_id, 'Mallory', role, address, reference, action,"
    " subject_kind, subject_id, subject, detail, {hash} FROM audit_event WHERE seq = {like}"
)


def _swap(one, two):
    return tuple(
        f"UPDATE audit_event SET seq = {to} WHERE seq = {seq}"
        for seq, to in ((one, 1000), (two, one), (1000, two))
    )


def _rotate(first, last):
    """Put one row behind others."""
    return (
        f"UPDATE audit_event SET seq = 1000 WHERE seq = {first}",
        f"UPDATE audit_event SET seq = seq + 2000 WHERE seq > {first} AND seq <= {last}",
        "UPDATE audit_event SET seq = seq - 2001 WHERE seq > 2000",
        f"UPDATE audit_event SET seq = {last} WHERE seq = 1000",
    )


TAMPERS = {
    "an edited row": (
        ["UPDATE audit_event SET actor = 'nobody' WHERE seq = 17"],
        ["row 17 was changed: its hash does not fit"],
    ),
    "an edited detail": (
        ["""UPDATE audit_event SET detail = detail || '{"reason": "none"}' WHERE seq = 1"""],
        ["row 1 was changed: its hash does not fit"],
    ),
    "the last row, edited": (
        ["UPDATE audit_event SET at = at - interval '1 day' WHERE seq = 45"],
        ["row 45 was changed: its hash does not fit"],
    ),
    "an edited hash": (
        ["UPDATE audit_event SET hash = sha256('x') WHERE seq = 17"],
        ["row 17 was changed: its hash does not fit"],
    ),
    "a row edited with its hash": (
        ["UPDATE audit_event SET actor = 'nobody', hash = sha256('x') WHERE seq = 17"],
        ["rows 17 to 18 were changed, or some of them: they do not fit"],
    ),
    "two edited rows": (
        ["UPDATE audit_event SET actor = 'nobody' WHERE seq IN (3, 30)"],
        ["row 3 was changed: its hash does not fit", "row 30 was changed: its hash does not fit"],
    ),
    "deleted in the middle": (
        ["DELETE FROM audit_event WHERE seq IN (12, 13)"],
        ["rows 12 to 13 are missing; row 14 cannot be proven without"],
    ),
    "deleted, and numbered anew": (
        ["DELETE FROM audit_event WHERE seq = 13", *_SHIFT_DOWN],
        ["row 13 is missing, and those after numbered anew"],
    ),
    "the last but one deleted, and numbered anew": (
        ["DELETE FROM audit_event WHERE seq = 44", "UPDATE audit_event SET seq = 44 WHERE seq = 45"],
        ["row 44 is missing, and those after numbered anew"],
    ),
    "a deleted tail": (
        ["DELETE FROM audit_event WHERE seq > 40"],
        ["everything after row 40 is missing: the head of the chain knows row 45"],
    ),
    "all rows deleted": (
        ["DELETE FROM audit_event"],
        ["all rows are missing: the head of the chain knows row 45"],
    ),
    "two rows swapped": (_swap(17, 18), ["rows 17 and 18 were swapped"]),
    "two rows swapped that are far apart": (_swap(5, 40), ["rows 5 and 40 were swapped"]),
    "a row put behind others": (_rotate(17, 22), ["rows 17 to 22 are in another order"]),
    "a row inserted": (
        [*_SHIFT_UP, _ADDED.format(seq=13, hash="sha256('x')", like=12)],
        ["row 13 was inserted, and those after numbered anew"],
    ),
    "a row inserted at the end": (
        [_ADDED.format(seq=46, hash="sha256('x')", like=45)],
        ["row 46 was inserted: the chain ends with row 45"],
    ),
    "a changed head": (
        ["UPDATE audit_head SET hash = sha256('x')"],
        ["the head of the chain was changed: it does not fit row 45"],
    ),
    "a head set back": (
        ["UPDATE audit_head SET seq = 40"],
        ["the head of the chain was changed: it says that row 40 is the last, and row 45 is there"],
    ),
    "a head deleted with the key": (
        ["DELETE FROM audit_head"],
        ["the head of the chain is missing, and with it the key: no row can be proven"],
    ),
}


@pytest.mark.parametrize("name", TAMPERS)
def test_each_tamper_is_one_finding_with_its_place(desk, chain, engine, name):
    statements, expected = TAMPERS[name]
    with tampering(engine) as connection:
        for statement in statements:
            connection.execute(text(statement))

    assert words(desk, chain) == expected


def test_a_tail_that_was_cut_with_its_head_is_known_by_the_anchor(desk, chain, engine):
    known = [anchored(desk, chain)]
    with tampering(engine) as connection:
        connection.execute(text("DELETE FROM audit_event WHERE seq > 40"))
        connection.execute(
            text(
                "UPDATE audit_head SET seq = 40,"
                " hash = (SELECT hash FROM audit_event WHERE seq = 40 AND chain = audit_head.chain)"
            )
        )

    assert words(desk, chain) == []  # the chain alone cannot know
    at = f"{known[0].at:%Y-%m-%d %H:%M}"
    assert words(desk, chain, known) == [
        f"everything after row 40 is missing: the anchor of {at} UTC knows row 45"
    ]

    grow(desk, chain, 6)  # and the product writes on
    assert words(desk, chain, known) == [
        f"rows 1 to 45 were written anew: the anchor of {at} UTC knows another row 45"
    ]


def test_a_chain_that_is_gone_altogether_is_known_by_the_anchor(desk, chain, engine):
    known = [anchored(desk, chain)]
    with tampering(engine) as connection:
        connection.execute(text("DELETE FROM audit_event"))
        connection.execute(text("DELETE FROM audit_head"))

    kinds = [tamper.kind for tamper in looked(desk, chain, known).tampers]
    assert kinds == ["head", "tail"]


def test_anchors_of_an_untouched_chain_agree_with_it(desk, chain):
    known = [anchored(desk, chain)]
    grow(desk, chain, 3)

    assert words(desk, chain, [*known, anchored(desk, chain)]) == []


def test_an_untouched_chain_of_thousands_verifies(desk, tenant_id, engine):
    grow_long(desk, engine, tenant_id, 5000)

    verdict = looked(desk, tenant_id)
    assert (verdict.rows, verdict.tampers) == (5000, ())


def test_a_chain_that_has_not_begun_is_in_order(desk, tenant_id):
    assert looked(desk, tenant_id).tampers == ()


def test_a_chain_is_proven_after_the_master_key_was_changed(desk, chain):
    keys = {"new": os.urandom(32), **desk.settings.master_keys}
    with desk.sessions.system() as session:
        head = session.get_one(AuditHead, chain)
        plain = chain_key(keys, chain, head.sealed_key).hex()
        sealed = seal(keys, plain, tenant_id=str(chain), owner_id=KEY_OWNER, field=KEY_FIELD)
        head.sealed_key = sealed.ciphertext

    assert looked(desk, chain, keys={"new": keys["new"]}).tampers == ()


def test_without_its_key_a_chain_is_not_called_good(desk, chain):
    verdict = looked(desk, chain, keys={"other": b"9" * 32})

    assert [tamper.kind for tamper in verdict.tampers] == ["key"]
    assert "'t1' is not configured" in verdict.tampers[0].words


def test_what_the_database_writes_in_its_own_way_is_proven_all_the_same(desk, tenant_id):
    odd = {"rate": 1e22, "zero": -0.0, "text": "\x00\ud800", "list": (1, 2.50), "none": None, "on": True}
    with desk.sessions.tenant(tenant_id) as session:
        audit.record(
            session,
            desk.settings.master_keys,
            tenant_id,
            "connection.rate_changed",
            actor=audit.Actor("Dana\x00\ud800"),
            detail=odd,
        )

    assert words(desk, tenant_id) == []
