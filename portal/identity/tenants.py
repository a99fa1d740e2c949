"""Tenants: the operators' companies are made here, in the browser as on the command line."""

from __future__ import annotations

import re
from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.extensions import Sessions
from portal.models import Tenant, new_id

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,38}[a-z0-9]")


class NotAccepted(ValueError):
    """A tenant cannot be made like this; the message says why."""


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
        raise NotAccepted(f"{slug!r} is no slug: 3 to 40 lower-case letters, digits and hyphens.")
    tenant = Tenant(id=new_id(), slug=slug, name=check_name(name), timezone=check_timezone(timezone))
    try:
        with sessions.system() as session:
            session.add(tenant)
            session.flush()
            if record is not None:
                record(session, tenant)
    except IntegrityError as error:
        raise NotAccepted(f"The slug {slug} is taken, now or by an earlier tenant.") from error
    return tenant


def check_name(name: str) -> str:
    """Return a company's name as it is kept.

    Raises:
        NotAccepted: it cannot be taken.
    """
    kept = " ".join(name.replace("\x00", "").split())
    if not kept:
        raise NotAccepted("Give the company's name.")
    return kept


def check_timezone(timezone: str) -> str:
    """Return the name of a time zone as it is kept.

    Raises:
        NotAccepted: there is no such zone.
    """
    try:
        return ZoneInfo(timezone).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise NotAccepted(f"There is no time zone {timezone!r}; give one such as America/Denver.") from error
