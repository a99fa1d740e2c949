"""Whether this process lives, and whether it can serve."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from portal.access import public
from portal.extensions import db
from portal.queries import health

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public
def alive() -> Any:
    """Say that the process answers, and nothing else."""
    return "ok", 200, {"Content-Type": "text/plain; charset=utf-8"}


@blueprint.get("/readyz")
@public
def ready() -> Any:
    """Say whether the database answers with our tables. Without Redis, a doorbell, work is only slower."""
    database, redis = _database_state(), _redis_state()
    return {"database": database, "redis": redis}, 200 if database == "ok" else 503


def _database_state() -> str:
    try:
        health.answers(db.session())
    except SQLAlchemyError:
        return "down"
    return "ok"


def _redis_state() -> str:
    try:
        current_app.extensions["trellis"].redis.ping()
    except RedisError:
        return "down"
    return "ok"
