"""Flows of a connection: when each last worked, or why nothing flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from portal.models import Connection
from portal.queries import flows as queries
from portal.sync import registry
from portal.sync.catalogues import Catalogue
from portal.sync.contract import Platform
from portal.sync.course import by_table
from portal.sync.engine.gate import may_read, may_take_deliveries
from portal.sync.engine.poll import FLOURISH_ORDERS, FLOURISH_RETAIL_ORDERS, hub_list_of
from portal.sync.engine.streams import ORDERS
from portal.sync.flows import (
    FLOURISH_POLLS,
    FLOURISH_WEBHOOKS,
    FLOWS,
    POLLS,
    PRODUCTS,
    STATUSES,
    STOCK,
    WEBHOOKS,
    Flow,
)

_KINDS = tuple(dict.fromkeys(kind for flow in FLOWS for kind in flow.kinds))
_OFF, _NOT_SENT = "switched off", "none are sent"
# What a declaration calls stock among the fields of products.
_STOCK_FIELD = "stock"
# Why nothing is written in a state other than live.
_IDLE: Mapping[str, str] = {
    "paused": "paused",
    "needs_credentials": "needs a key",
    "disconnected": "disconnected",
}


@dataclass(frozen=True)
class Standing:
    """How one flow of one connection stands."""

    flow: Flow
    label: str
    # When it last worked; None when it never did.
    last: datetime | None
    # Why nothing flows now, in a word or two; empty while it may.
    off: str

    @property
    def name(self) -> str:
        """What people call the flow."""
        return self.flow.name.format(self.label)

    @property
    def success(self) -> str:
        """What counts as a success of it."""
        return self.flow.success.format(self.label)


def standings(
    session: Session, tenant_id: UUID, connections: Sequence[Connection]
) -> dict[UUID, list[Standing]]:
    """Read how the flows of each of a tenant's connections stand."""
    written = queries.last_worked(session, tenant_id, _KINDS)
    read = queries.last_read(session, tenant_id, (ORDERS, FLOURISH_ORDERS, FLOURISH_RETAIL_ORDERS))
    found = {}
    for connection in connections:
        platform = registry.platform(connection.platform)
        heard = {
            WEBHOOKS: connection.last_delivery_at,
            FLOURISH_WEBHOOKS: connection.hub.last_delivery_at,
            POLLS: read.get((connection.id, ORDERS)),
            FLOURISH_POLLS: read.get((connection.hub_id, hub_list_of(platform))),
        }
        found[connection.id] = [
            Standing(
                flow,
                platform.label,
                heard[flow] if flow in heard else _newest(written, connection.id, flow),
                why_off(flow, connection, platform),
            )
            for flow in FLOWS
        ]
    return found


def lately(session: Session, connection: Connection, since: datetime) -> dict[Flow, int]:
    """Count what worked of each flow of a connection since then; what is heard or read is not counted."""
    counts = queries.worked_since(session, connection.tenant_id, connection.id, _KINDS, since)
    return {flow: sum(counts.get(kind, 0) for kind in flow.kinds) for flow in FLOWS}


def _newest(
    written: Mapping[tuple[UUID, str], datetime | None], connection_id: UUID, flow: Flow
) -> datetime | None:
    times = (written.get((connection_id, kind)) for kind in flow.kinds)
    return max(filter(None, times), default=None)


def why_off(flow: Flow, connection: Connection, platform: Platform) -> str:
    """Say why nothing of a flow can come, in a word or two; empty while it can."""
    own, hubs = connection.state, connection.hub.state
    if flow is WEBHOOKS:
        return _unheard(own) if platform.webhook else _NOT_SENT
    if flow is FLOURISH_WEBHOOKS:
        return _unheard(hubs)
    if flow in (POLLS, FLOURISH_POLLS):
        return "" if may_read(connection) and connection.live_since else _idle(own, hubs)
    if flow in (PRODUCTS, STOCK) and (reason := _no_catalogue(flow, connection, platform)):
        return reason
    if flow is STATUSES and not _moves(connection, platform):
        return _OFF
    return "" if own == hubs == "live" else _idle(own, hubs)


def _unheard(state: str) -> str:
    return "" if may_take_deliveries(state) else _idle(state)


def _idle(*states: str) -> str:
    return next((_IDLE[state] for state in states if state in _IDLE), "not live yet")


def _moves(connection: Connection, platform: Platform) -> bool:
    """Whether any status moves an order of its platform; a course that goes by no table always does."""
    table = platform.chosen(connection.settings).get("status_table", platform.default_status_table)
    return platform.course.target is not by_table or any(table.values())


def _no_catalogue(flow: Flow, connection: Connection, platform: Platform) -> str:
    if platform.catalogue is None:
        return "not offered"
    if not _is_written(platform.catalogue, flow, platform.chosen(connection.settings)):
        return _OFF
    return "" if connection.catalogue_since else "not begun"


def _is_written(catalogue: Catalogue, flow: Flow, chosen: Mapping[str, Any]) -> bool:
    return any(
        row.is_written(chosen) for row in catalogue.fields if (row.name == _STOCK_FIELD) is (flow is STOCK)
    )
