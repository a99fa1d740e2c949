"""Metrics: what Prometheus asks each web process, from this machine or with the installation's token."""

from __future__ import annotations

import hmac
import ipaddress
import time
from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from portal.access import public
from portal.blueprints.figures import Installation

blueprint = Blueprint("metrics", __name__)

_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
# What a proxy adds: whoever comes through one is not on this machine, whatever the settings say of proxies.
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


class Metrics:
    """The figures of the installation, and of the requests that this process answered."""

    def __init__(self, installation: Installation) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(installation)
        self._requests = Counter(
            "trellis_requests",
            "Requests answered, by route and status.",
            ["route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "trellis_request_seconds",
            "How long a request took.",
            ["route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)


def install(app: Flask) -> None:
    """Count every request of the application."""
    metrics = Metrics(Installation(app.extensions["trellis"].desk))
    app.extensions["trellis_metrics"] = metrics

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        # A route's name, never an address, which may hold a token.
        seconds = time.perf_counter() - g.get("began", time.perf_counter())
        metrics.answered(request.endpoint or "none", response.status_code, seconds)
        return response


@blueprint.get("/metrics")
@public
def show() -> Any:
    """Write all figures in Prometheus' text format."""
    if not _may_read():
        return (
            "Ask from this machine, or with the token of TRELLIS_METRICS_TOKEN.\n",
            401,
            {"Content-Type": "text/plain; charset=utf-8", "WWW-Authenticate": "Bearer"},
        )
    text = generate_latest(current_app.extensions["trellis_metrics"].registry)
    return text, 200, {"Content-Type": CONTENT_TYPE_PLAIN_0_0_4}


def _may_read() -> bool:
    token = current_app.extensions["trellis"].settings.metrics_token
    given = request.authorization
    if given is not None:
        sent = given.token or "" if given.type == "bearer" else ""
        return bool(token) and hmac.compare_digest(sent.encode(), token.encode())
    return _is_loopback(request.remote_addr or "") and not any(name in request.headers for name in _FORWARDED)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
