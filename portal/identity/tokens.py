"""Tokens: what a program shows to read one company. Kept as a hash, and worth what its maker is worth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from portal.identity import random_tokens
from portal.models import ApiToken, Membership, Tenant, User, new_id

# So that people and scanners of leaked secrets see what it is.
BEGINS = "trellis_"
DAYS = (30, 90, 365)
# How often its use is written down: a program may ask many times a second.
_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Found:
    """A token that is good: of which company, and whose sight it has."""

    id: UUID
    tenant: Tenant
    maker_id: UUID


def is_good() -> ColumnElement[bool]:
    """Whether a token was not revoked and has not run out."""
    return and_(ApiToken.revoked_at.is_(None), ApiToken.expires_at > func.clock_timestamp())


def of_tenant(session: Session, tenant_id: UUID, *, most: int = 200) -> list[ApiToken]:
    """List a company's tokens, the newest first; some are revoked or have run out."""
    query = select(ApiToken).where(ApiToken.tenant_id == tenant_id)
    return list(session.scalars(query.order_by(ApiToken.created_at.desc(), ApiToken.id.desc()).limit(most)))


def make(
    session: Session, tenant_id: UUID, *, name: str, days: int, maker_id: UUID, made_by: str
) -> tuple[ApiToken, str]:
    """Make a token. Returns the row, and the token itself, which cannot be read again.

    Args:
        session: inside the tenant.
        tenant_id: which company it reads.
        name: what it is for.
        days: how long it lasts.
        maker_id: whose it is.
        made_by: their name.
    """
    token = BEGINS + random_tokens.make()
    row = ApiToken(
        id=new_id(),
        tenant_id=tenant_id,
        name=name,
        token_hash=random_tokens.digest(token),
        last_four=token[-4:],
        maker_id=maker_id,
        made_by=made_by,
        expires_at=func.now() + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    return row, token


def revoke(session: Session, token: ApiToken, *, by: str) -> bool:
    """Take a token back, for good; False when that was done already."""
    return _revoke(session, ApiToken.id == token.id, by=by)


def revoke_all_of(session: Session, tenant_id: UUID, maker_id: UUID, *, by: str) -> bool:
    """Take back whatever tokens somebody made in a company; False when there are none."""
    return _revoke(session, ApiToken.tenant_id == tenant_id, ApiToken.maker_id == maker_id, by=by)


def find(identity: Session, token: str) -> Found | None:
    """Find the good token that a program shows, and note that it is used.

    Args:
        identity: an identity session.
        token: as it was sent.

    Returns:
        None when it is unknown, revoked or too old, its company is gone, or its maker has left it.
    """
    row = identity.execute(
        select(ApiToken.id, Tenant, ApiToken.maker_id)
        .join(Tenant, Tenant.id == ApiToken.tenant_id)
        .join(User, User.id == ApiToken.maker_id)
        .join(
            Membership,
            and_(Membership.tenant_id == ApiToken.tenant_id, Membership.user_id == ApiToken.maker_id),
        )
        .where(
            ApiToken.token_hash == random_tokens.digest(token),
            is_good(),
            Tenant.retired_at.is_(None),
            User.disabled_at.is_(None),
        )
    ).first()
    if row is None:
        return None
    identity.execute(
        update(ApiToken)
        .where(
            ApiToken.id == row[0],
            or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at < func.now() - _NOTED_EVERY),
        )
        .values(last_used_at=func.now())
        .execution_options(synchronize_session=False)
    )
    return Found(*row)


def _revoke(session: Session, *which: ColumnElement[bool], by: str) -> bool:
    revoked = session.execute(
        update(ApiToken)
        .where(*which, ApiToken.revoked_at.is_(None))
        .values(revoked_at=func.now(), revoked_by=by)
        .returning(ApiToken.id)
        .execution_options(synchronize_session=False)
    )
    return revoked.first() is not None
