"""A company in use: it is connected already, and a second connection would serve it twice."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, and_, select

from portal.models import COMPANY_IN_USE, Connection
from portal.sync.credentials import CannotConnect
from portal.sync.engine.desk import Desk


def refuse(desk: Desk, tenant_id: UUID, which: tuple[str, str, str], *, but: UUID | None = None) -> None:
    """Keep a company from being connected twice.

    A connection of the same tenant is named; of another tenant's nothing is told but that it is there, and
    that to somebody who holds a key of the company.

    Args:
        desk: what to work with.
        tenant_id: who wants to connect it.
        which: the platform's key, its address, and the company's id there.
        but: a connection that does not count.

    Raises:
        CannotConnect: it is connected already.
    """
    if words := _connected_already(desk, tenant_id, which, but):
        raise CannotConnect(words, field="api_key")


def _connected_already(desk: Desk, tenant_id: UUID, which: tuple[str, str, str], but: UUID | None) -> str:
    same = _same(which)
    with desk.tenant(tenant_id) as session:
        own = select(Connection.name).where(same, Connection.state != "disconnected")
        if but is not None:
            own = own.where(Connection.id != but)
        if name := session.scalar(own.order_by(Connection.created_at).limit(1)):
            return f"This company is connected already, as {name}."
    with desk.sessions.system() as session:
        elsewhere = select(Connection.id).where(
            same, Connection.state.in_(COMPANY_IN_USE), Connection.tenant_id != tenant_id
        )
        if session.scalar(elsewhere.limit(1)) is None:
            return ""
    return (
        "This company is live in another connection, which is not one of yours. It has to be disconnected"
        " there first; Trellis support helps to find out by whom."
    )


def _same(which: tuple[str, str, str]) -> ColumnElement[bool]:
    platform, base_url, company_ref = which
    return and_(
        Connection.platform == platform,
        Connection.base_url == base_url,
        Connection.company_ref == company_ref,
    )
