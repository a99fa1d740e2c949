"""Tenants: the operators' companies are made here, in the browser as on the command line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import count
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.extensions import Sessions
from portal.models import Tenant, new_id

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,38}[a-z0-9]")


_LONGEST_SLUG = 40


class NotAccepted(ValueError):
    """A tenant cannot be made like this; the message says why, and `field` what it is about."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def create(
    sessions: Sessions,
    *,
    slug: str,
    name: str,
    timezone: str,
    record: Callable[[Session, Tenant], None] | None = None,
) -> Tenant:
    """Make a tenant.

    Args:
        sessions: where to.
        slug: its part of every address; never given out again.
        name: the company's name.
        timezone: an IANA name, such as "America/Los_Angeles".
        record: called last in the transaction, to record the act.

    Raises:
        NotAccepted: a value cannot be taken.
    """
    if not _SLUG.fullmatch(slug):
        words = f"{slug!r} is no slug: 3 to 40 lower-case letters, digits and hyphens."
        raise NotAccepted(words, field="slug")
    tenant = Tenant(id=new_id(), slug=slug, name=check_name(name), timezone=check_timezone(timezone))
    try:
        with sessions.system() as session:
            session.add(tenant)
            session.flush()
            if record is not None:
                record(session, tenant)
    except IntegrityError as error:
        if "uq_tenant_slug" not in str(error.orig):
            raise
        taken = f"The slug {slug} is taken, now or by an earlier tenant."
        raise NotAccepted(taken, field="slug") from error
    return tenant


def proposed_slug(system: Session, name: str) -> str:
    """Make a slug of a company's name that nobody has or had; empty when the name has nothing for one.

    Args:
        system: a system session.
        name: the company's name.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: _LONGEST_SLUG - 4].strip("-")
    if not _SLUG.fullmatch(slug):
        return ""
    taken = set(system.scalars(select(Tenant.slug).where(Tenant.slug.startswith(slug, autoescape=True))))
    numbered = (f"{slug}-{number}" for number in count(2))
    return slug if slug not in taken else next(one for one in numbered if one not in taken)


def check_name(name: str) -> str:
    """Return a company's name as it is kept.

    Raises:
        NotAccepted: it cannot be taken.
    """
    kept = " ".join(name.replace("\x00", "").split())
    if not kept:
        raise NotAccepted("Give the company's name.", field="name")
    return kept


def check_timezone(timezone: str) -> str:
    """Return the name of a time zone as it is kept.

    Raises:
        NotAccepted: there is no such zone.
    """
    try:
        return ZoneInfo(timezone).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        words = f"There is no time zone {timezone!r}; give one such as America/Denver."
        raise NotAccepted(words, field="timezone") from error
