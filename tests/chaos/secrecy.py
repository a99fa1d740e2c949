"""Whether a secret stands anywhere in plain text (I13): in what the processes printed, or in the database."""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import sql

from tests.chaos.cluster import CANARY, Cluster
from tests.chaos.verdict import Wrong

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


def leaks(cluster: Cluster, sought: str) -> Iterator[Wrong]:
    """Name every place that holds a credential or one of the cluster's own secrets.

    Args:
        cluster: while its database still runs.
        sought: a text that must be found, such as an order's number: else the search itself is broken.
    """
    secrets = dict(_secrets(cluster))
    found = False
    for place, content in (*_printed(cluster), *_stored(cluster)):
        found |= sought.encode() in content
        for name, secret in secrets.items():
            if secret.encode() in content:
                yield Wrong("I13", place, f"it holds {name} in plain text")
    if not found:
        yield Wrong("I13", "the search", f"it does not even find {sought}")


def _secrets(cluster: Cluster) -> Iterator[tuple[str, str]]:
    yield "the secret key", cluster.secret_key
    yield "the canary", CANARY
    yield "the master key", cluster.master_key
    for name in ("postgres", "valkey"):
        yield f"the password of {name}", (cluster.folder / f"{name}-password").read_text().strip()
    for row in cluster.control("GET", "accounts"):
        for field in ("key", "webhook_key"):
            if row.get(field):
                yield f"the {field} of {row['world']} at {row['platform']}", row[field]
    for platform, side in cluster.control("GET", "state").items():
        # Ordo sends none: it is told by those of Flourish. Those of AIQ have no key.
        for webhook in side.get("webhooks", ()):
            if "key" in webhook:
                yield f"a webhook's key of {webhook['company']} at {platform}", webhook["key"]
            yield f"a webhook's address of {webhook['company']} at {platform}", webhook["url"]


def _printed(cluster: Cluster) -> Iterator[tuple[str, bytes]]:
    for path in sorted(cluster.logs.iterdir()):
        if path.name != "sandbox.log":  # another company's program
            yield path.name, path.read_bytes()


def _stored(cluster: Cluster) -> Iterator[tuple[str, bytes]]:
    """Every table as PostgreSQL copies it out in binary: unlike a dump, bytes stand in it as they are."""
    with cluster.database() as database:
        for (table,) in database.execute(_TABLES).fetchall():
            statement = sql.SQL("COPY {} TO STDOUT (FORMAT binary)").format(sql.Identifier(table))
            with database.cursor().copy(statement) as rows:
                yield f"table {table}", b"".join(bytes(row) for row in rows)
