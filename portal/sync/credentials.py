"""Credentials: proven by a real call, sealed, and replaced without losing what waits (ON-1)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from portal.models import Connection, Hub, Link, Secret
from portal.sync import audit, journal, sealed
from portal.sync.addresses import BaseAddress, WrongAddress, check_address, is_sandbox
from portal.sync.contract import Platform
from portal.sync.decisions import Finding
from portal.sync.domain import Company, FacilityFacts
from portal.sync.engine.accounts import credentials as stored
from portal.sync.engine.desk import Desk
from portal.sync.engine.pace import Turnstile, paced
from portal.sync.errors import ConnectionBroken, Retryable, SyncError
from portal.sync.flourish import FLOURISH
from portal.sync.flourish.client import FlourishClient
from portal.sync.registry import platform as platform_by_key

_Proof = TypeVar("_Proof")

_UNANSWERED = (
    "The call with this key did not work: {error}. That says nothing about the key: try again in a few"
    " minutes. Nothing was saved."
)


class CannotConnect(Exception):
    """A hub or connection cannot be made or switched as asked; the message says what to do.

    Args:
        message: for the person who asked.
        field: the field of the form that it is about; empty for none.
    """

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Answered:
    """What an account answered when it was called with credentials that are not saved yet."""

    company: Company
    address: BaseAddress
    facilities: tuple[FacilityFacts, ...] = ()


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
    company = _company(desk, owner, merged)
    if isinstance(owner, Connection) and company.ref != owner.company_ref:
        raise CannotConnect(
            f"This key opens {company.name}, not {owner.company_name}. Nothing was changed.", field="api_key"
        )
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
            row.state = _as_before(row)
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
            subject=audit.account(row),
            detail={"fields": words},
        )
    return company


def recognised(sealed: Iterable[Secret]) -> list[str]:
    """Secrets by what people recognise them by: their field and last four characters."""
    return [f"{secret.field} …{secret.last_four}" for secret in sealed]


def _as_before(owner: Connection | Hub) -> str:
    """What a connection goes on as once its key works again; one that somebody paused stays paused."""
    if isinstance(owner, Hub):
        return "live"
    if owner.live_since is None:
        return "ready"
    return "live" if owner.paused_at is None else "paused"


def _company(desk: Desk, owner: Connection | Hub, given: Mapping[str, str]) -> Company:
    if isinstance(owner, Hub):
        return call_flourish(desk, given, base_url=owner.base_url, owner=str(owner.id)).company
    platform = platform_by_key(owner.platform)
    return call_platform(
        desk, platform, of_account(platform, given, owner), base_url=owner.base_url, owner=owner.key_owner
    ).company


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
        raise CannotConnect(f"{findings[0].title}. {findings[0].next_step}", field=findings[0].cause)


def checked_address(desk: Desk, base_url: str, hosts: tuple[str, ...]) -> BaseAddress:
    """Check where keys would be sent to.

    Raises:
        CannotConnect: it is no address of that system.
    """
    try:
        return check_address(base_url, hosts=hosts, allow_loopback=desk.settings.allow_loopback)
    except WrongAddress as error:
        raise CannotConnect(str(error), field="base_url") from error


def complete(platform: Platform, credentials: Mapping[str, str]) -> Mapping[str, str]:
    """Return a new connection's credentials when none that is secret is missing.

    Raises:
        CannotConnect: one is.
    """
    refuse(platform.check_credentials(credentials))
    for one in platform.credentials:
        if one.secret and not credentials.get(one.name, "").strip():
            raise CannotConnect(f"{one.label} is missing.", field=one.name)
    return credentials


def of_account(platform: Platform, given: Mapping[str, str], connection: Connection) -> Mapping[str, str]:
    """Credentials for the account that a connection is of already; which one it is, nobody enters again."""
    if not platform.account_field:
        return given
    return {**given, platform.account_field: connection.company_ref or ""}


def call_platform(
    desk: Desk, platform: Platform, credentials: Mapping[str, str], *, base_url: str, owner: str
) -> Answered:
    """Call a sales platform with credentials that are not saved yet.

    Args:
        desk: what to work with.
        platform: which one.
        credentials: by field name.
        base_url: its address.
        owner: whose rate budget the calls are taken from.

    Raises:
        CannotConnect: they do not work.
    """
    refuse(platform.check_credentials(credentials))
    address = checked_address(desk, base_url, platform.hosts)
    turnstile = Turnstile(desk, f"{platform.key}:{owner}", platform.throttle)
    calls = paced(address, platform.authorise(credentials), platform.label, turnstile)
    place = place_of(platform.label, address, platform.test_hosts)
    account = credentials.get(platform.account_field, "").strip()
    client = platform.connect(calls, account, platform.chosen({}))
    return Answered(proven(client.company, place), address)


def call_flourish(desk: Desk, credentials: Mapping[str, str], *, base_url: str, owner: str) -> Answered:
    """Call Flourish with credentials that are not saved yet; otherwise as `call_platform`.

    Raises:
        CannotConnect: they do not work.
    """
    refuse(FLOURISH.check_credentials(credentials))
    address = checked_address(desk, base_url, FLOURISH.hosts)
    turnstile = Turnstile(desk, f"{FLOURISH.key}:{owner}", FLOURISH.throttle)
    client = FlourishClient(paced(address, FLOURISH.authorise(credentials), FLOURISH.label, turnstile))
    place = place_of(FLOURISH.label, address, FLOURISH.test_hosts)
    company, facilities = proven(lambda: (client.company(), client.facilities()), place)
    return Answered(company, address, facilities)


def place_of(label: str, address: BaseAddress, test_hosts: Collection[str]) -> str:
    """Where a call goes, as people say it: a key of production is none of a sandbox, and the reverse."""
    return f"{label}'s {'sandbox' if is_sandbox(address.url, test_hosts) else 'production'}"


def proven(call: Callable[[], _Proof], place: str = "") -> _Proof:
    """Make a real call with the new credentials before anything is saved (ON-1).

    Args:
        call: the call.
        place: where it goes.

    Raises:
        CannotConnect: it did not work; the message says whether that says anything about the key.
    """
    try:
        return call()
    except ConnectionBroken as error:
        if error.field:
            raise CannotConnect(f"{error.reason} Nothing was saved.", field=error.field) from error
        kind = f", and that it is a key of {place} and of nothing else" if place else ""
        raise CannotConnect(
            f"The key is refused: {error.reason}. Check that it was copied whole, that it has not expired or"
            f" been revoked{kind}.",
            field="api_key",
        ) from error
    except Retryable as error:
        if not error.throttled:
            raise CannotConnect(_UNANSWERED.format(error=error)) from error
        wait = f"{error.after:.0f} seconds" if error.after else "a minute"
        raise CannotConnect(f"{error}. Wait {wait}, then send this again. Nothing was saved.") from error
    except SyncError as error:
        raise CannotConnect(_UNANSWERED.format(error=error)) from error


def seal_all(
    desk: Desk, tenant_id: UUID, owner_id: UUID, values: Mapping[str, str], actor: audit.Actor
) -> list[Secret]:
    """Seal credentials of a hub or connection, ready to be stored."""
    keys = desk.settings.master_keys
    return [
        sealed.secret(keys, plain, tenant_id=tenant_id, owner_id=owner_id, field=field, set_by=actor.name)
        for field, plain in values.items()
        if plain
    ]
