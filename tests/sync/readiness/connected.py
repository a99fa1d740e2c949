"""A connection between the sandbox's Flourish and LeafLink, ready to be assessed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from portal.models import CheckResult, Connection, Facility
from portal.sync.audit import Actor
from portal.sync.connecting import add_connection, add_hub
from portal.sync.engine.desk import Desk
from portal.sync.readiness import assessing

ANN = Actor("Ann")


@dataclass(frozen=True)
class Connected:
    """One connection, and what is asked of it."""

    desk: Desk
    tenant_id: UUID
    id: UUID

    def assess(self, about: str = "") -> bool:
        """Run its checks here and now."""
        with self.desk.tenant(self.tenant_id) as session:
            run_id = assessing.begin(session, session.get_one(Connection, self.id), about=about)
        assert run_id is not None
        return assessing.assess(self.desk, self.tenant_id, run_id)

    def results(self) -> dict[str, CheckResult]:
        """What its checks last found, by name."""
        with self.desk.tenant(self.tenant_id) as session:
            rows = session.scalars(select(CheckResult).where(CheckResult.connection_id == self.id))
            return {row.name: row for row in rows}


def connected(desk: Desk, tenant_id: UUID, url: str, world: str = "greenleaf") -> Connected:
    """Connect a company of the sandbox."""
    add_hub(
        desk,
        tenant_id,
        name="Flourish",
        base_url=f"{url}/flourish/external/api",
        credentials={"api_key": f"fl-{world}-key"},
        actor=ANN,
    )
    with desk.tenant(tenant_id) as session:
        facility = session.scalars(select(Facility).order_by(Facility.flourish_id)).first()
        assert facility is not None
    made = add_connection(
        desk,
        tenant_id,
        hub_id=facility.hub_id,
        platform_key="leaflink",
        name="LeafLink",
        credentials={"api_key": f"ll-{world}-key", "webhook_key": f"ll-{world}-webhook"},
        facility=facility.flourish_id,
        actor=ANN,
        base_url=f"{url}/leaflink/api/v2/",
    )
    return Connected(desk, tenant_id, made.id)
