"""Whether this process lives, and whether it can serve."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from portal import migrations
from portal.access import public
from portal.extensions import db
from portal.queries import health, stops

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public
def alive() -> Any:
    """Say that the process answers, and nothing else."""
    return "ok", 200, {"Content-Type": "text/plain; charset=utf-8"}


@blueprint.get("/readyz")
@public
def ready() -> Any:
    """Say whether the database answers with the tables that this program was written for.

    Without Redis, a doorbell, work is only slower; while writing is stopped, pages are as needed as ever; and
    a database that is ahead is one of an upgrade under way.
    """
    database = _database_state()
    schema, writing = _schema_and_writing() if database == "ok" else ("unknown", "unknown")
    fine = database == "ok" and schema in ("current", "ahead")
    parts = {"database": database, "migrations": schema, "redis": _redis_state(), "writing": writing}
    return parts, 200 if fine else 503


def _database_state() -> str:
    try:
        health.answers(db.session())
    except SQLAlchemyError:
        return "down"
    return "ok"


def _schema_and_writing() -> tuple[str, str]:
    """Whether the schema is `current`, `behind` or `ahead`, and whether the operator's stop switch is on."""
    try:
        with current_app.extensions["trellis"].sessions.system() as system:
            schema = migrations.standing(health.revisions(system))
            return schema, "stopped" if stops.standing(system) else "on"
    except SQLAlchemyError:
        return "behind", "unknown"  # of before it could be asked


def _redis_state() -> str:
    try:
        current_app.extensions["trellis"].redis.ping()
    except RedisError:
        return "down"
    return "ok"
