"""The tables, one module per topic."""

from portal.models.base import Base, new_id, utc_now
from portal.models.connections import CONNECTION_STATES, Connection, Facility, Hub, Secret
from portal.models.deliveries import Delivery
from portal.models.identity import STAFF_ROLES, TENANT_ROLES, Membership, User
from portal.models.links import LINK_STATES, Link, SearchTerm
from portal.models.operations import Operation
from portal.models.problems import Problem
from portal.models.proofs import Proof
from portal.models.runs import LogLine, Run
from portal.models.schedule import Stream
from portal.models.tenancy import Installation, Tenant
from portal.models.timeline import TimelineEvent

__all__ = [
    "CONNECTION_STATES",
    "LINK_STATES",
    "STAFF_ROLES",
    "TENANT_ROLES",
    "Base",
    "Connection",
    "Delivery",
    "Facility",
    "Hub",
    "Installation",
    "Link",
    "LogLine",
    "Membership",
    "Operation",
    "Problem",
    "Proof",
    "Run",
    "SearchTerm",
    "Secret",
    "Stream",
    "Tenant",
    "TimelineEvent",
    "User",
    "new_id",
    "utc_now",
]
