"""Connections for programs, with their state; never with a credential."""

from __future__ import annotations

from uuid import UUID

from flask import abort

from portal.access import here
from portal.blueprints.api.operations import api
from portal.extensions import db
from portal.queries import connections as queries
from portal.shapes import Connection, Shape


class Connections(Shape):
    """All connections, by name."""

    items: list[Connection]


@api.get("/connections", "connections.see", Connections)
def list_connections() -> Connections:
    """List the connections to sales platforms, by name."""
    rows = queries.all_of(db.session(), here().id)
    return Connections(items=[Connection.model_validate(row) for row in rows])


@api.get("/connections/<uuid:connection_id>", "connections.see", Connection)
def get_connection(connection_id: UUID) -> Connection:
    """Read one connection."""
    row = queries.one(db.session(), here().id, connection_id)
    return Connection.model_validate(row) if row else abort(404)
