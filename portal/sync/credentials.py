"""Credentials: proven by a real call, sealed, and replaced without losing what waits (ON-1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from portal.models import Connection, Hub, Link, Secret
from portal.sync import audit, journal, secrets
from portal.sync.addresses import BaseAddress, WrongAddress, check_address
from portal.sync.decisions import Finding
from portal.sync.domain import Company
from portal.sync.engine.accounts import credentials as stored
from portal.sync.engine.desk import Desk
from portal.sync.engine.pace import Turnstile, paced
from portal.sync.errors import ConnectionBroken, SyncError
from portal.sync.flourish import FLOURISH
from portal.sync.flourish.client import FlourishClient
from portal.sync.registry import platform as platform_by_key

_Proof = TypeVar("_Proof")


class CannotConnect(Exception):
    """A hub or connection cannot be made or switched as asked; the message says what to do."""


def replace_key(
    desk: Desk, tenant_id: UUID, owner: Connection | Hub, given: Mapping[str, str], *, actor: audit.Actor
) -> Company:
    """Replace credentials of a connection or hub, once a real call with the new ones has succeeded.

    The old ones stay in force until then. A connection whose key was refused goes on where it stopped.

    Args:
        desk: what to work with.
        tenant_id: whose it is.
        owner: the connection or hub, as read.
        given: the credentials that change, by field name.
        actor: who does it.

    Returns:
        The company whose account the key opens.

    Raises:
        CannotConnect: the new key does not work, or opens another company's account.
    """
    with desk.tenant(tenant_id) as session:
        merged = {**stored(desk, session, owner), **given}
    company = proven(lambda: _company(desk, owner, merged))
    if isinstance(owner, Connection) and company.ref != owner.company_ref:
        raise CannotConnect(f"This key opens {company.name}, not {owner.company_name}. Nothing was changed.")
    with desk.tenant(tenant_id) as session:
        # Links first, then the connection: the order in which the engine locks them.
        _look_again(session, owner)
        sealed = seal_all(desk, tenant_id, owner.id, given, actor)
        words = recognised(sealed)
        _store(session, sealed)
        row: Connection | Hub = (
            session.get_one(Hub, owner.id)
            if isinstance(owner, Hub)
            else session.get_one(Connection, owner.id)
        )
        row.proven_at = func.now()
        if row.state == "needs_credentials":
            row.state = "ready" if isinstance(row, Connection) and row.live_since is None else "live"
        for connection in _served(session, row):
            journal.report(
                session, connection, (), code="needs_credentials", solved=f"{actor} replaced the key."
            )
            journal.log(session, connection, "info", f"{actor} replaced the key of {row.name}")
        audit.record(
            session,
            desk.settings.master_keys,
            tenant_id,
            "credentials.replaced",
            actor=actor,
            subject=account(row),
            detail={"fields": words},
        )
    return company


def account(owner: Connection | Hub) -> audit.Subject:
    """A connection or hub, as the audit names it."""
    kind = "hub" if isinstance(owner, Hub) else "connection"
    return audit.Subject(kind, str(owner.id), owner.name)


def recognised(sealed: Iterable[Secret]) -> list[str]:
    """Secrets by what people recognise them by: their field and last four characters."""
    return [f"{secret.field} …{secret.last_four}" for secret in sealed]


def _company(desk: Desk, owner: Connection | Hub, given: Mapping[str, str]) -> Company:
    if isinstance(owner, Hub):
        refuse(FLOURISH.check_credentials(given))
        address = checked_address(desk, owner.base_url, FLOURISH.hosts)
        name = f"flourish:{owner.id}"
        calls = paced(
            address, FLOURISH.authorise(given), FLOURISH.label, Turnstile(desk, name, FLOURISH.throttle)
        )
        return FlourishClient(calls).company()
    platform = platform_by_key(owner.platform)
    refuse(platform.check_credentials(given))
    address = checked_address(desk, owner.base_url, platform.hosts)
    name = f"{platform.key}:{owner.key_owner}"
    calls = paced(
        address, platform.authorise(given), platform.label, Turnstile(desk, name, platform.throttle)
    )
    return platform.connect(calls).company()


def _store(session: Session, sealed: list[Secret]) -> None:
    """Put new secrets in the place of old ones."""
    for secret in sealed:
        old = session.scalar(
            select(Secret).where(Secret.owner_id == secret.owner_id, Secret.field == secret.field)
        )
        if old is None:
            session.add(secret)
            continue
        for name in ("ciphertext", "key_id", "last_four", "set_at", "set_by"):
            setattr(old, name, getattr(secret, name))


def _look_again(session: Session, owner: Connection | Hub) -> None:
    mine = Link.hub_id == owner.id if isinstance(owner, Hub) else Link.connection_id == owner.id
    session.execute(
        update(Link)
        .where(mine, or_(Link.state == "waiting", Link.due_at.is_not(None)))
        .values(due_at=func.now(), dirty_seq=Link.dirty_seq + 1)
        .execution_options(synchronize_session=False)
    )


def _served(session: Session, owner: Connection | Hub) -> list[Connection]:
    if isinstance(owner, Connection):
        return [owner]
    return list(session.scalars(select(Connection).where(Connection.hub_id == owner.id)))


def refuse(findings: tuple[Finding, ...]) -> None:
    """Raise when credentials are wrong on the face of it.

    Raises:
        CannotConnect: the first finding, in words.
    """
    if findings:
        raise CannotConnect(f"{findings[0].title}. {findings[0].next_step}")


def checked_address(desk: Desk, base_url: str, hosts: tuple[str, ...]) -> BaseAddress:
    """Check where keys would be sent to.

    Raises:
        CannotConnect: it is no address of that system.
    """
    try:
        return check_address(base_url, hosts=hosts, allow_loopback=desk.settings.allow_loopback)
    except WrongAddress as error:
        raise CannotConnect(str(error)) from error


def proven(call: Callable[[], _Proof]) -> _Proof:
    """Make a real call with the new credentials before anything is saved (ON-1)."""
    try:
        return call()
    except ConnectionBroken as error:
        raise CannotConnect(f"The key is refused: {error.reason}. Check that it was copied whole.") from error
    except SyncError as error:
        raise CannotConnect(f"The call with this key did not work: {error}. Nothing was saved.") from error


def seal_all(
    desk: Desk, tenant_id: UUID, owner_id: UUID, values: Mapping[str, str], actor: audit.Actor
) -> list[Secret]:
    """Seal credentials of a hub or connection, ready to be stored."""
    rows = []
    for field, plain in values.items():
        if not plain:
            continue
        sealed = secrets.seal(
            desk.settings.master_keys, plain, tenant_id=str(tenant_id), owner_id=str(owner_id), field=field
        )
        rows.append(
            Secret(
                tenant_id=tenant_id,
                owner_id=owner_id,
                field=field,
                ciphertext=sealed.ciphertext,
                key_id=sealed.key_id,
                last_four=sealed.last_four,
                set_at=func.now(),
                set_by=actor.name,
            )
        )
    return rows
