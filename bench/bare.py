"""The measure for ingest: a Flask route that does one HMAC and one raw insert, and nothing else."""

from __future__ import annotations

import base64
import hmac
import os
import threading

import psycopg
import uvicorn
from a2wsgi import WSGIMiddleware
from flask import Flask, request

from portal.asgi import WORKERS

app = Flask("bare")
_local = threading.local()
_key = os.environ["BENCH_KEY"].encode()
_INSERT = "INSERT INTO bench_bare (digest, body) VALUES (%s, %s)"


def _connection() -> psycopg.Connection:
    if not hasattr(_local, "connection"):
        _local.connection = psycopg.connect(os.environ["BENCH_DATABASE"], autocommit=True)
    connection: psycopg.Connection = _local.connection
    return connection


@app.post("/webhook")
def receive() -> tuple[dict[str, str], int]:
    raw = request.get_data()
    digest = hmac.digest(_key, raw, "sha256")
    if not hmac.compare_digest(base64.b64encode(digest).decode(), request.headers["LL-Signature"]):
        return {"message": "wrong signature"}, 401
    _connection().execute(_INSERT, (digest, raw))
    return {"message": "accepted"}, 202


@app.get("/readyz")
def ready() -> dict[str, str]:
    return {"status": "ready"}


if __name__ == "__main__":
    uvicorn.run(
        WSGIMiddleware(app.wsgi_app, workers=WORKERS),  # type: ignore[arg-type]
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        log_level="warning",
        access_log=False,
        server_header=False,
    )
